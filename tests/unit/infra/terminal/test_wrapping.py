"""Text folded to columns: nothing left out, and no piece wider than any terminal draws it."""

from unicodedata import combining

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from infra.terminal.wrapping import folded


@given(st.text(alphabet=st.characters(categories=("L", "M", "N", "P", "S", "Zs")), max_size=200), st.integers(2, 90))
def test_nothing_is_left_out_or_too_wide(text: str, columns: int) -> None:
    """Any letters and signs; an accent never begins a piece, but where the text does."""
    pieces = folded(text, columns)
    assert "".join(pieces) == text
    for piece in pieces:
        assert cell_len(piece) <= columns
        assert piece or not text
        assert piece is pieces[0] or not combining(piece[0])


@pytest.mark.parametrize(
    ("text", "columns", "pieces"),
    [
        ("", 5, [""]),
        ("one two three", 8, ["one two ", "three"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("日本語です", 4, ["日本", "語で", "す"]),
        ("a日本", 4, ["a日", "本"]),
        ("👍👍👍", 4, ["👍👍", "👍"]),
        ("e\u0301" * 4, 3, ["e\u0301" * 3, "e\u0301"]),
        ("a 日本", 5, ["a ", "日本"]),
        ("Жук Жук", 4, ["Жук ", "Жук"]),
        ("❤️❤️", 4, ["❤️", "❤️"]),  # Of signs and their variants terminals differ: the widest counts.
    ],
)
def test_how_it_is_folded(text: str, columns: int, pieces: list[str]) -> None:
    """Behind spaces, in long words elsewhere, by columns and not by characters."""
    assert folded(text, columns) == pieces
