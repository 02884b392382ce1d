"""How many logs stand where, and what it costs to ask."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from infra import counts
from infra.stack import Stack
from ingest.contract.packed import MOST_LOGS


class _Sqs:
    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, dict[str, str]]:  # noqa: N803 - boto3's names
        numbers = {"queue": (1, 2, 4), "dlq": (8, 16, 32)}[QueueUrl]
        return {"Attributes": dict(zip(AttributeNames, map(str, numbers), strict=True))}


class _Table:
    """A table of two pages that counts how often it is read whole."""

    def __init__(self) -> None:
        self.scans = 0

    def describe_table(self, TableName: str) -> dict[str, dict[str, int]]:  # noqa: N803 - boto3's name
        assert TableName == "table"
        return {"Table": {"ItemCount": 64}}

    def get_paginator(self, operation: str) -> "_Table":
        assert operation == "scan"
        return self

    def paginate(self, **request: object) -> list[dict[str, int]]:
        assert request["Select"] == "COUNT"
        self.scans += 1
        return [{"Count": 60}, {"Count": 5}]


def _stack(table: _Table) -> Stack:
    place = cast("Any", SimpleNamespace(sqs=_Sqs(), dynamodb=table))
    return Stack(place, "", {"QueueUrl": "queue", "DeadLetterQueueUrl": "dlq", "TableName": "table"})


def test_counts_of_queues_and_table() -> None:
    """Delayed messages wait, all dead letters count, and only who asks for it exactly reads the table."""
    table = _Table()
    assert counts.read(_stack(table)) == counts.Counts(queued=3, in_flight=4, dlq=56, stored=64)
    assert table.scans == 0
    assert counts.read(_stack(table), exact=True) == counts.Counts(queued=3, in_flight=4, dlq=56, stored=65)


_NOW = datetime(2026, 11, 28, tzinfo=UTC)


def _packing(changed_for: timedelta | None) -> Stack:
    """Return a stack that sends 7 logs a message; None where nobody may ask since when."""

    def configuration(FunctionName: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        assert FunctionName == "ingest"
        if changed_for is None:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "GetFunctionConfiguration")
        return {"LastModified": (_NOW - changed_for).strftime("%Y-%m-%dT%H:%M:%S.000+0000")}

    kept = {"Attributes": {"MessageRetentionPeriod": "345600"}}
    place = SimpleNamespace(
        sqs=SimpleNamespace(get_queue_attributes=lambda **_: kept),
        lambda_=SimpleNamespace(get_function_configuration=configuration),
    )
    return Stack(cast("Any", place), "", {"LogsPerMessage": "7", "IngestFunctionName": "ingest"})


@pytest.mark.parametrize(
    ("changed_for", "most"), [(timedelta(days=4, seconds=1), 7), (timedelta(hours=1), MOST_LOGS), (None, MOST_LOGS)]
)
def test_a_message_may_be_older_than_the_parameter(changed_for: timedelta | None, most: int) -> None:
    """While the queue may keep one from before ingest was changed, it may hold as many logs as any."""
    assert counts.most_logs_per_message(_packing(changed_for), "queue", now=_NOW) == most
