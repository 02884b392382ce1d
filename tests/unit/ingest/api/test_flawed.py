"""One invalid string in a document refuses only the log that holds it."""

from typing import Any

import pytest

from ingest.api.flawed import value_of_flawed
from ingest.contract.errors import Rejected


@pytest.mark.parametrize(
    "flaw",
    [
        b'"\xff"',
        b'"\\ud800"',
        b'"a\\"\xc3("',
        b"1e9999999999999999999",
        b"1.2.3",
        b'{"\xfe":1}',
        b"[" * 5_000 + b"]" * 5_000,
        b'{"a":' * 5_000 + b'"\xff"' + b"}" * 5_000,
    ],
)
def test_a_flaw_is_found_where_it_is(flaw: bytes) -> None:
    """A flaw is found in its own event, and the events before and after it keep their values."""
    body = b'{"Events":[{"a":"x\\\\","n":1.50},{"a":' + flaw + b'},{"a":["]","flaw 0."]}]}'
    value, is_flawed = value_of_flawed(body)
    events = value["Events"]
    assert [is_flawed(event) for event in events] == [False, True, False]
    assert (events[0], events[2]) == ({"a": "x\\", "n": 1.5}, {"a": ["]", "flaw 0."]})


def test_a_sound_document_has_no_flaw() -> None:
    """A sound document has no flaw, even if it contains the word."""
    value, is_flawed = value_of_flawed(b'["flaw 0."]')
    assert (value, is_flawed(value)) == (["flaw 0."], False)


@pytest.mark.parametrize("body", [b"", b"[", b'["a"', b"]", b'["a" "b"]', b'"\xff', b"[1,]", b'["\xff"}', b"[" * 5_000])
def test_what_is_no_document_is_refused(body: bytes) -> None:
    """A truncated or malformed body is refused whole."""
    with pytest.raises(Rejected, match="invalid_json"):
        value_of_flawed(body)


def test_a_megabyte_of_brackets_takes_no_time() -> None:
    """The time to read a body grows linearly with its length."""
    body = b"[" + b'{"a":"\\ud800"},' * 60_000 + b"1]"
    value, is_flawed = value_of_flawed(body)
    found: list[Any] = value
    assert [is_flawed(found[0]), is_flawed(found[-1])] == [True, False]


def test_a_document_of_many_brackets_is_not_mended() -> None:
    """A flawed document of more than two million brackets is refused whole: ten million took 15 s."""
    start, end = rb'["\ud800","', b"[" * 1_999_999 + b'"]'
    value_of_flawed(start + end)
    with pytest.raises(Rejected, match="invalid_json"):
        value_of_flawed(start + b"{" + end)


def test_a_document_of_many_flaws_is_refused_whole() -> None:
    """A hundred thousand flaws are mended; a document of more is refused, because each takes memory."""
    value, is_flawed = value_of_flawed(b"[" + b"1e," * 100_000 + b"1]")
    found: list[Any] = value
    assert [is_flawed(found[0]), is_flawed(found[-2]), is_flawed(found[-1])] == [True, True, False]
    with pytest.raises(Rejected, match="invalid_json"):
        value_of_flawed(b"[" + b"1e," * 100_002 + b"1]")


@pytest.mark.parametrize(
    "body",
    [
        b'["' + rb"\"" * 500_000,
        b'["' + rb"\"" * 500_000 + b"\\",
        b'["\xff",' + b",".join(b'"flaw %d."' % number for number in range(100_000)) + b"]]",
    ],
    ids=["open string", "open string that ends with a backslash", "words like the mark"],
)
def test_a_megabyte_of_strings_takes_no_time(body: bytes) -> None:
    """A string that never ends, or a body full of the words that mark a flaw, is read in one pass."""
    with pytest.raises(Rejected, match="invalid_json"):
        value_of_flawed(body)
