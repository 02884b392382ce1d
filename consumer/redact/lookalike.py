"""Finds what only looks like a phone number: ranges and columns of numbers, told by the text beside them."""

import re
from typing import Final

from consumer.redact.rule import TOKEN, Span

# Only words that do not stand beside a phone number: not `block`, `page`, `from`, `requests`, `id`.
_RANGE_WORDS: Final = (
    *(
        "byte",
        "bytes",
        "characters",
        "chars",
        "columns",
        "ids",
        "gids",
        "uids",
        "indexes",
        "indices",
        "items",
        "lines",
        "messages",
        "offset",
    ),
    *(
        "offsets",
        "pages",
        "partition",
        "partitions",
        "port",
        "ports",
        "dport",
        "dports",
        "sport",
        "sports",
        "range",
        "ranges",
    ),
    *("row", "rows", "sector", "sectors", "slot", "slots", "years", "usd", "eur", "gbp", "ieee", "iso", "iec", "ansi"),
)
# A token counts as a number here. Otherwise, once the second number in `100-1500 of 555-0199` is a token, the first
# would no longer be a range.
RANGE_AFTER: Final = (
    # A letter is told first; with IGNORECASE, the long s and the sign for kelvin are an s and a k.
    "(?=[ /][A-Za-z\u017f\u212a])"
    r"(?i:(?:[ ](?:[kmgt]i?b|bytes?|octets|[mun]?s|msecs?|secs?|seconds?|minutes?|hours?|days?|years?|rows|items|rpm"
    rf"|[mg]?hz|usd|eur|gbp|dollars)|/s)(?![0-9A-Za-z_])|[ ]of[ ](?:[0-9]|{re.escape(TOKEN)}))"
)
_RANGE_AFTER: Final = re.compile(RANGE_AFTER)
_LOOK_BACK: Final = 24  # Longer than the longest word of _RANGE_BEFORE and than a column of 20 digits.

_COLUMN_BEFORE: Final = re.compile(
    # The status, size and duration of an access log.
    r"(?:HTTP/[0-9](?:\.[0-9])?[\"']?[ ]|(?<![A-Za-z])(?i:status|code|ports?|sizes?|bytes)[\"']?[ :=]{1,2})\Z"
)
# The same where the log leaves out the protocol, or says no more than the path.
_REQUEST_BEFORE: Final = re.compile(
    r"(?<![A-Z])(?:GET|POST|PUT|HEAD|DELETE|PATCH|OPTIONS|TRACE|CONNECT)[ ][^\s]{1,200}[ ]\Z"
)
_LONGEST_REQUEST: Final = 210
_COLUMNS_AFTER: Final = re.compile(r"[ \t]{1,8}[0-9]{1,20}[ \t]{1,8}[0-9]{1,20}(?![^\s])")
_ONE_AFTER: Final = re.compile(r"[ \t]{1,8}(?:[0-9]{4,20}(?![^\s])|[0-9]{1,20}[ \t]{0,8}(?:[\r\n]|\Z))")
_WORD_BEFORE: Final = re.compile(r"(?:\A|[\s\"'(\[{,;])[A-Za-z]{2,20}[:=]?[ ]?\Z")
_ONLY_SPACES: Final = re.compile(r"[0-9 ]+")
# What the words of `_COLUMN_BEFORE` end with (the long s is an s with IGNORECASE), or the version of HTTP.
_ENDS: Final = r"[0-9EeSsTt\u017f]"
_COLUMN_ENDS: Final = re.compile(
    rf"(?<={_ENDS}[ :=])|(?<={_ENDS}[ :=]{{2}})|(?<={_ENDS}[\"'][ :=])|(?<={_ENDS}[\"'][ :=]{{2}})"
)


def is_range(text: str, span: Span) -> bool:
    """Return whether the words around say a numeric range: `bytes 200-1023/4096`, `100-1500 ms`."""
    start, stop = span
    after = text[stop : stop + 2]
    if (after[:1] == "/" or (after[:1] == " " and after[1:].isalpha())) and _RANGE_AFTER.match(text, stop):
        return True
    before = text[start - 5 : start] if start >= 5 else text[:start]  # noqa: PLR2004 - `es: (`, the end of a word and what parts
    return before[-1:] in _PARTS and before.rstrip(_PARTS)[-2:].lower() in _RANGE_ENDS and _behind_range(text, start)


_PARTS: Final = " =:("
_RANGE_ENDS: Final = frozenset(word[-2:] for word in _RANGE_WORDS)


