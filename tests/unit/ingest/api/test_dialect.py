"""A dialect is one object: added to the list, it alone makes requests in its format work."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from ingest.api import dialects
from ingest.api.respond import json_response
from tests.toy_dialect import DIALECT
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event


@pytest.fixture
def toy() -> Ingest:
    """Return the Lambda with one more dialect."""
    return Ingest(dialects=(*dialects.ALL, DIALECT))


def _toy(body: str, *, method: str = "POST", tenant: str = "globex", **headers: str) -> dict[str, Any]:
    return event(body, None, path=f"/toy/{tenant}", method=method, headers={"x-tenant-id": ""} | headers)


def _said(response: dict[str, Any]) -> tuple[int, Any]:
    return response["statusCode"], json.loads(response["body"])


def test_all_taken_in_its_own_words(toy: Ingest) -> None:
    """An accepted request gets the dialect's own status and body, and its path names the tenant."""
    assert _said(toy(_toy("a\nb"))) == (201, {"took": 2, "bad": 0})
    assert [(m.tenant_id, m.text, m.fields) for m in toy.enqueued] == [
        ("globex", "a", {"toy": 1}),
        ("globex", "b", {"toy": 1}),
    ]


def test_some_refused(toy: Ingest) -> None:
    """A bad record does not affect its neighbours."""
    assert _said(toy(_toy("a\nbad\nb"))) == (201, {"took": 2, "bad": 1})
    assert [m.text for m in toy.enqueued] == ["a", "b"]


def test_all_refused(toy: Ingest) -> None:
    """The dialect decides how to answer a request whose records are all refused."""
    assert _said(toy(_toy("bad"))) == (201, {"took": 0, "bad": 1})


def test_empty_is_what_the_dialect_says(toy: Ingest) -> None:
    """The dialect decides how to answer an empty request; this one calls it a success."""
    assert _said(toy(_toy(""))) == (201, {"took": 0, "bad": 0})
    assert (toy.sqs.calls, toy.kinesis.records) == ([], [])


def test_a_log_of_empty_text_is_taken(toy: Ingest) -> None:
    """A dialect accepts an empty text unless it says otherwise, and its logs have the dialect's own source."""
    assert _said(toy(_toy("a\n\nb"))) == (201, {"took": 3, "bad": 0})
    assert [(m.text, m.source) for m in toy.enqueued] == [("a", "toy"), ("", "toy"), ("b", "toy")]


def test_not_enqueued_with_its_own_status(toy: Ingest) -> None:
    """If the queue fails, this dialect answers 503 although `/ingest` answers 500."""
    toy.sqs.always = ClientError({"Error": {"Code": "AccessDenied"}}, "SendMessageBatch")
    assert _said(toy(_toy("a"))) == (503, {"took": 0, "bad": 0})


def test_refused_request(toy: Ingest) -> None:
    """A refusal has the dialect's form, also if the body could not be read."""
    assert _said(toy(_toy("a", tenant="not valid"))) == (400, {"no": "invalid_tenant"})
    assert _said(toy(_toy("a", **{"x-tenant-id": "acme"}))) == (400, {"no": "tenant_mismatch"})
    assert _said(toy(_toy("a", **{"content-encoding": "br"}))) == (400, {"no": "unsupported_content_encoding"})


def test_bad_credentials_and_a_used_up_quota(toy: Ingest) -> None:
    """Bad credentials and a used-up quota are refused, and so is a path with another tenant than the key's."""
    toy.with_settings(authentication="api_key", tenant_logs_per_minute=10)
    assert _said(toy(_toy("a"))) == (401, {"no": "missing_credentials"})
    assert _said(toy(_toy("a", authorization="Splunk nobody"))) == (401, {"no": "unknown_credentials"})
    assert _said(toy(_toy("a", **{"x-api-key": "acme-key"}))) == (403, {"no": "tenant_forbidden"})
    given = _toy("a", **{"dd-api-key": "globex-key"})
    toy.dynamodb.error = ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")
    assert _said(toy(given)) == (429, {"no": "over_quota"})


def test_handshake_touches_nothing(toy: Ingest) -> None:
    """A handshake is answered at once, and nothing is read or stored."""
    assert _said(toy(_toy("", method="GET"))) == (200, {"hello": "globex"})
    assert (toy.sqs.calls, toy.kinesis.records, toy.written) == ([], [], [])


def test_the_first_dialect_is_as_before(toy: Ingest) -> None:
    """A further dialect in the list changes nothing for the first one."""
    assert toy(event('"a"'))["statusCode"] == 202


def test_what_read_lays_aside_reaches_the_answer() -> None:
    """Data that `read` puts aside for the answer, such as the names of bulk actions, reaches the answer."""
    dialect = DIALECT._replace(
        read=lambda request: replace(DIALECT.read(request), aside=len(request.body)),
        answer=lambda parsed, _, __: json_response(200, {"aside": parsed.aside}),
    )
    assert _said(Ingest(dialects=(dialect,))(_toy("a\nb"))) == (200, {"aside": 3})
