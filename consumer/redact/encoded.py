"""Decodes a text for searching, and maps spans back: percent-encoding, escapes, HTML entities, `+` for a space.

Rules search the decoded text; what they find is taken out of the text as it was written. Decoding is only for
searching: a character that is decoded wrongly stays in the log as it is.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate
from typing import Final

from consumer.redact.rule import Span

# If a text is encoded more than once, each `%` becomes `%25`. Encoders leave letters and digits as they are (RFC 3986,
# 2.3), and `LIKE '%555-0199%'` is no encoding at all. So encoded letters and digits count only beside another encoded
# character, and digits also inside a number or a value.
_PERCENT: Final = (
    r"%(?:(?:25){0,4}[C-Fc-f][0-9A-Fa-f](?:%(?:25){0,4}[89ABab][0-9A-Fa-f]){1,3}"
    r"|(?:25){0,4}(?:2[0-9A-Fa-f]|3[A-Fa-f]|40(?!@)|5[B-Fb-f]|60|7[B-Eb-e]|0[9ADad])"
    r"|(?<=[0-9A-Za-z=+(.-]%)3[0-9]|(?:25){1,4}3[0-9]"
    r"|[3-7][0-9A-Fa-f](?=%[2-7][0-9A-Fa-f])|(?<=%[2-7][0-9A-Fa-f]%)[4-7][0-9A-Fa-f])"
)
# Each level of JSON inside of JSON doubles the backslashes.
_ESCAPE: Final = (
    r"\\{1,16}(?:u[dD][89ABab][0-9A-Fa-f]{2}\\{1,16}u[dD][C-Fc-f][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}"
    r"|u\{[0-9A-Fa-f]{1,5}\}|x[0-9A-Fa-f]{2})"
)
# HTML, 13.5 Named character references: those that stand in and around numbers.
_NAMED: Final = {
    **dict.fromkeys(("nbsp", "ensp", "emsp", "thinsp"), " "),
    **dict.fromkeys(("hyphen", "dash", "ndash", "minus"), "-"),
    "plus": "+",
    "lpar": "(",
    "rpar": ")",
    "period": ".",
    "sol": "/",
    "colon": ":",
    "equals": "=",
    "comma": ",",
    "quot": '"',
    "apos": "'",
    "num": "#",
    "lt": "<",
    "gt": ">",
}
_ENTITY: Final = rf"&(?:amp;){{0,3}}(?:#[0-9]{{1,6}}|#[xX][0-9A-Fa-f]{{1,5}}|{'|'.join(_NAMED)});"
_ENCODED: Final = re.compile(f"({_PERCENT}|{_ESCAPE}|{_ENTITY})")
_ASCII_BYTES: Final = re.compile("%(?:25)*([0-9A-Fa-f]{2})")

# In a form a `+` is a space, except where a value or a number with a plus begins.
_FORM: Final = re.compile(r"[=%][^\s&\"'<>+=%]*\+[^\s&\"'<>]*")
_SPACE: Final = re.compile(
    r"\+(?<=[0-9A-Za-z).,;:]\+)(?=[0-9A-Za-z(%\[])"
    r"(?!(?:(?<=[0-9]{7}\+)|(?<=[,;:]\+)|(?<=%[89A-Fa-f][0-9A-Fa-f]\+))[1-9][0-9]{7})"
    r"(?<!%(?:20|28|0[AaDd]|3[AaDd])\+)"
)


@lru_cache(maxsize=4096)
def _decoded(code: str) -> str:
    """Return the character that a code stands for; a question mark if it is not exactly one."""
    if code[0] == "%":
        octets = bytes(int(pair, 16) for pair in _ASCII_BYTES.findall(code))
        character = octets.decode("utf-8", "replace")
    elif code[0] == "&":
        name = code.rpartition("amp;")[2].strip("&#;")
        character = _NAMED.get(name) or chr(int(name[1:], 16) if name[0] in "xX" else int(name))
    else:
        units = [int(unit.strip("{}\\"), 16) for unit in re.split("[ux]", code)[1:]]
        character = "".join(map(chr, units)).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return character if len(character) == 1 else "?"


class View:
    """An encoded text and its decoded form: `text` has one character in place of each encoded one."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces  # Plain text and encoded characters, by turns.
        shown = pieces.copy()
        shown[1::2] = map(_decoded, pieces[1::2])
        self.text = "".join(shown)

    def written(self, spans: Iterable[Span]) -> list[Span]:
        """Return where the spans of `text` are in the text as it was written."""
        lengths = [1 if place % 2 else len(piece) for place, piece in enumerate(self._pieces)]
        shown = [0, *accumulate(lengths)]
        written = [0, *accumulate(map(len, self._pieces))]

        def of(position: int) -> Span:
            """Return where a character begins and ends."""
            piece = bisect_right(shown, position) - 1
            if piece % 2:
                return written[piece], written[piece + 1]
            begin = written[piece] + position - shown[piece]
            return begin, begin + 1

        return [(of(start)[0], of(stop - 1)[1]) for start, stop in spans]


def spaced(text: str) -> str:
    """Return `text` with a space for each `+` of a form that stands for one; every character keeps its position."""
    return _FORM.sub(lambda form: _SPACE.sub(" ", form[0]), text)


def read(text: str) -> tuple[str, View | None]:
    """Return the decoded text, and its `View` if a character in it was encoded."""
    if "+" in text and ("=" in text or "%" in text) and _SPACE.search(text):
        text = spaced(text)
    if "%" in text or "\\" in text or "&" in text:
        pieces = _ENCODED.split(text)
        if len(pieces) > 1:
            view = View(pieces)
            return view.text, view
    return text, None
