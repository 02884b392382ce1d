"""Data that 20,000 logs of a request share is stored with each log: a small body must not become gigabytes."""

import base64
import gzip
import json
from typing import Any

import pytest

from ingest.api import dialects
from ingest.api.dialects.otlp import read as read_otlp
from ingest.api.envelope import MAX_AROUND
from ingest.api.parse import MAX_RECORDS
from ingest.api.record import MAX_FIELDS_BYTES, MAX_LOGS_BYTES, Room, check_fields
from ingest.api.request import Request
from ingest.api.routes import Routes
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


def _around(members: dict[str, Any]) -> dict[str, Any]:
    cloudwatch = json.dumps({"messageType": "DATA_MESSAGE", **members, "logEvents": [{"message": "x"}] * 2}).encode()
    records = [{"data": base64.b64encode(data).decode()} for data in (b"x", b"y")]
    return {
        "/firehose": {"requestId": "r", **members, "records": records},
        "/firehose of CloudWatch": {"requestId": "r", "records": [{"data": base64.b64encode(cloudwatch).decode()}]},
        "/log/v1": {**members, "logs": [{"message": "x"}] * 2},
        "/logs/ingest": {**members, "lines": [{"line": "x"}] * 2},
        "/api/events/raw": {**members, "Events": [{"@m": "x"}] * 2},
    }


@pytest.mark.parametrize("sent", _around({}))
@pytest.mark.parametrize("over", [0, 1])
def test_members_around_many_logs_are_few(sent: str, over: int, ingest: Ingest) -> None:
    """Each log has a copy of the members around it, so more than `MAX_AROUND` of them are refused, and so many taken.

    A thousand of them beside 20,000 logs, 6 KB as gzip, took 540 MB and more; a Lambda has 512 MB.
    """
    own = {"/firehose of CloudWatch": 1}.get(sent, 0)  # Its messageType is a member, too.
    members = {f"k{i}": i for i in range(MAX_AROUND + over - own)}
    answer = ingest(event(json.dumps(_around(members)[sent]), path=sent.split(maxsplit=1)[0]))
    assert (answer["statusCode"] < 300, len(ingest.enqueued)) == (not over, 0 if over else 2)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        *((path, "[{}]") for path in ("/api/v2/logs", "/log/v1", "/gelf", "/v1/ingest/shop", "/")),
        ("/api/events/raw", '{{"Events":[{}]}}'),
    ],
)
def test_reading_an_array_ends_soon_after_the_most_records(path: str, body: str) -> None:
    """Of too many logs no more are read than show that: all of 10 MiB took more memory than a Lambda has."""
    assert _records_of(path, "application/json", body.format(",".join(['{"message":"x"}'] * (MAX_RECORDS + 100))))


def test_reading_lines_ends_soon_after_the_most_records() -> None:
    """Datadog's lines of plain text are read no further either: 10 MiB of them took a gigabyte."""
    assert _records_of("/api/v2/logs", "text/plain", "x\n" * (MAX_RECORDS + 100))


def _records_of(path: str, content_type: str, body: str) -> bool:
    """Return whether so many records were read that the request is refused, and not many more."""
    match = Routes(dialects.ALL).find(event("", path=path))  # type: ignore[arg-type] # as the handler gets it
    assert match is not None
    read = match.dialect.read(Request({"content-type": content_type}, {}, body.encode(), path, match.parameters))
    return len(read.records) == MAX_RECORDS + 1


class _Counted(str):
    """A text that counts how often it is compared."""

    __slots__ = ("compared",)
    compared: int
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        self.compared = getattr(self, "compared", 0) + 1
        return str.__eq__(self, other)


def test_the_tenant_of_a_wide_resource_is_not_searched_for_each_log() -> None:
    """A resource's tenant is found without a look at each attribute: 60,000 of them and 20,000 logs are a billion."""
    attribute = _Counted("org")
    attributes = [{"key": f"k{i}", "value": {"intValue": 1}} for i in range(1_000)]
    attributes.append({"key": "org", "value": {"stringValue": "globex"}})
    logs = [{"body": {"stringValue": "x"}}] * 3
    sent = {"resourceLogs": [{"resource": {"attributes": attributes}, "scopeLogs": [{"logRecords": logs}]}]}
    headers = {"content-type": "application/json"}
    request = Request(headers, {}, json.dumps(sent).encode(), "/v1/logs", tenant_attribute=attribute)
    tenants = [record.tenant_id for record in read_otlp(request).records]  # type: ignore[union-attr] # all are records
    assert tenants == ["globex"] * 3
    assert attribute.compared < 100
