"""Each hostile request (tests/unit/ingest/hostile.py) gets its 202 or its 4xx, and never an exception."""

import json
from typing import Any

import pytest

from ingest.contract.errors import Rejected
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.hostile import CASES, Case


def _is_xml(character: str) -> bool:
    """Whether SQS accepts the character (SendMessage API reference: XML 1.0's characters)."""
    ranges = ((" ", "\ud7ff"), ("\ue000", "\ufffd"), ("\U00010000", "\U0010ffff"))
    return character in "\t\n\r" or any(first <= character <= last for first, last in ranges)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_hostile_request_gets_its_answer(case: Case, ingest: Ingest) -> None:
    """A hostile request gets its expected answer, and accepted text is in the queue unchanged, in valid characters."""
    response = ingest(case.event())
    answer = json.loads(response["body"])
    if case.reason is not None:
        assert (response["statusCode"], answer["reason"]) == (Rejected(case.reason).status, case.reason)
        assert (ingest.sqs.calls, ingest.kinesis.records) == ([], [])
        return
    assert response["statusCode"] == 202, answer
    assert tuple(message.text for message in ingest.enqueued) == case.accepted
    for body in ingest.sqs.bodies:
        assert all(map(_is_xml, set(body)))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_hostile_request_leaves_lines_of_json(case: Case, ingest: Ingest, lines: Any) -> None:
    """No input breaks a log line in two or adds one."""
    ingest(case.event())
    assert {line["request_id"] for line in lines()} == {"request-1"}
