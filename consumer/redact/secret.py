"""The rules for secrets that have a form: JSON web tokens, keys of well-known services, passwords in URLs."""

import re
from collections.abc import Callable
from typing import Final

from consumer.redact.rule import TOKEN, X_WORDS, Rule, Span, after_code

# RFC 7515 and 7516: base64url parts with dots; the first is JSON that begins with `{"`. Three parts of which the second
# is JSON, too, the third may be empty (`alg` none); or five.
_PART: Final = "[0-9A-Za-z_-]"
_JWT: Final = re.compile(
    rf"eyJ(?:(?<!{_PART}eyJ)|{after_code('eyJ')}){_PART}{{8,}}"
    rf"\.(?:e[yw]{_PART}{{4,}}\.{_PART}*|{_PART}*\.{_PART}+\.{_PART}+\.{_PART}+)"
)


def jwt(text: str, outline: str) -> list[Span]:
    """Return the JSON web tokens, signed and encrypted."""
    del outline
    return [match.span() for match in _JWT.finditer(text)]


# Only a letter or digit on either side makes it a longer word: `_` parts names. AWS: IAM, "IAM identifiers", base32.
_CAPITAL: Final = re.compile(
    rf"A(?:(?<![0-9A-Za-z]A)|{after_code('A')})"
    r"(?:(?:KIA|SIA)[A-Z2-7]{16}|Iza[0-9A-Za-z_-]{35}(?![_-]))(?![0-9A-Za-z])",
)
_PREFIX: Final = re.compile("A(?:KIA|SIA|Iza)")
_SLACK: Final = re.compile(
    rf"xox(?:(?<![0-9A-Za-z]xox)|{after_code('xox')})[abeoprs]-[0-9A-Za-z-]{{10,250}}(?![0-9A-Za-z])"
)
_UNDERSCORE: Final = re.compile(
    rf"_(?:(?<=gh[pousr]_)(?:(?<![0-9A-Za-z]gh._)|{after_code('gh._')})[0-9A-Za-z]{{36,255}}"
    rf"|(?<=github_)(?:(?<![0-9A-Za-z]github_)|{after_code('github_')})pat_[0-9A-Za-z_]{{22,255}}"
    rf"|(?<=[sr]k_)(?:(?<![0-9A-Za-z][sr]k_)|{after_code('[sr]k_')})(?:live|test)_[0-9A-Za-z]{{16,255}})(?![0-9A-Za-z])"
)
_AWS_SECRET: Final = re.compile(
    r"(?i:secret[_-]?(?:access[_-]?)?key)[\\\"' ]{0,8}(?:[:=]>?|>)[\\\"' ]{0,8}"
    r"(?P<key>[0-9A-Za-z/+]{40})(?![0-9A-Za-z/+=])"
)
_DASHES: Final = "-----"
_KIND: Final = r"(?:[A-Z0-9]{1,16}[ ]){0,3}PRIVATE[ ]KEY(?:[ ]BLOCK)?-----"
_BEGIN: Final = re.compile(rf"-----BEGIN[ ]{_KIND}")
_END: Final = re.compile(rf"-----END[ ]{_KIND}")
# Lines of base64, the last one short. Any other line is the log's own text.
_REST_OF_BLOCK: Final = re.compile(
    r"(?:(?:\\[nr]|\s){0,8}[0-9A-Za-z+/=]{20,})*(?:(?:\\[nr]|\s){0,8}[0-9A-Za-z+/]{1,19}={1,2})?"
)


def _found(pattern: re.Pattern[str], group: str | int = 0) -> Callable[[str, str], list[Span]]:
    return lambda text, _: [key.span(group) for key in pattern.finditer(text)]


def underscored(text: str, outline: str) -> list[Span]:
    """Return the keys of GitHub and Stripe, which are found by the underscore behind their first word."""
    del outline
    return [(_word_before(text, key.start()), key.end()) for key in _UNDERSCORE.finditer(text)]


def _word_before(text: str, underscore: int) -> int:
    return underscore - next(len(word) for word in _FIRST_WORDS if text.endswith(word, 0, underscore))


_FIRST_WORDS: Final = ("github", "ghp", "gho", "ghu", "ghs", "ghr", "sk", "rk")


def private_keys(text: str, outline: str) -> list[Span]:
    """Return the private keys over all their lines; a key that was cut off ends with its base64."""
    del outline
    spans = []
    begin = _BEGIN.search(text)
    while begin:
        dashes = text.find(_DASHES, begin.end())
        end = _END.match(text, dashes) if dashes >= 0 else None
        # Something always matches.
        stop = (end or _REST_OF_BLOCK.match(text, begin.end()) or begin).end()
        spans.append((begin.start(), stop))
        begin = _BEGIN.search(text, stop)
    return spans


# RFC 3986's authority ends at a slash, a question mark or a number sign; a password that holds `@` itself is common.
_CREDENTIALS: Final = re.compile(r"://[^\s/?#:@\"'<>]{0,128}:(?P<password>[^\s/?#\"'<>]{1,256})@(?=[0-9A-Za-z\[_])")


# In a URL, a password's own slash, question mark or number sign is encoded (RFC 3986, 3.2.1), and its plus is no space.
# An escape or an entity may be the quote that ends the URL.
_ENCODED_CREDENTIALS: Final = re.compile(
    r"://[^\s/?#:@\"'<>\\&%]{0,128}:"
    r"(?P<password>(?:[^\s/?#\"'<>\\&%]|%(?!0|2[027]|3[CEce])){1,256})@(?=[0-9A-Za-z\[_])"
)


def _passwords(pattern: re.Pattern[str]) -> Callable[[str, str], list[Span]]:
    def passwords(text: str, outline: str) -> list[Span]:
        """Return the passwords in URLs (`postgres://app:secret@db`); the rest of the URL stays."""
        del outline
        return [match.span("password") for match in pattern.finditer(text) if match["password"] != TOKEN]

    return passwords


JWT: Final = Rule(jwt, parts=("J",))  # Rare enough, and faster to look for than the whole word.
# An AWS secret key has no form of its own: it is taken behind a name that says so, and the name stays.
APIKEYS: Final = (
    Rule(_found(_CAPITAL), forms=(_PREFIX,)),
    Rule(_found(_SLACK), outline_forms=(X_WORDS,)),
    Rule(underscored, forms=(re.compile("_(?:(?<=gh[pousr]_)|(?<=github_)|(?<=[sr]k_))"),)),
    Rule(_found(_AWS_SECRET, "key"), outline_forms=(re.compile("secret"),), alone=True),
    # Its plus is no space, although `AWS_SECRET_ACCESS_KEY=` looks like a form's.
    Rule(_found(_AWS_SECRET, "key"), outline_forms=(re.compile("secret"),), as_written=True),
    Rule(private_keys, parts=("-----BEGIN",), alone=True, beyond_line=True),
)
PASSWORDS: Final = (
    Rule(_passwords(_CREDENTIALS), parts=("@",)),
    Rule(_passwords(_ENCODED_CREDENTIALS), parts=("@",), as_written=True),
)
