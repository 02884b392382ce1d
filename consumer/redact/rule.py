"""What a rule is, the view of a text that rules search, and the splice that puts the token in."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

TOKEN: Final = "[REDACTED]"  # noqa: S105 - the specification's word, not a secret

Span = tuple[int, int]


class Rule(NamedTuple):
    """One kind of secret.

    `may_match(shape)` is a cheap test that rules most texts out. `pattern` finds candidates in the folded text.
    `span(match)` is the part to redact, or None for what only looks like one.
    """

    may_match: Callable[[bytes], bool]
    pattern: re.Pattern[str]
    span: Callable[[re.Match[str]], Span | None]


def whole(match: re.Match[str]) -> Span | None:
    """Return all of the match: the span of a rule whose pattern says everything."""
    return match.span()


# The characters beyond ASCII that stand for ASCII in numbers: decimal digits and spaces of any script, hyphens (not the
# em dash, which is punctuation), and the full-width + ( ) . / of East Asian input methods.
_FOLDABLE: Final = re.compile("[^\x00-\x7f](?<=[\\d\\s\u2010-\u2013\u2212\uff0b\uff08\uff09\uff0e\uff0f\uff0d\u2011])")
_FOLDED: Final = {"\uff0b": "+", "\uff08": "(", "\uff09": ")", "\uff0e": ".", "\uff0f": "/"}


def _fold(match: re.Match[str]) -> str:
    character = match[0]
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    return _FOLDED.get(character) or (" " if character.isspace() else "-")


def fold(text: str) -> str:
    """Return `text` with digits, hyphens, spaces of any script as ASCII; every character keeps its position."""
    return text if text.isascii() else _FOLDABLE.sub(_fold, text)


_SHAPE: Final = bytes(
    ord("0") if chr(byte) in "0123456789" else byte + 32 if chr(byte) in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" else byte
    for byte in range(256)
)


def shape(folded: str) -> bytes:
    """Return the folded text with every digit as `0` and capitals as small letters.

    `bytes.translate` and `in` run at more than 1 GB/s, so that gates on the shape cost far less than a pattern.
    """
    return folded.encode("utf-8", "replace").translate(_SHAPE)


def splice(text: str, spans: Iterable[Span]) -> str:
    """Return `text` with the token in place of each span; spans are in order and do not overlap."""
    pieces: list[str] = []
    end = 0
    for start, stop in spans:
        pieces += (text[end:start], TOKEN)
        end = stop
    return "".join((*pieces, text[end:])) if pieces else text
