"""Lines as records."""

import json

import pytest

from infra.shipping.log_file import Line, Place
from infra.shipping.records import as_record
from ingest.api.documents import values_of_lines


def _line(text: str) -> Line:
    return Line(1, "of-file", text, Place(0, 0, b""))


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ('{"a": 1.10, "b": 12345678901234567890}', '{"log_id": "of-file", "a": 1.10, "b": 12345678901234567890}'),
        (' { "a":1 } ', '{"log_id": "of-file", "a":1 }'),
        ("{}", '{"log_id": "of-file" }'),
        ('{"log_id": 7}', '{"log_id": 7}'),
    ],
)
def test_an_object_gets_the_lines_id_and_is_else_as_it_was(text: str, record: str) -> None:
    """Also its numbers, digit by digit. The line keeps its text, which its id is computed from."""
    made = as_record(_line(text))
    assert made == _line(text)._replace(record=record)
    json.loads(record)


def test_an_objects_own_id_wins() -> None:
    """It is the line's id, too, so that the line is searched under it."""
    text = '{"log_id": "own", "a": 1}'
    assert as_record(_line(text)) == _line(text)._replace(log_id="own", record=text)


@pytest.mark.parametrize("text", ['{"a": "b", "log_id": null}', ' {"log_id":null, "a":"b"} '])
def test_an_id_that_is_null_is_none(text: str) -> None:
    """Ingest would make an id of its own for it, and a file that is sent again would be stored twice."""
    made = as_record(_line(text))
    assert made.log_id == "of-file"
    assert made.record is not None
    (record,) = values_of_lines(made.record.encode(), most=1)
    assert record == {"a": "b", "log_id": "of-file"}


@pytest.mark.parametrize(
    "text", ["plain", "[1]", '"x"', "7", '{"a": NaN}', '{"a": 1', '{"a": 1} {"b": 2}', "", '{"a":' * 100_000]
)
def test_what_is_no_object_is_a_text(text: str) -> None:
    """It is sent unchanged."""
    assert as_record(_line(text)) == _line(text)
