"""One request from event to answer, with its responses and log lines; AWS is replaced by fakes."""

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from consumer.replay.aggregated_record import AggregatedRecord
from ingest.contract.errors import REJECT_REASONS, Rejected, RejectReason
from ingest.contract.kpl import DIGEST_SIZE, MAGIC
from ingest.contract.message import decode
from tests.clock import Clock
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.emf_schema import violations
from tests.unit.ingest.fakes import event, take_all

Lines = Callable[[], list[dict[str, Any]]]
_SECRET = "s3cret-marker"
_THROTTLED = ClientError(
    {"Error": {"Code": "ThrottlingException", "Message": _SECRET}, "ResponseMetadata": {"HTTPStatusCode": 400}},  # type: ignore[typeddict-item] # botocore sets more
    "Operation",
)


def _body(response: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response["body"])
    return body


def test_one_log_is_enqueued_streamed_and_answered(ingest: Ingest) -> None:
    """A log gets a 202 with four members, and queue and stream hold the same message."""
    response = ingest(event('{"tenant_id":"acme","text":"hello"}', headers={"X-Tenant-ID": "acme"}))
    (message,) = ingest.enqueued
    assert response["statusCode"] == 202
    assert _body(response) == {
        "status": "enqueued",
        "tenant_id": "acme",
        "log_id": message.log_id,
        "request_id": "request-1",
    }
    assert (message.tenant_id, message.text, message.source) == ("acme", "hello", "json_upload")
    assert message.stream_pending is False
    assert _on_stream(ingest) == [message]


def test_generated_log_ids_differ(ingest: Ingest) -> None:
    """Two logs never share a generated id."""
    ingest(event('["a","b"]'))
    ingest(event('["a","b"]'))
    assert len({message.log_id for message in ingest.enqueued}) == 4


def test_received_at_is_utc_with_milliseconds(ingest: Ingest) -> None:
    """The time of receipt is RFC 3339 in UTC with milliseconds."""
    ingest(event('"a"'))
    assert _is_rfc3339(ingest.enqueued[0].received_at)


def test_batch_is_answered_with_each_record_s_fate(ingest: Ingest) -> None:
    """A batch's good records are accepted although others are refused."""
    response = ingest(event('[{"text":"a","log_id":"l-1"},{"text":""},{"msg":"c","log_id":"l-3"}]'))
    assert response["statusCode"] == 202
    assert _body(response) == {
        "status": "enqueued",
        "accepted": 2,
        "log_ids": ["l-1", "l-3"],
        "rejected": [{"index": 1, "reason": "empty_text", "detail": "text is empty."}],
        "request_id": "request-1",
    }


def test_a_reused_idempotency_key_is_no_refusal(ingest: Ingest) -> None:
    """A second body under a used key gets a 202 with the same log_ids, and both texts reach queue and stream."""
    headers = {"idempotency-key": "k"}
    answers = [ingest(event(body, headers=headers)) for body in ('["a","b"]', '["a","c"]')]
    assert [answer["statusCode"] for answer in answers] == [202, 202]
    assert _body(answers[0])["log_ids"] == _body(answers[1])["log_ids"]
    assert [message.text for message in ingest.enqueued] == ["a", "b", "a", "c"]
    assert [message.text for message in _on_stream(ingest)] == ["a", "b", "a", "c"]


def test_retry_with_an_idempotency_key_has_the_same_log_ids(ingest: Ingest) -> None:
    """A retry with an Idempotency-Key has the same log_ids, so that the consumer stores its logs once."""
    headers = {"idempotency-key": "k"}
    answers = [_body(ingest(event('["a","b"]', headers=headers)))["log_ids"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(set(answers[0])) == 2


def test_health(ingest: Ingest, lines: Lines) -> None:
    """The health check makes no call and writes no line."""
    response = ingest(event(None, path="/health", method="GET"))
    assert (response["statusCode"], response["body"]) == (200, '{"status":"ok"}')
    assert (ingest.sqs.calls, ingest.kinesis.records, lines()) == ([], [], [])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/anything/health"),
        ("POST", "/health"),
        ("GET", "/ingest"),
        ("POST", "/ingest/"),
        ("POST", "/other"),
        ("POST", "/t/acme/health"),
    ],
)
def test_what_no_dialect_answers_is_a_404(method: str, path: str, ingest: Ingest) -> None:
    """A method and path without a route get a 404, and nothing is read, sent or written."""
    response = ingest(event('{"text":"a"}', path=path, method=method))
    assert response["statusCode"] == 404
    assert _body(response).keys() == {"detail", "request_id"}
    assert "POST /ingest" in _body(response)["detail"]
    assert (ingest.sqs.calls, ingest.kinesis.records, ingest.written) == ([], [], [])


