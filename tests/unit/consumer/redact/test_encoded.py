"""Decoding of an encoded text, and where each decoded character is in that text."""

import pytest

from consumer.redact.encoded import read, spaced


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("%28415%29%20555-0132", "(415) 555-0132"),
        ("%2B44", "+44"),
        ("%2b44", "+44"),
        ("%252B44%2525", "+44%"),
        ("%34%31%35", "415"),
        ("%C2%A0x", "\u00a0x"),
        ("%e2%80%91", "\u2011"),
        ("%25C2%25A0", "\u00a0"),
        (r"\u002b44", "+44"),
        (r"\\\\u002B44", "+44"),
        (r"\ud835\udfd7", "\U0001d7d7"),
        (r"\u{1d7d7}", "\U0001d7d7"),
        (r"\x2b44", "+44"),
        ("&#43;&#x2B;&plus;&amp;#43;", "++++"),
        ("a&nbsp;b&amp;nbsp;", "a b "),
    ],
)
def test_encoded_characters_are_decoded(written: str, said: str) -> None:
    """A character in percent-encoding, as escape or as entity, even encoded twice, is decoded to one character."""
    assert read(written)[0] == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "100 %",
        "LIKE '%555-0199%'",
        "LIKE '%301-555-0199'",
        "%zz",
        r"C:\new\table",
        "a & b",
        "&copy;",
        "%C3x",
    ],
)
def test_what_is_not_encoded_is_no_view(text: str) -> None:
    """A text in which nothing is encoded has no decoded view."""
    assert read(text) == (text, None)


def test_what_decodes_to_no_character_is_a_question_mark() -> None:
    """Invalid UTF-8, half a surrogate pair and a number beyond Unicode become question marks."""
    assert read(r"%F5%80%80%80 \udc00 &#999999;")[0] == "? \ufffd \U000f423f"


def test_spans_of_the_view_come_back_as_they_were_written() -> None:
    """A span of the decoded view covers its characters' whole encoded forms, whatever is encoded before it."""
    written = "a%20%28b%29%20c%2B"
    said, view = read(written)
    assert said == "a (b) c+"
    assert view

    def at(part: str) -> str:
        start = said.index(part)
        [(begin, end)] = view.written([(start, start + len(part))])
        return written[begin:end]

    assert [at(part) for part in ("a", " ", "(b)", "b", ") ", "c", "+", "a (b) c+")] == [
        *("a", "%20", "%28b%29", "b", "%29%20", "c", "%2B", written),
    ]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("q=(415)+555-0132", "q=(415) 555-0132"),
        ("%28415%29+555", "%28415%29 555"),
        ("q=a+b+c&d=e+f", "q=a b c&d=e f"),
        ("to=+44+20", "to=+44 20"),
        ("a=%20+44", "a=%20+44"),
        ("n=+442079460018+442079460019", "n=+442079460018+442079460019"),
        ("1+2", "1+2"),
        ("x = 1 + 2", "x = 1 + 2"),
    ],
)
def test_a_plus_in_a_form_is_a_space(form: str, said: str) -> None:
    """A plus is a space inside a form's value; at the start of a value or number, or outside of forms, it is a plus."""
    assert spaced(form) == said
