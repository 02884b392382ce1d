"""The rules for numbers of accounts, each with a check digit: payment cards and IBANs."""

import re
from collections.abc import Sequence
from typing import Final

from consumer.redact.rule import SEVEN, Rule, Span, after_code, is_inside_number, starts

_CARD_DIGITS: Final = range(13, 20)  # ISO/IEC 7812.
# The first digit of payment cards is 2 to 6, which leaves out epochs in milliseconds, microseconds and nanoseconds. It
# comes before the look-behinds, because `re` skips to a set of characters fast. Groups are as printed on cards: four of
# four digits (and three for 19), or 4-6-5 and 4-6-4. Digits after the first group of an IBAN belong to the IBAN.
_CARD: Final = re.compile(
    r"[2-6](?=[0-9]{3}[0-9 -])" + starts("[0-9]") + r"(?<![0-9][.:][0-9])(?<![-.$][0-9])(?<![A-Z]{2}[0-9]{2}[ -][0-9])"
    r"(?:[0-9]{12,18}|[0-9]{3}(?P<gap>[- ])(?:[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{1,4}"
    r"(?:(?P=gap)[0-9]{1,3})?|[0-9]{6}(?P=gap)[0-9]{4,5}))(?![0-9A-Za-z_])(?!-[0-9A-Za-z_])(?![.:][0-9])"
)
# The digit sum of twice the digit, for each digit's character.
_DOUBLED: Final = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_ONCE: Final = bytes.maketrans(b"0123456789", bytes(range(10)))


def _luhn(digits: str) -> bool:
    octets = digits.encode()
    return (sum(octets[-1::-2].translate(_ONCE)) + sum(octets[-2::-2].translate(_DOUBLED))) % 10 == 0


def _card(match: re.Match[str]) -> Span | None:
    """Return the card number's span, without a last group that only stands beside it (`4111 1111 1111 1111 200`)."""
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


_NOT_BEFORE: Final = frozenset("-.$")  # As `_CARD` says; told here without a pattern.
_IN_A_ROW: Final = "0" * 13
_IN_GROUPS: Final = frozenset(("0000-0000-0000-0", "0000-000000-0000"))  # Of 4-4-4-4 (and 3), of 4-6-5 and 4-6-4.
_ROW: Final = re.compile("[0-9]+")


def in_a_row(text: str, outline: str) -> list[Span]:
    """Return the payment card numbers with a right check digit whose digits stand in a row."""
    spans: list[Span] = []
    hit = outline.find(_IN_A_ROW)
    while hit >= 0:
        match = _match_at(text, outline, hit)
        if not match and text[hit - 1 : hit] == "%":
            match = _CARD.match(text, hit + 2)  # Two digits may belong to an encoded character.
        if match and (span := _card(match)):
            spans.append(span)
        row = match or _ROW.match(text, hit)
        hit = outline.find(_IN_A_ROW, row.end() if row else hit + 1)
    return spans


def in_groups(text: str, outline: str, hits: Sequence[int]) -> list[Span]:
    """Return the payment card numbers with a right check digit whose digits stand in groups, one before each hit."""
    spans: list[Span] = []
    end = 0
    for hit in hits:
        start = hit - 1
        if start >= end and outline[start : start + 16] in _IN_GROUPS and (match := _match_at(text, outline, start)):
            end = match.end()
            if span := _card(match):
                spans.append(span)
    return spans


def _match_at(text: str, outline: str, start: int) -> re.Match[str] | None:
    """Return what has the form of a card's number and begins at `start`."""
    if text[start] in "23456" and text[start - 1 : start] not in _NOT_BEFORE and not is_inside_number(outline, start):
        return _CARD.match(text, start)
    return None


# Characters of an IBAN by country: SWIFT, IBAN Registry, release 99 (2024).
_IBAN_LENGTHS: Final = {
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FK FO FI GL NL SD",
        "19": "MK SI",
        "20": "AT BA EE KZ XK LT LU MN",
        "21": "HR LV LI CH",
        "22": "BH BG CR GE DE IE ME RS GB VA",
        "23": "GI IQ IL OM SO AE",
        "24": "AD CZ MD PK RO SA SK ES SE TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MR MC SM",
        "28": "AL AZ BY CY DO SV GT HU LB NI PL",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU YE",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}
_OF_LENGTH: Final = {
    length: re.compile(rf"[A-Z]{{2}}[0-9]{{2}}(?:[ -]?[0-9A-Z]){{{length - 4}}}") for length in _IBAN_LENGTHS.values()
}
_IBAN: Final = re.compile(
    rf"[A-Z](?:(?<![0-9A-Za-z][A-Z])|{after_code('[A-Z]')})[A-Z][0-9]{{2}}(?:[ -]?[0-9A-Z]){{11,29}}"
)


def iban(text: str, outline: str) -> list[Span]:
    """Return the IBANs of a country's right length and with right check digits, in groups or not."""
    del outline
    return [span for match in _IBAN.finditer(text) if (span := _iban(match, text))]


def _iban(match: re.Match[str], text: str) -> Span | None:
    """Return the IBAN at the start of the match: words may follow it (`GB82 WEST ... 32 PAID`)."""
    length = _IBAN_LENGTHS.get(match[0][:2])
    iban = _OF_LENGTH[length].match(text, match.start()) if length else None
    if not iban:
        return None
    characters = iban[0].replace(" ", "").replace("-", "")
    # ISO 13616: the first four characters last, letters as 10 to 35, modulo 97.
    right = int("".join(map(_DIGITS.__getitem__, characters[4:] + characters[:4]))) % 97 == 1
    return iban.span() if right and not text[iban.end() : iban.end() + 1].isalnum() else None


_DIGITS: Final = {character: str(int(character, 36)) for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


CARDS: Final = (
    Rule(in_a_row, outlines=(_IN_A_ROW,)),
    # Not their own outline, but one that another rule looks for anyway: each look costs time for every log.
    Rule(in_groups, SEVEN, outlines=(SEVEN,)),
)
IBAN: Final = Rule(iban, capital_forms=(re.compile("AA00"),), alone=True)
