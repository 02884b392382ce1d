"""What has the form of a phone number and is none: ranges and columns of numbers, told by what stands beside them."""

import re
from typing import Final

from consumer.redact.rule import TOKEN, Span

# Only words that do not stand beside a phone number: not `block`, `page`, `from`, `requests`, `id`. Small letters and
# no look-behind in front, because `re` then skips to a first letter fast.
_RANGE_BEFORE: Final = re.compile(
    r"(?:bytes?|characters|chars|columns|[gu]?ids|indexes|indices|items|lines|messages|offsets?|pages|partitions?"
    r"|[ds]?ports?|ranges?|rows?|sectors?|slots?|years|usd|eur|gbp|ieee|iso|iec|ansi)[ =:]{1,2}\(?\Z"
)
# A token counts as a number here: otherwise redacting the second of `100-1500 of 555-0199` would set free the first.
_RANGE_AFTER: Final = re.compile(
    r"(?:[ ](?:[kmgt]i?b|bytes?|octets|[mun]?s|msecs?|secs?|seconds?|minutes?|hours?|days?|years?|rows|items|rpm"
    rf"|[mg]?hz|usd|eur|gbp|dollars)|/s)(?![0-9A-Za-z_])|[ ]of[ ](?:[0-9]|{re.escape(TOKEN)})",
    re.IGNORECASE,
)
_LOOK_BACK: Final = 24  # Longer than the longest word of _RANGE_BEFORE and than a column of 20 digits.

_COLUMN_BEFORE: Final = re.compile(  # Also the status, size and duration of an access log.
    r"(?:(?:\A|(?<=\s))[0-9]{1,20}[ \t]{1,3}|HTTP/[0-9](?:\.[0-9])?\"?[ ])\Z"
)
_COLUMNS_AFTER: Final = re.compile(  # A long number, or two numbers, or one at the end of its line.
    r"[ \t]{1,8}(?:[0-9]{4,20}(?![^\s])|[0-9]{1,20}(?:[ \t]{1,8}[0-9]{1,20}(?![^\s])|[ \t]{0,8}(?:[\r\n]|\Z)))"
)
_ONLY_SPACES: Final = re.compile(r"[0-9 ]+")


def is_range(text: str, span: Span) -> bool:
    """Return whether the words around say a numeric range: `bytes 200-1023/4096`, `100-1500 ms`."""
    start, stop = span
    if text[stop : stop + 1] in " /" and _RANGE_AFTER.match(text, stop):
        return True
    before = text[max(0, start - _LOOK_BACK) : start].lower()
    word = _RANGE_BEFORE.search(before) if before[-1:] in " =:(" else None
    return bool(word and not before[: word.start()][-1:].isalpha())


def is_column(text: str, span: Span) -> bool:
    """Return whether digits and spaces alone are columns of a table: numbers before or behind them go on."""
    start, stop = span
    return bool(
        _ONLY_SPACES.fullmatch(text, start, stop)
        and (_COLUMN_BEFORE.search(text, max(0, start - _LOOK_BACK), start) or _COLUMNS_AFTER.match(text, stop))
    )
