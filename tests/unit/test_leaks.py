"""The rule of what counts as a leak."""

import json

import pytest

from tests.leaks import LEAD_CHARS, leaks

_SECRET = "hunter2 is the password"
_NAUGHTY = 'tab\there "quoted" \x1b[31m Zo\u00eb \u202e'


@pytest.mark.parametrize(
    "line",
    [
        f"before {_SECRET} after",
        json.dumps({"event": "x", "text": _SECRET}),
        json.dumps(json.dumps({"text": _SECRET})),
        repr(ValueError(_SECRET)),
    ],
)
def test_a_text_in_a_line_is_found(line: str) -> None:
    """Wherever it stands, and the sentence quotes the line."""
    (found,) = leaks(["an innocent line", line], [_SECRET])
    assert _SECRET in found


@pytest.mark.parametrize(
    "line", [_NAUGHTY, json.dumps(_NAUGHTY), json.dumps(_NAUGHTY, ensure_ascii=False), repr(_NAUGHTY)]
)
def test_an_escaped_text_is_found(line: str) -> None:
    """As it is, as JSON in ASCII or UTF-8, or as Python writes it."""
    assert leaks([line], [_NAUGHTY])


def test_a_text_cut_short_is_found() -> None:
    """Of a long text its first forty characters are enough."""
    long = "".join(f"{number} bottles of beer. " for number in range(99))
    assert leaks([f"text={long[:LEAD_CHARS]}..."], [long])


def test_a_text_of_several_lines_is_found() -> None:
    """Also when it was printed as it is, and so broken into lines."""
    assert leaks(["first part", "second part"], ["first part\nsecond part"])


@pytest.mark.parametrize("text", ["", "x", "hello", "1234567", "00000000", "ababababab"])
def test_a_text_that_may_stand_there_by_chance_is_not_looked_for(text: str) -> None:
    """Short texts, and those of less than four different characters."""
    assert leaks([f"id={text}1234567"], [text]) == []


def test_what_belongs_into_a_line_is_no_leak() -> None:
    """A text that is part of an id of the same test says nothing; the others are still looked for."""
    line = '{"log_id":"request-0001","cause":"hunter2 is the password"}'
    assert leaks([line], ["request-000"], known=["request-0001"]) == []
    assert len(leaks([line], ["request-000", _SECRET], known=["request-0001"])) == 1


def test_one_text_of_thousands_is_found() -> None:
    """However many there are to be looked for."""
    texts = [f"{number:04} bottles of beer" for number in range(1_000)]
    lines = [f'{{"request_id":"{number:032x}"}}' for number in range(100)]
    assert leaks(lines, texts) == []
    (found,) = leaks([*lines, f"cause={texts[617]}"], texts)
    assert "0617 bottles" in found


def test_other_lines_are_innocent() -> None:
    """Nothing is found where nothing stands."""
    assert leaks(['{"event":"ingest","tenants":{"acme":1}}'], [_SECRET, _NAUGHTY]) == []
    assert leaks([], [_SECRET]) == []