def _of(key: str, body: str = '{"text":"a"}') -> dict[str, Any]:
    return event(body, headers={"x-tenant-id": "", "x-api-key": key})


def test_log_of_an_authorized_caller_is_counted_against_its_quota(ingest: Ingest, lines: Lines) -> None:
    """A log counts against its key's tenant; if the quota table fails, the log is taken and the line says so."""
    ingest.with_settings(authentication="api_key", tenant_logs_per_minute=10)
    assert ingest(_of("acme-key"))["statusCode"] == 202
    (update,) = ingest.dynamodb.updates
    assert update["ExpressionAttributeValues"][":logs"] == {"N": "1"}
    assert ingest.enqueued[0].tenant_id == "acme"
    ingest.dynamodb.error = _THROTTLED
    assert ingest(_of("acme-key"))["statusCode"] == 202
    written = lines()
    assert [line.get("quota_failure") for line in written] == [None, "ThrottlingException"]
    assert {line["key_id"] for line in written} == {"id-of-acme"}


@pytest.mark.parametrize("body", ['{"text":"', '[{"text":""},{"text":""}]'])
def test_a_refused_request_uses_up_bytes(ingest: Ingest, body: str) -> None:
    """A refused request uses up its tenant's bytes, and beyond the quota any request is a 429."""
    ingest.with_settings(authentication="api_key", tenant_bytes_per_minute=1_000)
    given = _of("acme-key", body)
    assert ingest(given)["statusCode"] == 400
    (update,) = ingest.dynamodb.updates
    values = update["ExpressionAttributeValues"]
    assert (values[":logs"], values[":bytes"]) == ({"N": "0"}, {"N": str(len(body))})
    ingest.dynamodb.error = ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")
    assert ingest(given)["statusCode"] == 429
    assert ingest.sqs.calls == []


def test_tenant_forbidden_without_an_authorizer(ingest: Ingest) -> None:
    """If the stack asks for tokens and the route has no authorizer, all requests are refused (I4), keys or not."""
    ingest.with_settings(authentication="jwt")
    response = ingest(_of("acme-key"))
    assert (response["statusCode"], _body(response)["reason"]) == (403, "tenant_forbidden")
    assert ingest.sqs.calls == []


def test_a_token_sends_as_its_tenant(ingest: Ingest) -> None:
    """A request with a token is its tenant's, according to the claims that the gateway verified."""
    ingest.with_settings(authentication="jwt")
    given = _of("")
    given["requestContext"]["authorizer"] = {"jwt": {"claims": {"tenant_id": "acme", "scope": "openid write"}}}
    assert ingest(given)["statusCode"] == 202
    assert ingest.enqueued[0].tenant_id == "acme"
    given["requestContext"]["authorizer"]["jwt"]["claims"]["scope"] = "openid"
    assert _body(ingest(given))["reason"] == "forbidden_scope"


_BOMB = gzip.compress(bytes(11_000_000))


@pytest.mark.parametrize(
    ("key", "reason"),
    [("", "missing_credentials"), ("nobody", "unknown_credentials"), ("acme-reads", "forbidden_scope")],
)
def test_refused_credentials(key: str, reason: RejectReason, ingest: Ingest, lines: Lines) -> None:
    """Bad credentials give their reason; the body is not read, and no line or answer holds the key."""
    ingest.with_settings(authentication="api_key", tenant_logs_per_minute=10)
    given = event(_BOMB, headers={"content-encoding": "gzip", "x-api-key": key})
    response = ingest(given)
    assert response["statusCode"] == Rejected(reason).status
    assert _body(response)["reason"] == reason
    (line,) = lines()
    assert (line["reason"], line["rejected"]) == (reason, 1)
    assert (ingest.sqs.calls, ingest.kinesis.records, ingest.dynamodb.updates) == ([], [], [])


