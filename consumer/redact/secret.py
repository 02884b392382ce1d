"""The rules for secrets that have a form: JSON web tokens, keys of well-known services, passwords in URLs."""

import re
from typing import Final

from consumer.redact.rule import TOKEN, Span

# RFC 7515 and 7516: base64url parts with dots; the first is JSON that begins with `{"`. Three parts of which the second
# is JSON, too, the third may be empty (`alg` none); or five.
_PART: Final = "[0-9A-Za-z_-]"
_JWT: Final = re.compile(
    rf"eyJ(?<!{_PART}eyJ){_PART}{{8,}}\.(?:e[yw]{_PART}{{4,}}\.{_PART}*|{_PART}*\.{_PART}+\.{_PART}+\.{_PART}+)"
)


def jwt(text: str, outline: str) -> list[Span]:
    """Return the JSON web tokens, signed and encrypted."""
    return [match.span() for match in _JWT.finditer(text)] if "eyj" in outline else []


_NOT_IN_WORD: Final = "(?<![0-9A-Za-z])"
# What stands in the shape, and the key. Letters and digits alone go on before and behind: `_` parts names.
_KEYS: Final = tuple(
    (part, re.compile(_NOT_IN_WORD + key + "(?![0-9A-Za-z])"))
    for part, key in (
        # AWS IAM, "IAM identifiers": base32.
        ("akia", "AKIA[A-Z2-7]{16}"),
        ("asia", "ASIA[A-Z2-7]{16}"),
        ("aiza", "AIza[0-9A-Za-z_-]{35}(?![_-])"),
        ("xox", "xox[abeoprs]-[0-9A-Za-z-]{10,250}"),
    )
)
# The same of services whose keys have an underscore, so that a text without one is not searched for them.
_KEYS_WITH_UNDERSCORE: Final = tuple(
    (part, re.compile(_NOT_IN_WORD + key + "(?![0-9A-Za-z])"))
    for part, key in (
        *((f"gh{kind}_", f"gh{kind}_[0-9A-Za-z]{{36,255}}") for kind in "pousr"),
        ("_pat_", "github_pat_[0-9A-Za-z_]{22,255}"),
        ("k_live_", "[sr]k_live_[0-9A-Za-z]{16,255}"),
        ("k_test_", "[sr]k_test_[0-9A-Za-z]{16,255}"),
    )
)
_AWS_SECRET: Final = re.compile(
    r"(?i:secret[_-]?(?:access[_-]?)?key)[\\\"' ]{0,8}(?:[:=]>?|>)[\\\"' ]{0,8}"
    r"(?P<key>[0-9A-Za-z/+]{40})(?![0-9A-Za-z/+=])"
)
_DASHES: Final = "-----"
_KIND: Final = r"(?:[A-Z0-9]{1,16}[ ]){0,3}PRIVATE[ ]KEY(?:[ ]BLOCK)?-----"
_BEGIN: Final = re.compile(rf"-----BEGIN[ ]{_KIND}")
_END: Final = re.compile(rf"-----END[ ]{_KIND}")
# Lines of base64, the last one short. What is no base64 line is the log's own words.
_REST_OF_BLOCK: Final = re.compile(
    r"(?:(?:\\[nr]|\s){0,8}[0-9A-Za-z+/=]{20,})*(?:(?:\\[nr]|\s){0,8}[0-9A-Za-z+/]{1,19}={1,2})?"
)


def apikey(text: str, outline: str) -> list[Span]:
    """Return the keys of AWS, GitHub, Google, Slack and Stripe, and private keys in PEM.

    An AWS secret key has no form of its own: it is taken behind a name that says so, and the name stays.
    """
    spans = [key.span() for part, pattern in _KEYS if part in outline for key in pattern.finditer(text)]
    if "_" in outline:
        spans += [
            key.span() for part, pattern in _KEYS_WITH_UNDERSCORE if part in outline for key in pattern.finditer(text)
        ]
    if "secret" in outline:
        spans += [match.span("key") for match in _AWS_SECRET.finditer(text)]
    if "-----begin" in outline:
        spans += _private_keys(text)
    return spans


def _private_keys(text: str) -> list[Span]:
    """Return the private keys over all their lines; one that was cut off goes as far as its base64."""
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


def password(text: str, outline: str) -> list[Span]:
    """Return the passwords in URLs (`postgres://app:secret@db`); the rest of the URL stays."""
    if "@" not in outline or "://" not in outline:
        return []
    found = (match for match in _CREDENTIALS.finditer(text) if match["password"] != TOKEN)
    return [match.span("password") for match in found]
