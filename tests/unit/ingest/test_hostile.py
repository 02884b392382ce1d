"""Hostile requests (tests/golden/hostile_requests.jsonl): each gets its 202 or its 4xx, and never an exception.

A case has `text` (a UTF-8 body), `hex` (a body of bytes) or `event_body` (a body that says it is base64), with
`content_type` (JSON when absent) and `headers`; and what is due: the `reason` of its 4xx, or `status` 202 with the
`accepted` texts.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import Rejected
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event

_CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "golden" / "hostile_requests.jsonl").read_text().splitlines()
]


def _event(case: dict[str, Any]) -> dict[str, Any]:
    body = bytes.fromhex(case["hex"]) if "hex" in case else case.get("text", case.get("event_body"))
    made = event(body, case.get("content_type", "application/json"), headers=case.get("headers"))
    return made | {"isBase64Encoded": True} if "event_body" in case else made


def _is_xml(character: str) -> bool:
    """Whether SQS takes the character (SendMessage API reference: XML 1.0's characters)."""
    ranges = ((" ", "\ud7ff"), ("\ue000", "\ufffd"), ("\U00010000", "\U0010ffff"))
    return character in "\t\n\r" or any(first <= character <= last for first, last in ranges)


@pytest.mark.parametrize("case", _CASES, ids=[case["name"] for case in _CASES])
def test_hostile_request_gets_its_answer(case: dict[str, Any], ingest: Ingest) -> None:
    """The expected answer; accepted text comes back from the queue equal to the byte, in characters SQS takes."""
    response = ingest(_event(case))
    answer = json.loads(response["body"])
    if "reason" in case:
        assert (response["statusCode"], answer["reason"]) == (Rejected(case["reason"]).status, case["reason"])
        assert (ingest.sqs.calls, ingest.kinesis.records) == ([], [])
        return
    assert response["statusCode"] == 202, answer
    assert [message.text for message in ingest.enqueued] == case["accepted"]
    for body in ingest.sqs.bodies:
        assert all(map(_is_xml, body))


@pytest.mark.parametrize("case", _CASES, ids=[case["name"] for case in _CASES])
def test_hostile_request_leaves_lines_of_json(case: dict[str, Any], ingest: Ingest, lines: Any) -> None:
    """No input breaks a log line in two, or adds one."""
    ingest(_event(case))
    assert {line["request_id"] for line in lines()} == {"request-1"}
