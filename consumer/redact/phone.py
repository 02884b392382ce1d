"""Phone numbers: what counts as one, and what only looks like one.

Taken, each with its extension (x123, ext. 123): 7 digits with a hyphen (555-0199); North American numbers of 10 digits
in their usual punctuation, with and without a leading 1; +E.164 numbers of 8 to 15 digits, plain or grouped; behind a
word that says phone, bare numbers and national forms (`phone=2125550199`, `tel: 020 7946 0018`: `labelled.py`).

Not taken, on purpose: bare digits without such a word (epochs, ids and byte counts look the same), national forms of
other countries without `+` or a word, and letters for digits (1-800-FLOWERS).
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from consumer.redact.lookalike import RANGE_AFTER, is_column, is_range, is_signed
from consumer.redact.rule import HYPHENS, SEVEN, WORD, Rule, Span, is_inside_number, starts

# A number does not begin inside a longer one, a UUID, a host or file name, an amount, or a time with milliseconds and a
# zone offset (`10:00:00.123-0700`, `10:00:00,123-0700`). In a list of numbers it does. A separator of two numbers must
# stop both or neither: else a pass would find only one more number of a long list.
# Most characters around a number leave no doubt, and are told first: that takes a fraction of the time.
_BEFORE_DIGIT: Final = (
    r"(?:(?<=[ \t\r\n!\"#%&'()*+/;<=>?@[\\\]^`{|}~])|"
    + starts()
    + r"(?<![-$€£¥])(?<![0-9]:)(?<![0-9A-Z_]\.)(?<!:[0-9][0-9],))"
)
_BEFORE_PARENTHESIS: Final = rf"(?:(?<![A-Za-z_])|{starts()})(?<![$€£¥])"
_AFTER: Final = (
    rf"(?!{WORD})(?!-{WORD})(?![.:][0-9])(?!%(?![0-9A-Fa-f]{{2}}|['\"]))"
    # `120-1024/4096` is a part of a whole; `555-0100/555-0199` are two numbers.
    r"(?!/[0-9]{1,20}+(?![0-9]|[ ]?[-./ ][ ]?\(?[0-9]{3}))"
)
_EXTENSION: Final = r"(?:(?=[ ,;xXeE])[ ]{0,2}+[,;]?+[ ]{0,2}+(?i:x|ext(?:n|ension)?)[.:=]{0,2}[ ]{0,2}[0-9]{1,6})?"
END: Final = (
    r"(?:(?=[\t\r\n!\"#&'()*+<=>?@[\\\]^`{|}~])|(?=[ ](?![ ,;xXeE]))|(?=[,;](?![ xXeE]))|(?=/[^0-9])"
    rf"|{_EXTENSION}{_AFTER})"
)

_LAST_SEVEN: Final = re.compile(rf"[0-9]{{3}}(?P<gap>[-. ]|[ ]-[ ]|)[0-9]{{4}}{END}")
# In doubt is what stands behind a space, a sign and a letter, which may be a word for a range.
_ONLY_SEVEN: Final = re.compile(
    r"(?>(?<=[^ =:(])|(?<=[^A-Za-z =:(][ =:(])|(?=(?P<doubt>[0-9])))"
    rf"(?>{_BEFORE_DIGIT}(?<![A-Za-z_]\[)[1-9][0-9]{{2}}-[0-9]{{4}}{END})(?!{RANGE_AFTER})"
)
# Ten digits, by what parts the area code: without a 1 in front, which is most of them, or with one behind such a
# character that nothing else can stand in front of it. The first group is the seven digits, the second says that a 1
# stands in front. What follows is told first, because that takes less time.
_NO_ONE: Final = r"(?<!1)(?<!1[-. ])(?<!1[ ]-[ ])"
_NO_ONE_BEFORE: Final = rf"(?:(?<=[\t\r\n!\"#%&'()*+/;<=>?@[\\\]^`{{|}}~])|(?<=[^-1][ ])|{_BEFORE_DIGIT}{_NO_ONE})"
_ONE: Final = r"[ \t\r\n!\"#%&'()*/;<=>?@[\\\]^`{|}~]1[-. ]"
# Spaces and slashes also part columns of numbers: only with valid area and exchange codes (NANP: 2-9 first).
_LOOSE: Final = "[2-9][0-9]{2}(?:[-. ]|[ ]-[ ])[0-9]{4}"
_TEN: Final = {
    **{
        f"0{parts}": (re.compile(rf"(?=({seven}{END}))(?:(?<={_NO_ONE_BEFORE}{area})|(?<={_ONE}{area})())").match, 4)
        for parts, area, seven in (
            ("-", "[0-9]{3}-", "[0-9]{3}-[0-9]{4}"),
            (".", r"[0-9]{3}\.", r"[0-9]{3}\.[0-9]{4}"),
            (" ", "[2-9][0-9]{2}[ ]", _LOOSE),
            ("/", "[2-9][0-9]{2}/", _LOOSE),
        )
    },
    **{
        ends: (
            re.compile(
                rf"(?=([0-9]{{3}}(?:[-. ]|[ ]-[ ]|)[0-9]{{4}}{END}))"
                rf"(?<={_BEFORE_PARENTHESIS}{_NO_ONE}\([0-9]{{3}}\){parts})"
            ).match,
            length,
        )
        for ends, parts, length in (("0)", "", 5), (") ", "[ ]", 6), (")-", "-", 6), (").", r"\.", 6))
    },
}
_AREA: Final = re.compile(
    rf"(?=[+(0-9])(?:{_BEFORE_DIGIT}(?:(?:\+|00)?1(?:[-. ]|[ ]-[ ])?)?"
    r"(?:\([0-9]{3}\)[-. ]{0,2}|[0-9]{3}(?P<gap>[-.])|[2-9][0-9]{2}(?P<loose>[ /]|[ ]-[ ]))"
    rf"|{_BEFORE_PARENTHESIS}\([0-9]{{3}}\)[-. ]{{0,2}})\Z"
)
# The same without a 1 in front, which is most of them.
_PARENTHESES: Final = re.compile(rf"{_BEFORE_PARENTHESIS}\([0-9]{{3}}\)[-. ]{{0,2}}\Z")
_AREA_ENDS: Final = frozenset(("000-", "000)", "000/", "00)-", "0)--", "0---"))  # In the shape; a cheap gate.

_GAP: Final = r"(?:[-./ ]|[ ][-/][ ])?"
_E164: Final = (
    # Not a zone offset: +1000, +1030, +1345.
    r"(?!1[0-4](?:00|30|45)(?![0-9]))"
    r"(?:[1-9][0-9]{7,14}(?![0-9])"
    # Country code 1 has exactly ten more digits; for the others ITU-T E.164 says 15 at most with the country code.
    rf"|1{_GAP}(?:\([0-9]{{3}}\)|[0-9]{{3}}){_GAP}[0-9]{{3}}{_GAP}[0-9]{{4}}"
    r"|(?=(?:(?:[-./ ]|[ ][-/][ ]|[ ]?\(|\)[ ]?)?[0-9]){8})"
    rf"[2-9][0-9]{{0,2}}(?:[ ]?\([0-9]{{1,4}}\))?(?:{_GAP}[0-9]){{4,12}}"
    rf"){END}"
)
# The literal first and what may stand before it second, because `re` skips to a literal fast.
_PLUS: Final = re.compile(rf"\+(?=[1-9])(?:{starts('[+]')}|(?<=[- ][0-9]{{4}}\+))(?<![+~]\+){_E164}(?:\+{_E164})*")


def _national(offset: int) -> Callable[[str, str, Sequence[int]], list[Span]]:
    def national(text: str, outline: str, hits: Sequence[int]) -> list[Span]:
        """Return the 7-digit and the North American 10-digit numbers whose last digits are at the hits."""
        spans: list[Span] = []
        end = 0
        for hit in hits:
            if hit < end:
                continue
            start = hit + offset
            # Most hits are neither behind an area code nor seven digits with a hyphen.
            front = outline[start - 5 if start > 5 else 0 : start]  # noqa: PLR2004 - as in `national_at`
            if front[-4:] in _AREA_ENDS and (front[:4] != "0000" or text[start - 5] == "1"):
                span = national_at(text, outline, start)
            elif text[start + 3] == "-" and not is_inside_number(outline, start):
                span = _seven_at(text, start)
            else:
                continue
            if span:
                spans.append(span)
                end = span[1]
        return spans

    return national


def national_at(text: str, outline: str, start: int) -> Span | None:
    """Return the number whose last seven digits begin at `start`, if there is one."""
    if is_inside_number(outline, start) or _goes_on(text, outline, start):
        return None
    front = outline[start - 5 if start > 5 else 0 : start]  # noqa: PLR2004 - an area code, what parts it, and one more
    if front[-4:] in _AREA_ENDS and (front[:4] != "0000" or text[start - 5] == "1"):
        span = _ten_at(text, front, start)
        if span and not (text[start - 1] == " " == text[start + 3] and is_column(text, span)):
            return span
    may_be_seven = text[start + 3 : start + 4] == "-" != text[start - 1 : start]
    return _seven_at(text, start) if may_be_seven else None


def _goes_on(text: str, outline: str, start: int) -> bool:
    """Return whether a hyphen and a word stand behind seven digits with a gap: `_AFTER` forbids that."""
    return (
        text[start + 8 : start + 9] == "-"
        and outline[start + 9 : start + 10] in _WORD
        and outline[start + 3 : start + 5] == "-0"
    )


_WORD: Final = frozenset("0abcdefghijklmnopqrstuvwxyz_")  # In the shape.


def _ten_at(text: str, front: str, start: int) -> Span | None:
    """Return the number of ten digits whose last seven begin at `start`; `front` is the shape of what stands before."""
    is_bare = front[-2] == "0" and text[start - 1] != ")"
    if is_bare and text[start - 1] in " /" and text[start] in "01":
        return None  # `_LOOSE` forbids it, whatever stands in front.
    if front[:4] != "0000" and (known := _TEN.get(front[-2] + text[start - 1])):
        match, length = known
        if ten := match(text, start):
            return start - length - (2 if ten.lastindex == 2 else 0), ten.end(1)  # noqa: PLR2004 - the second group
        if is_bare and not _is_one_before(text, start - 4):
            return None
    seven = _LAST_SEVEN.match(text, start)
    begin = _area_before(text, start, seven[1]) if seven else None
    return None if seven is None or begin is None else (begin, seven.end())


def _seven_at(text: str, start: int) -> Span | None:
    """Return the number of only seven digits that begins at `start`, if there is one."""
    only = _ONLY_SEVEN.match(text, start)
    return only.span() if only and not (only.lastindex and is_range(text, only.span())) else None


def _area_before(text: str, start: int, gap: str) -> int | None:
    """Return where the area code before `start`, or the 1 before that, begins; `gap` is inside the seven digits."""
    begin = text.rfind("(", max(0, start - 7), start) if ")" in text[start - 3 : start] else -1
    if begin >= 0 and not _is_one_before(text, begin):
        return begin if _PARENTHESES.match(text, begin, start) else None
    # `001 - ` is the longest that stands in front of an area code.
    length = start - begin if begin >= 0 else 4 if text[start - 2] in _DIGITS else 8
    area = _AREA.search(text, max(0, start - length - 6), start)
    return area.start() if area and _belong_together(area, gap, text[start]) else None


_DIGITS: Final = frozenset("0123456789")


def _is_one_before(text: str, begin: int) -> bool:
    """Return whether a 1 stands in front, with any separator that a country code has."""
    before = text[begin - 4 if begin >= 4 else 0 : begin]  # noqa: PLR2004 - `1 - `
    return before[-1:] == "1" or before[-2:] in _ONES or before == "1 - "


_ONES: Final = frozenset(("1-", "1.", "1 "))


def _belong_together(area: re.Match[str], gap: str, exchange: str) -> bool:
    """Return whether the punctuation after the area code matches that inside the seven digits."""
    if area["gap"]:
        return area["gap"] == gap
    if area["loose"]:
        return gap != "" and exchange >= "2"
    return True


def international(text: str, outline: str) -> list[Span]:
    """Return the numbers with a plus and a country code."""
    del outline
    return [span for match in _PLUS.finditer(text) if not is_signed(text, span := match.span())]


_PARENTHESIS: Final = re.compile(r"\)-?0000000")

RULES: Final = (
    # By the outline of the seven digits that these numbers end with (a space and a dot are hyphens there, too), and how
    # far behind its start the digits begin.
    Rule(_national(0), SEVEN, outlines=(SEVEN,)),
    Rule(_national(0), "000---0000", forms=(HYPHENS,)),
    Rule(_national(1), ")0000000", outline_forms=(_PARENTHESIS,)),
    Rule(_national(2), ")-0000000", outline_forms=(_PARENTHESIS,)),
    Rule(international, forms=(re.compile(r"\+[1-9]"),)),
)
