"""Phone numbers: four rules, each one form.

Taken: 7 digits with a hyphen (555-0199); North American numbers of 10 digits in their usual punctuation, with and
without a leading 1; +E.164 numbers of 8 to 15 digits, plain or grouped; a bare number behind a word that says phone
(`phone=2125550199`). All with an extension (x123, ext. 123).

Not taken, on purpose: bare digits without such a word (epochs, ids and byte counts look the same), national forms of
other countries without `+`, and letters for digits (1-800-FLOWERS).
"""

import re
from typing import Final

from consumer.redact.rule import Rule, Span

_WORD: Final = "[0-9A-Za-z_]"  # ASCII only: a number may touch a letter of a script that writes without spaces.

# A number does not begin inside a longer one, a UUID, a host or file name, or a time with milliseconds and a zone
# offset (`10:00:00.123-0700`, `10:00:00,123-0700`). Behind a percent-encoded character and a list of numbers it does.
_BEFORE: Final = (
    rf"(?:(?<!{_WORD})|(?<=%[0-9A-Fa-f][0-9A-F]))(?<![-$€£¥])(?<![0-9]:)(?<!{_WORD}\.)(?<!:[0-9][0-9],)"
    r"(?:(?<![0-9]/)|(?<=-[0-9]{4}/))"
)
_AFTER: Final = rf"(?!{_WORD})(?!-{_WORD})(?![.:][0-9])(?!/[0-9]{{1,20}}(?![0-9-]))(?!%(?![0-9A-F]{{2}}))"
_EXTENSION: Final = r"(?:[ ]{0,2}[,;]?[ ]{0,2}(?i:x|ext(?:n|ension)?)[.:=]{0,2}[ ]{0,2}[0-9]{1,6})?"
_END: Final = _EXTENSION + _AFTER

_SEVEN: Final = re.compile(rf"{_BEFORE}(?<!{_WORD}\[)[1-9][0-9]{{2}}-[0-9]{{4}}{_END}")

_TEN: Final = re.compile(
    rf"{_BEFORE}(?:(?:\+|00)?1(?:[-. ]|[ ]-[ ])?)?"
    r"(?:\([0-9]{3}\)[-. ]{0,2}[0-9]{3}[-. ]?[0-9]{4}"
    r"|[0-9]{3}(?P<separator>[-.])[0-9]{3}(?P=separator)[0-9]{4}"
    # Spaces and slashes also part columns of numbers: only with valid area and exchange codes (NANP: 2-9 first).
    r"|[2-9][0-9]{2}(?:[ /]|[ ]-[ ])[2-9][0-9]{2}(?:[-. ]|[ ]-[ ])[0-9]{4}"
    rf"){_END}"
)

_GAP: Final = r"(?:[-./ ]|[ ][-/][ ])?"
_INTERNATIONAL: Final = re.compile(
    rf"(?:(?<![0-9A-Za-z_+~])\+|%2[Bb])"
    # Not a zone offset: +1000, +1030, +1345.
    r"(?!1[0-4](?:00|30|45)(?![0-9]))"
    r"(?:[1-9][0-9]{7,14}(?![0-9])"
    # Country code 1 has exactly ten more digits; for the others ITU-T E.164 says 15 at most with the country code.
    rf"|1{_GAP}(?:\([0-9]{{3}}\)|[0-9]{{3}}){_GAP}[0-9]{{3}}{_GAP}[0-9]{{4}}"
    r"|(?=(?:[-./ ()]{0,3}[0-9]){8})"
    rf"[2-9][0-9]{{0,2}}(?:[ ]?\([0-9]{{1,4}}\))?(?:{_GAP}[0-9]){{4,14}}"
    rf"){_END}"
)

_LABELLED: Final = re.compile(
    r"(?i:phone|(?<![a-z])(?:tel|mobile|cell|fax|sms|msisdn))(?i:[ _-]?(?:number|num|no))?\.?"
    r"(?:[\\\"' ]{0,4}[:=][\\\"' ]{0,4}(?P<named>[0-9]{7,15})|[ ](?P<spoken>1?[2-9][0-9]{2}[2-9][0-9]{6}))" + _END
)

