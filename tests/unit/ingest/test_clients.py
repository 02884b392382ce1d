"""Requests of real clients (tests/events/ingest) are accepted unchanged."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.ingest.conftest import Ingest

_FILES = sorted((Path(__file__).parents[2] / "events" / "ingest").glob("*.json"))
_CLIENTS = ("curl", "fluent_bit", "pino_http_send", "syslog_ng", "vector", "winston")


def _other_form(event: dict[str, Any]) -> dict[str, Any] | None:
    """Return the event as another gateway would send it, with or without base64; None if there is no such form."""
    if not event["isBase64Encoded"]:
        return event | {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}
    try:
        return event | {"body": base64.b64decode(event["body"]).decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:  # gzip
        return None


@pytest.mark.parametrize("client", _CLIENTS)
def test_there_are_requests_of_each_client(client: str) -> None:
    """The folder has a request of each client that the README names."""
    assert any(path.name.startswith(client) for path in _FILES)


@pytest.mark.parametrize("path", _FILES, ids=[path.stem for path in _FILES])
def test_request_of_a_real_client_is_accepted_as_it_is(path: Path, ingest: Ingest) -> None:
    """A request gets its 202 with all logs in order, in each form in which a gateway sends the body."""
    case = json.loads(path.read_text())
    assert case["captured"]
    for event in (case["event"], _other_form(case["event"])):
        if event is None:
            continue
        ingest.sqs.calls.clear()
        response = ingest(event)
        answer = json.loads(response["body"])
        assert response["statusCode"] == 202, answer
        assert [message.text for message in ingest.enqueued] == case["texts"]
        assert {message.tenant_id for message in ingest.enqueued} == {"acme"}
        if case["is_batch"]:
            assert (answer["accepted"], answer["rejected"]) == (len(case["texts"]), [])
        else:
            assert answer["log_id"] == ingest.enqueued[0].log_id


def test_structured_members_are_kept_as_fields(ingest: Ingest) -> None:
    """The members that winston and pino send beside the message are kept as fields."""
    expected: dict[str, dict[str, Any]] = {
        "winston_single": {"level": "info", "phone": "555-0199", "user": "bob"},
        "pino_http_send_json": {"level": 30, "pid": 4711, "hostname": "web-1"},
        "syslog_ng_ndjson": {"program": "app", "priority": "info", "host": "localhost"},
        "fluent_bit_json_lines": {"stream": "stdout"},
    }
    for name, fields in expected.items():
        ingest.sqs.calls.clear()
        ingest(next(json.loads(path.read_text())["event"] for path in _FILES if path.stem == name))
        assert fields.items() <= (ingest.enqueued[0].fields or {}).items(), name
