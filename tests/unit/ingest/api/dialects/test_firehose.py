"""Firehose's HTTP endpoint: records of CloudWatch Logs and other records, and every answer."""

import base64
import gzip
import json
from typing import Any

import pytest

from ingest.api.dialect import Record, Records
from ingest.api.dialects.firehose import DIALECT
from ingest.api.request import Request
from ingest.contract.errors import WHY, Rejected
from tests.unit.ingest.conftest import Ingest

ATTRIBUTES = "x-amz-firehose-common-attributes"


def _body(*data: Any, **members: Any) -> bytes:
    records = [{"data": base64.b64encode(one).decode()} if isinstance(one, bytes) else one for one in data]
    return json.dumps({"requestId": "r1", "timestamp": 1, "records": records} | members).encode()


def _records(*data: Any, headers: dict[str, str] | None = None) -> Records:
    return DIALECT.read(Request(headers or {}, {}, _body(*data)))


def _read(*data: Any) -> list[Record | Rejected]:
    return list(_records(*data).records)


def _cloudwatch(*events: Any, kind: str = "DATA_MESSAGE") -> bytes:
    return gzip.compress(json.dumps({"messageType": kind, "owner": "1", "logGroup": "g", "logEvents": events}).encode())


def _event(body: bytes, **headers: str) -> dict[str, Any]:
    said = {"x-amz-firehose-request-id": "r1", ATTRIBUTES: '{"commonAttributes":{"tenant_id":"acme"}}'}
    return {
        "headers": said | {"content-type": "application/json"} | headers,
        "requestContext": {
            "requestId": "g-1",
            "timeEpoch": 1_764_000_000_123,
            "http": {"method": "POST", "path": "/firehose"},
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _answer(response: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return response["statusCode"], json.loads(response["body"])


def test_cloudwatch_s_log_events_are_logs_under_their_own_ids() -> None:
    """Each log event is a log with its id, message, exact time, and the members of its document as fields."""
    events = [
        {"id": "3656", "timestamp": 1764000000123, "message": 'x\n{"level":"warn"}', "extractedFields": {"a": "1"}},
        {"id": "3657", "timestamp": -1, "message": '{"level":"warn"}'},
        {"id": "3658", "timestamp": 0, "message": ""},
    ]
    shared = {"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g"}
    first, second, third = _read(_cloudwatch(*events))
    fields = shared | {"timestamp": 1764000000123, "extractedFields": {"a": "1"}}
    assert first == Record('x\n{"level":"warn"}', None, "3656", fields, "2025-11-24T16:00:00.123Z", None)
    assert isinstance(second, Record)
    assert (second.event_at, second.severity) == ("1969-12-31T23:59:59.999Z", "warn")
    assert isinstance(third, Record)
    assert (third.text, third.event_at) == ("", "1970-01-01T00:00:00.000Z")


def test_a_control_message_holds_no_log() -> None:
    """The control message with which CloudWatch Logs tests the endpoint gives no log."""
    assert _read(_cloudwatch({"id": "", "timestamp": 1, "message": "CHECK"}, kind="CONTROL_MESSAGE")) == []


def test_other_records_are_lines() -> None:
    """Other records are read line by line, as JSON object or text; ids are made of request id, record and line."""
    found = _read(b'{"message":"a","level":"warn"}\n\nplain\r\n', gzip.compress(b"zipped"), b"[1]", b'{"half')
    assert found == [
        Record("a", None, "r1.0.0", {"level": "warn"}, None, "warn"),
        Record("plain", None, "r1.0.1"),
        Record("zipped", None, "r1.1.0"),
        Record("[1]", None, "r1.2.0"),
        Record('{"half', None, "r1.3.0"),
    ]


def test_common_attributes_name_the_tenant_and_are_kept() -> None:
    """The operator's common attributes name the tenant and are stored with each log."""
    said = {"commonAttributes": {"tenant_id": "acme", "env": "prod"}}
    found = _records(b"a", headers={ATTRIBUTES: json.dumps(said)})
    assert found.tenant_id == "acme"
    assert list(found.records) == [Record("a", None, "r1.0.0", {"common_attributes": {"env": "prod"}})]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"\x1f\x8bbroken", "invalid_gzip"),
        ({"data": "!"}, "invalid_base64"),
        ({"data": "é"}, "invalid_base64"),
        ({"data": 7}, "invalid_record"),
        ({}, "invalid_record"),
        (7, "invalid_record"),
        (b"\xff", "invalid_encoding"),
        (_cloudwatch({"id": "1", "message": 7}), "invalid_record"),
        (_cloudwatch(7), "invalid_record"),
    ],
)
def test_a_record_that_is_none_is_refused_alone(bad: Any, reason: str) -> None:
    """A malformed record is refused, and the records beside it are taken."""
    found = [record.reason if isinstance(record, Rejected) else record.text for record in _read(b"a", bad, b"b")]
    assert found == ["a", reason, "b"]


