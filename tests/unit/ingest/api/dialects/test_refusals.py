"""Each dialect tells every refusal in its own format, in the place where its clients look for the reason."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from ingest.api import dialects
from ingest.api.encodings import MAX_BODY_BYTES
from ingest.api.request import Request
from ingest.api.routes import Routes
from ingest.contract.errors import REJECT_REASONS, WHY, Rejected
from tests.unit.ingest.api.dialects.planted import SAMPLES
from tests.unit.ingest.api.otlp.published import CLASSES
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event

_PASSES = {"over_quota", "credentials_unchecked"}
_HOSTED = ("Loggly", "LogDNA", "LogScale", "Coralogix", "Honeycomb", "OpenObserve", "Logflare", "Sumo Logic")


def _json(answer: dict[str, Any], members: set[str]) -> Any:
    assert answer["headers"]["content-type"] == "application/json"
    said = json.loads(answer["body"])
    assert said.keys() == members
    return said


def _text(answer: dict[str, Any]) -> str:
    assert answer["headers"]["content-type"] == "text/plain"
    return str(answer["body"])


def _elasticsearch(answer: dict[str, Any]) -> str:
    assert answer["headers"]["x-elastic-product"] == "Elasticsearch"
    said = _json(answer, {"error", "status"})
    assert said["status"] == answer["statusCode"]
    assert said["error"]["root_cause"] == [{name: said["error"][name] for name in ("type", "reason")}]
    assert said["error"]["type"].endswith("_exception")
    return str(said["error"]["reason"])


def _firehose(answer: dict[str, Any]) -> str:
    said = _json(answer, {"requestId", "timestamp", "errorMessage"})
    return str(said["errorMessage"])


def _otlp_json(answer: dict[str, Any]) -> str:
    said = _json(answer, {"code", "message"})
    assert isinstance(said["code"], int)
    return str(said["message"])


def _otlp_protobuf(answer: dict[str, Any]) -> str:
    assert answer["headers"]["content-type"] == "application/x-protobuf"
    status = CLASSES["Status"].FromString(base64.b64decode(answer["body"]))
    assert status.code
    return str(status.message)


def _splunk(answer: dict[str, Any]) -> str:
    said = _json(answer, {"text", "code"})
    assert said["code"] in {2, 4, 5, 6, 9, 12, 13}
    return str(said["text"])


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "/ingest": lambda answer: str(_json(answer, {"detail", "reason", "request_id"})["detail"]),
    "Axiom": lambda answer: str(_json(answer, {"code", "message"})["message"]),
    "Datadog v1": lambda answer: str(_json(answer, {"code", "message"})["message"]),
    "Datadog": lambda answer: str(_json(answer, {"errors"})["errors"][0]["detail"]),
    "Elasticsearch": _elasticsearch,
    "Firehose": _firehose,
    "GELF": lambda answer: str(_json(answer, {"message"})["message"]),
    "journal": _text,
    "Logtail": lambda answer: str(_json(answer, {"errors"})["errors"][0]),
    "Loki": _text,
    "New Relic": lambda answer: str(_json(answer, {"requestId", "error"})["error"]),
    "OTLP, protobuf": _otlp_protobuf,
    "OTLP before 1.0, protobuf": _otlp_protobuf,
    "OTLP": _otlp_json,
    "Seq": lambda answer: str(_json(answer, {"Error"})["Error"]),
    "Splunk HEC": _splunk,
    **dict.fromkeys(_HOSTED, lambda answer: str(_json(answer, {"status", "error"})["error"])),
}


def _said(name: str, answer: dict[str, Any]) -> str:
    """Return the reason as the dialect's clients read it, by the first form that the sample's name begins with."""
    return next(read for start, read in _WORDS.items() if name.startswith(start))(answer)


def test_every_sample_has_its_words() -> None:
    """Each sample belongs to a dialect whose form of refusal is tested here."""
    assert [name for name in SAMPLES if not name.startswith(tuple(_WORDS))] == []


def _status(name: str, status: int) -> int:
    """Return the dialect's status for that of a reason: Firehose keeps nothing of a request that is answered 413."""
    return 400 if name.startswith("Firehose") and status == 413 else status


@pytest.mark.parametrize("name", SAMPLES)
def test_every_reason_has_its_words(name: str) -> None:
    """Each reason has its status, its detail and, if a retry can help, Retry-After in the dialect's form."""
    sample = SAMPLES[name]
    match = Routes(dialects.ALL).find(event("", path=sample.path))  # type: ignore[arg-type] # a test's event
    assert match is not None
    headers = {"content-type": sample.content_type}
    for reason in REJECT_REASONS:
        rejected = Rejected(reason, 7 if reason in _PASSES else None)
        answer: dict[str, Any] = dict(
            match.dialect.refuse(rejected, Request(headers, {}, b"", match.path, match.parameters, "r"))
        )
        said = _said(name, answer)
        assert answer["headers"].get("retry-after") == ("7" if reason in _PASSES else None)
        assert 400 <= answer["statusCode"] < 500 or reason == "credentials_unchecked"
        if name != "Splunk HEC":  # Splunk has sentences of its own, which clients know by their codes.
            assert rejected.detail in said, reason
        if name != "Splunk HEC" and not (name.startswith("OTLP") and reason == "unsupported_content_type"):
            assert answer["statusCode"] == _status(name, WHY[reason].status), reason


@pytest.mark.parametrize("name", SAMPLES)
def test_bodies_that_are_none_are_refused_in_its_words(name: str, ingest: Ingest) -> None:
    """An unsupported encoding, broken gzip, a too large body and a bad tenant are refused in the dialect's form."""
    sample = SAMPLES[name]
    body = sample.write(sample.tree)
    large = gzip.compress(bytes(MAX_BODY_BYTES + 1), 1)
    for status, sent, headers in (
        (400, body, {"content-encoding": "br"}),
        (400, b"\x1f\x8bno gzip", {"content-encoding": "gzip"}),
        (413, large, {"content-encoding": "gzip"}),
        (400, body, {"x-tenant-id": "no tenant"}),
    ):
        answer = ingest(event(sent, sample.content_type, path=sample.path, headers=headers))
        assert answer["statusCode"] == _status(name, status), (headers, answer)
        assert _said(name, answer)
    assert ingest.enqueued == []


@pytest.mark.parametrize("name", SAMPLES)
def test_bad_credentials_are_refused_in_its_words(name: str, ingest: Ingest) -> None:
    """No key and an unknown key are a 401 (Splunk: an unknown one is a 403), and a key that only reads is a 403."""
    sample = SAMPLES[name]
    ingest.with_settings(authentication="api_key", access_table_name="access")
    body = sample.write(sample.tree)
    unknown = 403 if name == "Splunk HEC" else 401
    for status, headers in ((401, {}), (unknown, {"x-api-key": "nobody"}), (403, {"x-api-key": "acme-reads"})):
        in_path = "key" in _parameters(sample.path) and not headers
        answer = ingest(event(body, sample.content_type, path=sample.path, headers=headers))
        assert answer["statusCode"] == (unknown if in_path else status), (headers, answer)
        assert _said(name, answer)
    assert ingest.enqueued == []


def _parameters(path: str) -> Any:
    match = Routes(dialects.ALL).find(event("", path=path))  # type: ignore[arg-type] # a test's event
    return match.parameters if match else {}
