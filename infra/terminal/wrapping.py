"""Text folded to a terminal's columns, so that it never folds it itself and begins at the left. Pure."""

from typing import Final
from unicodedata import combining, east_asian_width

_SIGNS: Final = "\u2000"
"""From here on stand signs, emoji and the scripts of East Asia, of which terminals differ: two columns each."""


def folded(text: str, columns: int) -> list[str]:
    """Return the text in pieces that take so many columns at most on any terminal, nothing left out.

    A piece ends behind a space where it has one, and inside of a word that is longer than a line. An accent stays with
    its letter.
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
    """Return the most columns that a terminal draws it in; of an accent, on its letter, none."""
    if character.isascii():
        return 1
    if combining(character):
        return 0
    width = east_asian_width(character)
    return 2 if width in {"W", "F"} or (character >= _SIGNS and width not in {"H", "Na"}) else 1
