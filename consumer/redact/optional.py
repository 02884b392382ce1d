"""The rules that an operator turns on by name: e-mail addresses, US SSNs, payment cards, IPv4 addresses."""

import re
from typing import Final

from consumer.redact.rule import Span, hits, starts

# The local part has at most 64 characters, a label at most 63 (RFC 5321, RFC 1035). A long run of such characters is
# tried once, at its start, so that hostile text stays linear. A top-level domain has no digits: not `lodash@4.17.21`.
_DOMAIN: Final = r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:xn--[a-z0-9-]{1,59}|[^\W\d_]{2,24})(?![\w-])"
_EMAIL: Final = re.compile(
    r"(?:(?<![\w.%+-])(?!(?<=\\)[nrt])|(?<=\\[nrt]))"
    rf"(?:[\w.%+-]{{1,64}}|\"[^\"\s]{{1,62}}\"){_DOMAIN}(?:[.%+][\w.%+-]{{1,63}}{_DOMAIN})*",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(r"\.(?:service|socket|timer|target|mount|slice|scope|device|swap|path)\Z")


def email(text: str, outline: str) -> list[Span]:
    """Return the e-mail addresses."""
    if "@" not in outline:
        return []
    # An instance of a systemd template has the same form: `getty@tty1.service`.
    return [match.span() for match in _EMAIL.finditer(text) if not _UNIT.search(match[0])]


# Never issued: areas 000, 666 and 900-999, group 00, serial 0000 (SSA, "Social Security Number Randomization").
_SSN: Final = re.compile(
    starts() + r"(?<![-$])(?<![0-9][./:])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}"
    r"(?![0-9A-Za-z_])(?![-.:/][0-9A-Za-z_])"
)


def ssn(text: str, outline: str) -> list[Span]:
    """Return the US social security numbers."""
    matches = (_SSN.match(text, hit) for hit in hits(outline, "000-00-0000"))
    return [match.span() for match in matches if match]


_CARD_DIGITS: Final = range(13, 20)  # ISO/IEC 7812.
# The first digit of payment cards is 2 to 6, which leaves out epochs in milliseconds, microseconds and nanoseconds; it
# stands before the look-behinds, because `re` skips to a set of characters fast. Groups as printed on cards: four
# of four digits (and three for 19), or 4-6-5 and 4-6-4.
_CARD: Final = re.compile(
    r"[2-6](?=[0-9]{3}[0-9 -])" + starts("[0-9]") + r"(?<![0-9][.:][0-9])(?<![-.$][0-9])"
    r"(?:[0-9]{12,18}|[0-9]{3}(?P<gap>[- ])(?:[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{1,4}"
    r"(?:(?P=gap)[0-9]{1,3})?|[0-9]{6}(?P=gap)[0-9]{4,5}))(?![0-9A-Za-z_])(?!-[0-9A-Za-z_])(?![.:][0-9])"
)
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # The digit sum of twice the digit.


def _luhn(digits: str) -> bool:
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(_DOUBLED[int(digit)] for digit in even)) % 10 == 0


def _card(match: re.Match[str]) -> Span | None:
    """Return the card number; a last group that is a neighbour (`4111 1111 1111 1111 200`) is not of it."""
    start, stop = match.span()
    gap = match["gap"]
    card = match[0]
    while len(digits := card.replace(gap, "") if gap else card) >= _CARD_DIGITS.start:
        if len(digits) in _CARD_DIGITS and _luhn(digits):
            return start, stop
        if not gap:
            return None
        card = card.rpartition(gap)[0]
        stop = start + len(card)
    return None


# 13 digits in a row, or four and a gap and four.
_CARD_OUTLINES: Final = ("0" * 13, "0000-0000")


def card(text: str, outline: str) -> list[Span]:
    """Return the payment card numbers with a right check digit."""
    if not any(part in outline for part in _CARD_OUTLINES):
        return []
    return [span for match in _CARD.finditer(text) if (span := _card(match))]


# Four numbers are also a version; these words in front say so. `host/10.0.0.1` is Java's way to print an address.
_IPV4: Final = re.compile(
    rf"[0-9](?=[0-9]{{0,2}}\.[0-9]{{1,3}}\.){starts('[0-9]')}(?<![0-9A-Za-z_]\.[0-9])(?<!Chrome/[0-9])(?<!Chromium/[0-9])(?<!Edg/[0-9])(?<!OPR/[0-9])"
    r"(?<!Version/[0-9])(?<![Vv]ersion[ =][0-9])(?<![Vv]ersion:[ ][0-9])"
    r"[0-9]{0,2}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z_])(?!\.[0-9A-Za-z_])(?!-[A-Za-z_])"
)
_OCTETS: Final = frozenset(map(str, range(256)))  # Without leading zeros.


def ipv4(text: str, outline: str) -> list[Span]:
    """Return the IPv4 addresses."""
    if "0-0" not in outline:
        return []
    return [match.span() for match in _IPV4.finditer(text) if _OCTETS.issuperset(match[0].split("."))]