def test_credentials_unchecked_come_again(ingest: Ingest) -> None:
    """If the table of keys fails, nobody is let in, and the answer is a 503 with Retry-After."""
    ingest.with_settings(authentication="api_key")
    ingest.dynamodb.lookup_error = _THROTTLED
    response = ingest(_of("acme-key"))
    assert (response["statusCode"], response["headers"]["retry-after"]) == (503, "5")
    assert _body(response)["detail"] == "The credentials can't be checked now. Try again in 5 s."
    assert ingest.sqs.calls == []


@pytest.mark.parametrize(
    "path", ["/t/acme/ingest", "/t/acme/k/acme-key/ingest", "/t/globex/ingest", "/t/globex/k/acme-key/ingest"]
)
def test_a_prefix_names_tenant_and_key(path: str, ingest: Ingest) -> None:
    """The path's prefix may give tenant and key, and the tenant must be the key's."""
    ingest.with_settings(authentication="api_key")
    headers = {"x-tenant-id": ""} | ({} if "/k/" in path else {"x-api-key": "acme-key"})
    response = ingest(event('{"text":"a"}', path=path, headers=headers))
    assert response["statusCode"] == (202 if "acme/" in path else 403)
    assert [message.tenant_id for message in ingest.enqueued] == ["acme"] * ("/t/acme" in path)


def test_over_quota_is_a_429_with_the_time_of_the_next_minute(ingest: Ingest, lines: Lines) -> None:
    """Beyond the quota the answer is a 429 with Retry-After, and the line names reason and tenant."""
    ingest.with_settings(authentication="api_key", tenant_logs_per_minute=10)
    ingest.dynamodb.error = ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")
    response = ingest(_of("acme-key"))
    wait_s = response["headers"]["retry-after"]
    assert response["statusCode"] == 429
    assert 1 <= int(wait_s) <= 60
    assert _body(response) == {
        "detail": f"The tenant's quota of this minute is used up. Try again in {wait_s} s.",
        "reason": "over_quota",
        "request_id": "request-1",
    }
    (line,) = lines()
    assert (line["reason"], line["rejected"], line["tenants"]) == ("over_quota", 1, {"acme": 1})
    assert (ingest.sqs.calls, ingest.kinesis.records) == ([], [])


_REFUSED: dict[RejectReason, dict[str, Any]] = {
    "body_too_large": event(b"a" * 10_485_761, "text/plain"),
    "empty_batch": event("[]"),
    "empty_text": event('{"text":""}'),
    "invalid_base64": event('{"text":"a"}') | {"isBase64Encoded": True},
    "invalid_encoding": event(b"\xff", "text/plain"),
    "invalid_fields": event('{"text":"a","":1}'),
    "damaged_compression": event("\x1f\ufffd", headers={"content-encoding": "gzip"}),
    "invalid_compression": event(b"\xff", headers={"content-encoding": "zstd"}),
    "invalid_gzip": event(b"\x1f\x8b", headers={"content-encoding": "gzip"}),
    "invalid_idempotency_key": event('{"text":"a"}', headers={"idempotency-key": "a b"}),
    "invalid_json": event("{"),
    "invalid_log_id": event('{"text":"a","log_id":"a b"}'),
    "invalid_record": event("7"),
    "invalid_tenant": event('{"text":"a"}', headers={"x-tenant-id": "a,b"}),
    "missing_tenant": event('{"text":"a"}', headers={"x-tenant-id": ""}),
    "missing_text": event("{}"),
    "no_valid_records": event("[7]"),
    "tenant_mismatch": event('{"text":"a","tenant_id":"other"}'),
    "text_too_large": event("a" * 170_001, "text/plain"),
    "too_many_records": event("[" + "1," * 20_000 + "1]"),
    "unsupported_content_encoding": event('{"text":"a"}', headers={"content-encoding": "br"}),
    "unsupported_content_type": event("a", "multipart/form-data"),
}


