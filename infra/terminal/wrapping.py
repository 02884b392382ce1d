"""Folds text to a terminal's columns, so that the terminal never wraps a line itself, without an indent. Pure."""

from typing import Final
from unicodedata import combining, east_asian_width

_SIGNS: Final = "\u2000"
"""From here on come symbols, emoji and East Asian scripts. Terminals differ in their widths, so each counts as two."""


def folded(text: str, columns: int) -> list[str]:
    """Return the text in pieces that take at most so many columns on any terminal; nothing is left out.

    A piece ends after a space if it has one, and otherwise within the word. An accent stays with its letter.
    """
    if len(text) <= columns and text.isascii():
        return [text]
    pieces: list[str] = []
    start = used = behind_space = 0
    for place, character in enumerate(text):
        takes = _columns(character)
        while used + takes > columns and place > start:
            end = behind_space if behind_space > start else place
            pieces.append(text[start:end])
            start, used = end, sum(map(_columns, text[end:place]))
        used += takes
        if character == " ":
            behind_space = place + 1
    return [*pieces, text[start:]]


def _columns(character: str) -> int:
    """Return how many columns a terminal needs for the character at most; an accent needs none."""
    if character.isascii():
        return 1
    if combining(character):
        return 0
    width = east_asian_width(character)
    return 2 if width in {"W", "F"} or (character >= _SIGNS and width not in {"H", "Na"}) else 1
