"""Helpers for the tests of records: they build the body of one request and return the reason for its refusal."""

import json
from typing import Any

import pytest

from ingest.contract.errors import Rejected
from tests.unit.ingest.fakes import parsed


def as_json(value: Any) -> bytes:
    """Return the value as a body."""
    return json.dumps(value, ensure_ascii=False).encode()


def record_with(**members: Any) -> bytes:
    """Return a record with a text."""
    return as_json({"text": "hello"} | members)


def reason_of(body: bytes, content_type: str | None = "application/json", **request_arguments: Any) -> str:
    """Return why the request is refused."""
    with pytest.raises(Rejected) as caught:
        parsed(body, content_type, **request_arguments)
    return caught.value.reason
