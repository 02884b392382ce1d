"""API Gateway's events become requests."""

import base64
import gzip
from typing import Any

import pytest

from ingest.api.encodings import MAX_BODY_BYTES
from ingest.api.request import Request, from_event
from ingest.contract.errors import Rejected
from tests.unit.ingest.fakes import event


def _reason(given: dict[str, Any]) -> str:
    with pytest.raises(Rejected) as caught:
        from_event(given)
    return caught.value.reason


def _gzipped(body: bytes, encoding: str = "gzip") -> dict[str, Any]:
    return event(body, headers={"content-encoding": encoding})


def test_header_names_are_lower_case_and_values_as_sent() -> None:
    """Whatever case a client or an engine uses, a header is found by its lower-case name."""
    request = from_event({"headers": {"X-TENANT-ID": "Acme", "content-TYPE": "Text/Plain"}})
    assert request.headers == {"x-tenant-id": "Acme", "content-type": "Text/Plain"}


def test_query_parameters_are_as_sent() -> None:
    """Query names are case-sensitive, so that two names that differ in case cannot hide a contradiction."""
    request = from_event({"queryStringParameters": {"tenant_id": "a", "Tenant_ID": "b"}})
    assert request.query == {"tenant_id": "a", "Tenant_ID": "b"}


@pytest.mark.parametrize("given", [{}, {"headers": None, "queryStringParameters": None, "body": None}])
def test_absent_members_are_empty(given: dict[str, Any]) -> None:
    """Members that the gateway leaves out, or that an engine sends as null, are empty."""
    assert from_event(given) == Request({}, {}, b"")


def test_plain_body_is_utf8() -> None:
    """A body that is not marked as base64 is text."""
    assert from_event(event("café 🎉")).body == "café 🎉".encode()


def test_base64_body_is_decoded() -> None:
    """A body that is marked as base64 is decoded."""
    assert from_event(event(b"\x00\xff")).body == b"\x00\xff"


def test_body_that_looks_like_base64_stays_as_it_is_without_the_mark() -> None:
    """A body without the gateway's base64 mark is not decoded, even if it looks like base64."""
    assert from_event({"body": "YQ==", "isBase64Encoded": False}).body == b"YQ=="


@pytest.mark.parametrize("body", ["not base64!", "YQ=", "YQ", "YQ==\n", "Y Q==", "é", "\ud800", "Y===", "-_-_"])
def test_invalid_base64(body: str) -> None:
    """A body that is marked as base64 and is not is refused."""
    assert _reason({"body": body, "isBase64Encoded": True}) == "invalid_base64"


def test_invalid_encoding_of_a_lone_surrogate() -> None:
    """An event's text with a lone surrogate, which UTF-8 cannot encode, is refused."""
    assert _reason({"body": "a\ud800b"}) == "invalid_encoding"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", " gzip "])
def test_gzip_body_is_inflated(encoding: str) -> None:
    """Gzip is recognised under both of its names and in any case."""
    assert from_event(_gzipped(gzip.compress(b"hello"), encoding)).body == b"hello"


@pytest.mark.parametrize("form", ["plain", "base64", "gzip"])
def test_body_of_exactly_the_limit_is_taken(form: str) -> None:
    """A body of 10 MiB is accepted in each form."""
    assert len(from_event(_body_event(MAX_BODY_BYTES, form)).body) == MAX_BODY_BYTES


@pytest.mark.parametrize("over", [1, 2, 3, 1_000])
@pytest.mark.parametrize("form", ["plain", "base64", "gzip"])
def test_body_too_large(form: str, over: int) -> None:
    """A body of one byte more than 10 MiB is refused in each form."""
    assert _reason(_body_event(MAX_BODY_BYTES + over, form)) == "body_too_large"


def test_body_too_large_counts_bytes_not_characters() -> None:
    """The limit of a body counts bytes of UTF-8, so that half as many two-byte characters fill it."""
    fitting = "é" * (MAX_BODY_BYTES // 2)
    assert len(from_event(event(fitting)).body) == MAX_BODY_BYTES
    assert _reason(event(fitting + "a")) == "body_too_large"


def _body_event(body_bytes: int, form: str) -> dict[str, Any]:
    if form == "plain":
        return event("a" * body_bytes)
    if form == "base64":
        return {"body": base64.b64encode(b"a" * body_bytes).decode(), "isBase64Encoded": True}
    return _gzipped(gzip.compress(b"a" * body_bytes))