_OF_A_PRINCIPAL = {  # These need a stack with authentication.
    *("larger_than_quota", "over_quota", "tenant_forbidden"),
    *("missing_credentials", "unknown_credentials", "forbidden_scope", "credentials_unchecked"),
}
_OF_OTHER_DIALECTS = {"invalid_protobuf"}  # tests/unit/ingest/api/dialects


def test_every_reason_is_provoked_here() -> None:
    """The table above has all reasons of the closed list."""
    assert set(_REFUSED) == set(REJECT_REASONS) - _OF_A_PRINCIPAL - _OF_OTHER_DIALECTS


@pytest.mark.parametrize("reason", _REFUSED)
def test_refused_request_leaves_nothing_but_its_reason(reason: RejectReason, ingest: Ingest, lines: Lines) -> None:
    """Each reason has its status, detail and metric, and queue and stream are not called (I2)."""
    response = ingest(_REFUSED[reason])
    assert response["statusCode"] == Rejected(reason).status
    assert _body(response)["detail"] == Rejected(reason).detail
    assert _body(response)["reason"] == reason
    assert _body(response)["request_id"] == "request-1"
    assert (ingest.sqs.calls, ingest.kinesis.records) == ([], [])
    counted = {line["reason"]: line["rejected"] for line in lines() if "rejected" in line}
    assert counted == ({"invalid_record": 1} if reason == "no_valid_records" else {reason: 1})


@pytest.mark.parametrize("body", ['"a"', b'"a"', gzip.compress(b'"a"')])
def test_body_in_each_form(body: str | bytes, ingest: Ingest) -> None:
    """A plain, a base64 and a gzip body give the same log."""
    headers = {"content-encoding": "gzip"} if body[:2] == b"\x1f\x8b" else {}
    assert ingest(event(body, headers=headers))["statusCode"] == 202
    assert ingest.enqueued[0].text == "a"


def test_sqs_refusal_is_a_500_with_retry_after(ingest: Ingest, lines: Lines) -> None:
    """If SQS refuses, the answer is a 500 with Retry-After and the log_id for the retry."""
    ingest.sqs.always = _THROTTLED
    ingest.remaining_ms = 1_600
    response = ingest(event('{"text":"a","log_id":"l-1"}'))
    assert response["statusCode"] == 500
    assert response["headers"]["retry-after"] == "5"
    assert _body(response) == {
        "detail": "Failed to enqueue message",
        "reason": "enqueue_failed",
        "request_id": "request-1",
        "tenant_id": "acme",
        "log_id": "l-1",
    }
    (line,) = lines()
    assert (line.get("accepted"), line["enqueue_failures"], line["level"]) == (None, 1, "error")
    assert line["refusals"]["sqs:ThrottlingException"] >= 1


def test_sqs_that_takes_a_part_gives_each_record_s_state(ingest: Ingest) -> None:
    """If SQS takes a part, the answer says which records to send again, and under which log_ids."""

    def half(entries: Any) -> dict[str, Any]:
        failed = [{"Id": e["Id"], "Code": "InternalError", "SenderFault": True} for e in entries if int(e["Id"]) % 2]
        return take_all([e for e in entries if not int(e["Id"]) % 2]) | {"Failed": failed}

    ingest.sqs.always = half
    records = [{"text": "x", "log_id": f"l-{i}"} for i in range(4)]
    response = ingest(event(json.dumps([7, *records])))
    assert response["statusCode"] == 500
    assert response["headers"]["retry-after"] == "5"
    body = _body(response)
    assert body["accepted"] == 2
    assert body["log_ids"] == ["l-0", "l-2"]
    assert body["failed"] == [{"index": 2, "log_id": "l-1"}, {"index": 4, "log_id": "l-3"}]
    assert [refused["index"] for refused in body["rejected"]] == [0]


