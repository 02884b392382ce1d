"""Every captured request in tests/golden/clients is answered as the client's own server answers it."""

import json

import pytest

from tests.unit.ingest.api.dialects.captures import TABLE, Capture, captures, differences, due, stored, table
from tests.unit.ingest.conftest import Ingest

_CAPTURES = captures()
_DUE = due()


@pytest.mark.parametrize("capture", _CAPTURES, ids=[capture.name for capture in _CAPTURES])
def test_a_capture_is_answered_and_stored(capture: Capture) -> None:
    """A capture's status, body, headers and logs are as expected, in each form in which a gateway sends the body."""
    for event in capture.events():
        ingest = Ingest()
        answer = ingest(event)
        assert answer["statusCode"] == capture.status, answer["body"]
        _check_body(capture, answer["body"])
        headers = {name: "".join(value.split()).lower() for name, value in answer["headers"].items()}
        for name, value in capture.answer_headers.items():
            if capture.answer_body or name != "content-type":
                assert headers.get(name) == "".join(value.split()).lower(), name
        if capture.role != "data":
            assert (ingest.enqueued, ingest.kinesis.records) == ([], [])
            continue
        wanted = _DUE[capture.name]
        origins = [(capture.tenant, wanted.source)] * len(wanted.logs)
        assert [(message.tenant_id, message.source) for message in ingest.enqueued] == origins
        assert [stored(m, due) for m, due in zip(ingest.enqueued, wanted.logs, strict=True)] == wanted.logs


def _check_body(capture: Capture, body: str) -> None:
    if capture.answer_body is None:
        assert (json.loads(body)["status"], json.loads(body).get("rejected", [])) == ("enqueued", [])
        return
    try:
        expected = json.loads(capture.answer_body)
    except ValueError:
        assert body == capture.answer_body
        return
    assert differences(expected, json.loads(body)) == []


def test_every_expectation_belongs_to_a_capture() -> None:
    """Each expectation names a capture, so a misspelt name does not leave a capture unchecked."""
    assert _DUE.keys() == {capture.name for capture in _CAPTURES if capture.role == "data"}


def test_a_difference_is_found() -> None:
    """A missing member and another type, value or number of entries are differences; another id is not."""
    assert differences({"a": [{"_id": "x", "s": 1}]}, {"a": [{"_id": "y", "s": 1}], "b": 2}) == []
    assert differences({"_id": "x"}, {"_id": 1}) == ["$._id is 1, not 'x'"]
    assert differences({"a": [1, 2]}, {"a": [1]}) == ["$.a has 1 entries, not 2"]
    assert differences({"a": {"b": True}}, {"a": {}}) == ["$.a.b is missing"]
    assert differences([{"errors": False}], [{"errors": True}]) == ["$[0].errors is True, not False"]


def test_the_table_is_fresh() -> None:
    """The table in the repository equals the output of the command that writes it."""
    assert TABLE.read_text() == table(), "Run: python -m tests.unit.ingest.api.dialects.captures"
