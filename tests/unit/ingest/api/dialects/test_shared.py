"""Data that 20,000 logs of a request share is stored with each log: a small body must not become gigabytes."""

import base64
import gzip
import json
from typing import Any

import pytest

from ingest.api.parse import MAX_RECORDS
from ingest.api.record import MAX_FIELDS_BYTES, MAX_LOGS_BYTES, Room, check_fields
from ingest.contract.errors import Rejected
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event

_WIDE = {f"k{i}": i for i in range(50_000)}
_LARGE = {"a": "x" * 200_000}


def _otlp(shared: dict[str, Any]) -> Any:
    attributes = [{"key": name, "value": {"stringValue": str(value)}} for name, value in shared.items()]
    logs = [{"body": {"stringValue": "x"}}] * MAX_RECORDS
    return {"resourceLogs": [{"resource": {"attributes": attributes}, "scopeLogs": [{"logRecords": logs}]}]}


def _cloudwatch(shared: dict[str, Any]) -> Any:
    document = {"messageType": "DATA_MESSAGE", **shared, "logEvents": [{"message": "x"}] * MAX_RECORDS}
    data = base64.b64encode(gzip.compress(json.dumps(document).encode(), 1)).decode()
    return {"requestId": "r", "timestamp": 1, "records": [{"data": data}]}


_BODIES = {
    "/v1/logs": _otlp,
    "/firehose": _cloudwatch,
    "/loki/api/v1/push": lambda shared: {"streams": [{"stream": shared, "values": [["1", "x"]] * MAX_RECORDS}]},
    "/log/v1": lambda shared: [{"common": shared, "logs": [{"message": "x"}] * MAX_RECORDS}],
    "/logs/ingest": lambda shared: {**shared, "lines": [{"line": "x"}] * MAX_RECORDS},
}


@pytest.mark.parametrize("path", _BODIES)
@pytest.mark.parametrize("shared", [_WIDE, _LARGE], ids=["wide", "large"])
def test_what_is_shared_is_bounded(path: str, shared: dict[str, Any], ingest: Ingest) -> None:
    """A request whose shared data would become gigabytes in its logs is refused, and nothing of it is sent."""
    body = json.dumps(_BODIES[path](shared))  # type: ignore[no-untyped-call] # of lambdas and functions
    answer = ingest(event(body, path=path))
    assert (answer["statusCode"] in {400, 413}, ingest.enqueued) == (True, [])


def test_the_room_of_a_request_is_exact() -> None:
    """All logs of a request may hold exactly so many bytes together, and refused logs count too."""
    room = Room()
    fields = {"k": "v" * (MAX_FIELDS_BYTES - len('{"k":""}'))}
    for _ in range(MAX_LOGS_BYTES // MAX_FIELDS_BYTES):
        check_fields(fields, "", room)
    with pytest.raises(Rejected, match="body_too_large"):
        check_fields({"a": 1}, "", room)
    with pytest.raises(Rejected, match="invalid_fields"):
        check_fields({"k": fields, "l": 1}, "", Room(MAX_FIELDS_BYTES + 100))
    with pytest.raises(Rejected, match="body_too_large"):
        check_fields({"k": fields, "l": 1}, "", Room(MAX_FIELDS_BYTES))