def test_records_together_stay_under_the_cap_of_one_body() -> None:
    """The size limit of a body holds for all inflated records together."""
    bomb = gzip.compress(b" " * 2_000_000)
    with pytest.raises(Rejected) as caught:
        _read(*[bomb] * 6)
    assert caught.value.reason == "body_too_large"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"[]", {}),
        (b"{}", {}),
        (b'{"requestId":"r","records":7}', {}),
        (_body(b"a", requestId=7), {}),
        (_body(b"a"), {ATTRIBUTES: "nonsense"}),
        (_body(b"a"), {ATTRIBUTES: '{"commonAttributes":7}'}),
    ],
)
def test_what_is_no_request_of_firehose_is_refused_whole(body: bytes, headers: dict[str, str]) -> None:
    """A malformed request is refused whole, because its tenant or the id that identifies retries would be lost."""
    with pytest.raises(Rejected):
        DIALECT.read(Request(headers, {}, body))


def test_success_is_exactly_the_id_and_the_time(ingest: Ingest) -> None:
    """A success has exactly requestId and timestamp, and a retry has the same log ids."""
    for _ in range(2):
        assert _answer(ingest(_event(_body(b"a")))) == (200, {"requestId": "r1", "timestamp": 1_764_000_000_123})
    assert [(m.tenant_id, m.log_id, m.source) for m in ingest.enqueued] == [("acme", "r1.0.0", "firehose")] * 2
    assert _answer(ingest(_event(_body())))[0] == 200


def test_a_refused_record_costs_no_neighbour_and_is_kept_by_firehose(ingest: Ingest) -> None:
    """A partly refused request is a 207, so Firehose keeps it, and the good records have the same ids on a retry."""
    for _ in range(2):
        status, said = _answer(ingest(_event(_body(b"a", 7, b"c"))))
        assert (status, sorted(said)) == (207, ["errorMessage", "requestId", "timestamp"])
        assert said["errorMessage"] == "1 of 3 logs were refused. Log 1: Invalid JSON payload (invalid_record)"
    assert [(m.text, m.log_id) for m in ingest.enqueued] == [("a", "r1.0.0"), ("c", "r1.2.0")] * 2


def test_a_request_of_nothing_good_is_a_400(ingest: Ingest) -> None:
    """A request without a valid log is a 400 with the reason, after which Firehose puts it into its bucket."""
    status, said = _answer(ingest(_event(_body(7))))
    assert (status, said["requestId"]) == (400, "r1")
    assert said["errorMessage"] == "No log was taken. Log 0: Invalid JSON payload (invalid_record)"


@pytest.mark.parametrize("reason", ["body_too_large", "too_many_records", "larger_than_quota", "text_too_large"])
def test_no_refusal_is_a_413(reason: Any) -> None:
    """A refusal is never a 413, after which Firehose would not even keep the request in its backup bucket."""
    response: Any = DIALECT.refuse(Rejected(reason), Request({}, {}, b""))
    assert (WHY[Rejected(reason).reason].status, response["statusCode"]) == (413, 400)
    assert reason in json.loads(response["body"])["errorMessage"]


def test_what_the_queue_did_not_take_is_asked_for_again() -> None:
    """If the queue does not take the logs, the answer is a 503 with Retry-After and an error message."""
    response = Ingest(remaining_ms=1_500)(_event(_body(b"a")))
    status, said = _answer(response)
    assert (status, said["requestId"], response["headers"]["retry-after"]) == (503, "r1", "5")
    assert said["errorMessage"]


def test_refusals_have_firehose_s_form(ingest: Ingest) -> None:
    """A refusal has Firehose's form, with the request id from the header because the body may be broken."""
    status, said = _answer(ingest(_event(b"{")))
    assert (status, said["requestId"], said["timestamp"]) == (400, "r1", 1_764_000_000_123)
    busy = DIALECT.refuse(Rejected("over_quota", 7), Request({}, {}, b""))
    assert (busy["statusCode"], busy["headers"]["retry-after"]) == (429, "7")