@pytest.mark.parametrize("error", [_THROTTLED, ReadTimeoutError(endpoint_url="x")])
def test_kinesis_refusal_is_a_202_and_the_queue_message_says_so(error: Exception, ingest: Ingest, lines: Lines) -> None:
    """If Kinesis refuses, the answer is a 202, and the queue's message tells the consumer to put it on the stream."""
    ingest.kinesis.error = error
    assert ingest(event('["a","b"]'))["statusCode"] == 202
    assert [(message.text, message.stream_pending) for message in ingest.enqueued] == [("a", True), ("b", True)]
    (line,) = lines()
    assert (line["accepted"], line["stream_failures"], line["level"]) == (2, 2, "warning")


def test_kinesis_is_not_waited_for_beyond_its_budget(ingest: Ingest) -> None:
    """A stream that throttles for ever costs only its budget (50 ms here), however much time Lambda has."""
    ingest.kinesis.error = _THROTTLED
    ingest.remaining_ms = 30_000
    clock = Clock()
    ingest.timing = clock.time(jitter=lambda: 0.1)
    assert ingest(event('"a"'))["statusCode"] == 202
    assert 0 < clock.elapsed_s < 0.05


def test_lambda_without_time_left_answers_500(ingest: Ingest) -> None:
    """Without time left nothing is sent, and the answer is a 500."""
    ingest.remaining_ms = 1_000
    assert ingest(event('"a"'))["statusCode"] == 500
    assert ingest.sqs.calls == []


def test_lines_are_emf_and_name_the_request(ingest: Ingest) -> None:
    """CloudWatch accepts each line; each has the gateway's request id, and after a refusal Lambda's too."""
    ingest(event('["a",7,""]'))
    ingest(event("{"))
    assert len(ingest.written) == 4
    for line in ingest.written:
        assert violations(line) == []
        root = json.loads(line)
        assert root["request_id"] == "request-1"
        assert root.get("lambda_request_id") == ("lambda-1" if root.get("rejected") else None)


@pytest.mark.parametrize("failure", ["none", "sqs", "kinesis", "rejected"])
def test_no_line_holds_a_log_s_text(failure: str, ingest: Ingest) -> None:
    """Whatever happens to a log, its text, fields and id stay out of the log lines."""
    ingest.remaining_ms = 1_550
    if failure == "sqs":
        ingest.sqs.always = _THROTTLED
    if failure == "kinesis":
        ingest.kinesis.error = _THROTTLED
    record = {"text": _SECRET, "log_id": _SECRET, _SECRET: _SECRET}
    if failure == "rejected":
        ingest(event(json.dumps({"text": _SECRET, "tenant_id": f"{_SECRET} /"})))
        ingest(event(f'{{"text":"{_SECRET}'))
        ingest(event(json.dumps([record | {"log_id": f"{_SECRET} "}, {_SECRET: _SECRET}])))
    else:
        ingest(event(json.dumps([record, record])))
    assert ingest.written
    assert _SECRET not in "".join(ingest.written)


def test_lines_of_a_large_failure_stay_small(ingest: Ingest) -> None:
    """If SQS refuses 20,000 logs, the line stays below 256 KiB, where CloudWatch cuts events."""
    ingest.sqs.always = _THROTTLED
    ingest.remaining_ms = 1_800
    assert ingest(event(json.dumps(["x"] * 20_000)))["statusCode"] == 500
    assert max(map(len, ingest.written)) < 10_000


def _on_stream(ingest: Ingest) -> list[Any]:
    found = []
    for record in ingest.kinesis.records:
        data = record["Data"]
        assert data.startswith(MAGIC)
        aggregated = AggregatedRecord.FromString(data[len(MAGIC) : -DIGEST_SIZE])
        found += [decode(user_record.data) for user_record in aggregated.records]
    return found


def _is_rfc3339(timestamp: str) -> bool:
    parsed = datetime.fromisoformat(timestamp)
    return (
        timestamp.endswith("Z")
        and len(timestamp) == len("2026-11-24T05:40:00.000Z")
        and parsed.utcoffset() == timedelta(0)
    )
