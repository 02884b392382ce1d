"""What a rule is, the view of a text that rules search, and the splice that puts the token in."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

TOKEN: Final = "[REDACTED]"  # noqa: S105 - the specification's word, not a secret

Span = tuple[int, int]


class Rule(NamedTuple):
    """One thing to look for, and its signs: a text without any of the signs cannot hold it, and `Gate` skips the rule.

    `find` takes the folded text and its shape, both position for position, and returns what to redact, in any order.
    With a `needle`, it also takes where that is in the shape: rules that share a needle share the search for it.
    """

    find: Callable[..., list[Span]]
    needle: str = ""
    outlines: tuple[str, ...] = ()  # In the shape.
    parts: tuple[str, ...] = ()  # In the text.
    # Patterns for the shape, for the text, and for the text with `A` for a capital and `0` for a digit. One that starts
    # with a rare literal is cheap: for a word it takes half the time of `in`.
    outline_forms: tuple[re.Pattern[str], ...] = ()
    forms: tuple[re.Pattern[str], ...] = ()
    capital_forms: tuple[re.Pattern[str], ...] = ()
    alone: bool = False  # Whether to search, of several texts, only those with a sign, each by itself.
    beyond_line: bool = False  # Whether another line of the text can decide what to redact in this one; then `alone`.
    as_written: bool = False  # Whether to search an encoded text as it is written, and not as it is decoded.


X_WORDS: Final = re.compile("x(?:ox|(?<=fax))")
"""In the shape: one look serves two rules, the label `fax` and Slack's `xoxb-`."""

SEVEN: Final = "000-0000"
"""In the shape: seven digits of a phone number, or two groups of a card's."""

HYPHENS: Final = re.compile("-(?:..-(?:..-..-|[0-9]{4})|[ ][0-9]{4}(?<=[0-9][ ]-[ ][0-9]{4}))")
"""In the text: one look serves three rules, a MAC's pairs, an SSN and `212 555 - 0199`."""

WORD: Final = "[0-9A-Za-z_]"  # ASCII only: a number may touch a letter of a script that writes without spaces.


# An escape of JSON (backslash and n) and a terminal colour end in a word character, but not in a word.
_CODES: Final = (r"\\[nrt]", r"\[m", r"[\[;][0-9]m", r"[\[;][0-9]{2}m")


def after_code(behind: str = "") -> str:
    """Return look-behinds for an escape or a colour; `behind` stands for the characters already matched."""
    return f"(?:{_any_of(_CODES, behind)})"


def _any_of(codes: Iterable[str], behind: str) -> str:
    return "|".join(f"(?<={code}{behind})" for code in codes)


def starts(behind: str = "") -> str:
    """Return look-behinds that say where a number may start; `behind` stands for the characters already matched.

    It may not start inside a word. It may start right after a percent-encoded character, an escape of JSON (backslash
    and n) or a terminal colour, although all of these end in word characters.
    """
    return f"(?:(?<!{WORD}{behind})|{_any_of(('%[0-9A-Fa-f]{2}', *_CODES), behind)})"


# The characters beyond ASCII that stand for ASCII in numbers: decimal digits and spaces of any script, hyphens (not the
# em dash, which is punctuation), and the full-width + ( ) . / of East Asian input methods.
_FOLDABLE: Final = re.compile("[^\x00-\x7f](?<=[\\d\\s\u2010-\u2013\u2212\uff0b\uff08\uff09\uff0e\uff0f\uff0d])")
_FOLDED: Final = {"\uff0b": "+", "\uff08": "(", "\uff09": ")", "\uff0e": ".", "\uff0f": "/"}


def _folded(character: str) -> str:
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    return _FOLDED.get(character) or (" " if character.isspace() else "-")


_FEW: Final = 16  # Most texts have one or two: replacing each by itself is then the fastest.


def fold(text: str) -> str:
    """Return `text` with digits, hyphens and spaces of any script as ASCII; every character keeps its position."""
    if text.isascii():
        return text
    characters = {*_FOLDABLE.findall(text)}
    if len(characters) > _FEW:
        return _FOLDABLE.sub(lambda match: _folded(match[0]), text)
    for character in characters:
        text = text.replace(character, _folded(character))
    return text


def _outline(byte: int) -> int:
    character = chr(byte)
    if "0" <= character <= "9":
        return ord("0")
    if character in " .":
        return ord("-")
    return ord(character.lower()) if character.isascii() else byte


SHAPE: Final = bytes(map(_outline, range(256)))
"""For `translate` on Latin-1: the shape has every digit as `0`, space and dot as `-`, capitals as small letters.

Every character keeps its position. `in` on a shape is ten times as fast as a pattern.
"""

CAPITALS: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", b"A" * 26 + b"0" * 10)
"""For `translate` on Latin-1: `A` for a capital and `0` for a digit."""


def is_inside_number(outline: str, start: int) -> bool:
    """Return whether a digit before `start` forbids a number to start there: for most places this spares `starts`."""
    return outline[start - 1 : start] == "0" and outline[start - 3 : start - 2] != "%"


def hits(outline: str, needle: str) -> list[int]:
    """Return each position of `needle` in the shape, overlapping ones too."""
    positions = []
    hit = outline.find(needle)
    while hit >= 0:
        positions.append(hit)
        hit = outline.find(needle, hit + 1)
    return positions


def splice(text: str, spans: Iterable[Span]) -> str:
    """Return `text` with one token in place of each span; spans that overlap count as one."""
    pieces: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if start >= end or not pieces:
            pieces.append(text[end:start])
            end = stop
        elif stop > end:
            end = stop
    pieces.append(text[end:])
    return TOKEN.join(pieces)