# What parts a numeric range from a 7-digit number is only the words around it: `bytes 200-1023/4096`, `100-1500 ms`.
_RANGE_BEFORE: Final = re.compile(
    r"(?i)(?<![a-z])(?:bytes?|between|blocks?|characters|chars|columns|from|gids?|hours|ids?|in|indexes|indices|items|lines?"
    r"|messages|offsets?|pages?|partitions?|ports?|dports?|sports?|ranges?|records|rows?|sectors?|slots?|uids?|years|usd|eur"
    r"|gbp|ieee|iso|iec|ansi|std)[ =:]{1,2}\(?\Z"
)
_RANGE_AFTER: Final = re.compile(
    r"[ ]?(?:[kmgt]i?b|bytes?|octets|[mun]?s|msecs?|secs?|seconds?|minutes?|hours?|days?|years?|rows|items|lines|pages"
    r"|records|requests|rpm|[mg]?hz|usd|eur|gbp|dollars)(?![0-9A-Za-z_])|[ ]of[ ][0-9]|[ ]?/[ ]?s",
    re.IGNORECASE,
)
_LOOK_BACK: Final = 24  # Longer than the longest word of _RANGE_BEFORE and than a column of 20 digits.

_COLUMN_BEFORE: Final = re.compile(r"(?:\A|(?<=\s))[0-9]{1,20}[ \t]{1,3}\Z")
_COLUMNS_AFTER: Final = re.compile(r"[ \t]{1,8}[0-9]{1,20}(?:[ \t]{1,8}[0-9]{1,20}(?![^\s])|[ \t]{0,8}(?:[\r\n]|\Z))")
_ONLY_SPACES: Final = re.compile(r"[0-9 ]+")


def _seven(match: re.Match[str]) -> Span | None:
    text, (start, stop) = match.string, match.span()
    if _RANGE_BEFORE.search(text, max(0, start - _LOOK_BACK), start) or _RANGE_AFTER.match(text, stop):
        return None
    return start, stop


def _ten(match: re.Match[str]) -> Span | None:
    text, (start, stop) = match.string, match.span()
    if _ONLY_SPACES.fullmatch(text, start, stop) and (
        _COLUMN_BEFORE.search(text, max(0, start - _LOOK_BACK), start) or _COLUMNS_AFTER.match(text, stop)
    ):
        return None
    return start, stop


def _international(match: re.Match[str]) -> Span | None:
    # A signed count of bytes or rows: `+10485760 bytes`.
    return None if _RANGE_AFTER.match(match.string, match.end()) else match.span()


def _labelled(match: re.Match[str]) -> Span | None:
    return (match.start("named" if match["named"] else "spoken"), match.end())


_LABELS: Final = (b"phone", b"tel", b"mobile", b"cell", b"fax", b"sms", b"msisdn")
_TEN_ENDS: Final = (b"000-0000", b"000.0000", b"000 0000", b"000 - 0000", b")0000000", b") 0000000")

RULES: Final = (
    Rule(lambda shape: b"+" in shape or b"%0b" in shape, _INTERNATIONAL, _international),
    Rule(lambda shape: any(end in shape for end in _TEN_ENDS), _TEN, _ten),
    Rule(lambda shape: b"000-0000" in shape, _SEVEN, _seven),
    Rule(lambda shape: b"0000000" in shape and any(label in shape for label in _LABELS), _LABELLED, _labelled),
)

_KEY: Final = re.compile(r"(?i)(?:phone|(?<![a-z])(?:tel|mobile|cell|fax|sms|msisdn))(?:[ _-]?(?:number|num|no))?\Z")
_BARE: Final = re.compile(r"[0-9]{7,15}")


def is_labelled(key: str, number: str) -> bool:
    """Return whether a member `key` of a record says that its value, a bare number, is a phone number."""
    return bool(_BARE.fullmatch(number) and _KEY.search(key))