def _behind_range(text: str, start: int) -> bool:
    before = text[max(0, start - _LOOK_BACK) : start].lower().removesuffix("(")
    word = before.rstrip(" =:")
    if not 1 <= len(before) - len(word) <= 2 or not word.endswith(_RANGE_WORDS):  # noqa: PLR2004 - `: `
        return False
    return any(word.endswith(name) and not word[: -len(name)][-1:].isalpha() for name in _RANGE_WORDS)


# A coordinate, or another signed measure: `+37.7749`. Registrars write phone numbers so: `+44.2079460018` (RFC 5733).
_DECIMAL: Final = re.compile(r"\+[0-9]{1,3}\.[0-9]+")
_MEASURE_BEFORE: Final = re.compile(
    r"(?:lat|latitude|lon|lng|long|longitude|gps|geo|coords?|coordinates?|location|loc|position|pos|point|latlng|latlon|ll|at|delta"
    r"|drift|offset|skew|change|diff|gain|temp|temperature|altitude|alt|elevation)[\\\"' :=(\[]{1,6}\Z"
)
_PAIR: Final = re.compile(r"\+[0-9]{1,2}\.[0-9]{3,}[ ,;]{0,2}[-+ ,;][0-9]{1,3}\.[0-9]{3,}")
_SECOND_OF_PAIR: Final = re.compile(r"[0-9]\.[0-9]{3,}[ ,;]{0,2}\Z")
# The country codes of ITU-T E.164 (2016): those of one and two digits in full, those of three digits by their tens.
_COUNTRY: Final = re.compile(
    r"\+(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-689]|3[578]|42|5[09]|6[789]|8[0578]|9[679])[0-9])\."
)


_SHORTEST_BEHIND_RANGE: Final = 11  # A plus and ten digits.


def is_signed(text: str, span: Span) -> bool:
    """Return whether a number with a plus is a count or a measure: `+10485760 bytes`, `lat=+37.77490000`."""
    start, stop = span
    if text[stop : stop + 1] in " /" and _RANGE_AFTER.match(text, stop):
        return True
    has_dot = "." in text[start + 2 : start + 5]
    if has_dot and _PAIR.match(text, start):
        return True
    if has_dot and _DECIMAL.fullmatch(text, start, stop):
        before = text[max(0, start - _LOOK_BACK) : start].lower()
        measure = _MEASURE_BEFORE.search(before)
        return bool(
            (measure and not before[: measure.start()][-1:].isalpha())
            or _SECOND_OF_PAIR.search(before)
            or not _COUNTRY.match(text, start)
        )
    # After a word for a range, a short number is an offset or a count: `offset +10485760`.
    return stop - start < _SHORTEST_BEHIND_RANGE and text[start + 1 : stop].isdigit() and is_range(text, span)


def is_column(text: str, span: Span) -> bool:
    """Return whether a span of digits and spaces is columns of a table or an access log: more numbers are beside it."""
    start, stop = span
    if not _ONLY_SPACES.fullmatch(text, start, stop):
        return False
    before = text[start - 1 : start]
    after = text[stop : stop + 1]
    look_back = max(0, start - _LOOK_BACK)
    if (
        before
        and before in " \t:="
        and (
            _SHORT_NUMBER_BEFORE.match(text, start)
            or _is_number_before(text, start)
            or (_COLUMN_ENDS.match(text, start) and _COLUMN_BEFORE.search(text, look_back, start))
        )
    ):
        return True
    if after and after in " \t":
        if _COLUMNS_AFTER.match(text, stop):
            return True
        if _ONE_AFTER.match(text, stop):
            # One number follows. After a word, the sentence goes on with that number (`called 212 555 0199 3 times`).
            return not _WORD_BEFORE.search(text, look_back, start)
    return (
        before == " "
        and text[start] in "2345"
        and bool(_REQUEST_BEFORE.search(text, max(0, start - _LONGEST_REQUEST), start))
    )


# The same for most numbers, in less time.
_SHORT_NUMBER_BEFORE: Final = re.compile("|".join(rf"(?<=\s[0-9]{{{digits}}}[ ])" for digits in (4, 3, 2, 1, 5, 6)))


def _is_number_before(text: str, start: int) -> bool:
    """Return whether a number of up to 20 digits stands in front, behind up to three spaces or tabs."""
    look_back = max(0, start - _LOOK_BACK)
    before = text[look_back:start]
    number = before.rstrip(" \t")
    rest = number.rstrip("0123456789")
    if not 1 <= len(before) - len(number) <= 3 or not 1 <= len(number) - len(rest) <= 20:  # noqa: PLR2004
        return False
    return rest[-1].isspace() if rest else look_back == 0
