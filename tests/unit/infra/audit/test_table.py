"""The table read whole: every segment's pages, a tenant's alone, and a failure of any."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from infra.audit.table import SEGMENTS, AuditedItem, read_items
from tests.unit.consumer.replay.fakes import client_error

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class FakeTable:
    """Items by segment; each page holds two. Reading segment `broken` fails after its first page."""

    def __init__(self, items: int, *, broken: int | None = None) -> None:
        self.items = [
            {
                "tenant_id": {"S": f"t{number % 3}"},
                "log_id": {"S": f"{number}"},
                "received_at": {"S": "2026-11-24T05:40:00.000Z"},
                "original_text": {"S": f"text {number}"},
            }
            for number in range(items)
        ]
        self.broken = broken
        self.operation = ""
        self.requests: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> "FakeTable":
        """Return this, which pages."""
        self.operation = operation
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """Yield pages of the segment's or the tenant's items."""
        self.requests.append(request)
        if self.operation == "query":
            tenant = request["ExpressionAttributeValues"][":tenant_id"]
            chosen = [item for item in self.items if item["tenant_id"] == tenant]
        else:
            chosen = self.items[request["Segment"] :: request["TotalSegments"]]
        for start in range(0, len(chosen), 2):
            if start and request.get("Segment", -1) == self.broken:
                raise client_error("ProvisionedThroughputExceededException")
            yield {"Items": chosen[start : start + 2]}


def items(fake: FakeTable, *tenants: str) -> list[AuditedItem]:
    """Return all items read."""
    return [item for page in read_items(cast("DynamoDBClient", fake), "logs", tenants) for item in page]


def test_every_segment_is_read() -> None:
    """All items once, consistently, with only what the audit needs of them."""
    fake = FakeTable(203)
    found = items(fake)
    assert sorted(int(item.log_id) for item in found) == list(range(203))
    assert AuditedItem("t1", "1", "2026-11-24T05:40:00.000Z", "text 1", is_conflict=False) in found
    assert sorted(request["Segment"] for request in fake.requests) == list(range(SEGMENTS))
    assert all(
        request["ConsistentRead"] and "original_text" in request["ProjectionExpression"] for request in fake.requests
    )


def test_named_tenants_are_queried() -> None:
    """Without a scan of everybody's items."""
    fake = FakeTable(30)
    assert {item.tenant_id for item in items(fake, "t0", "t2")} == {"t0", "t2"}
    assert fake.operation == "query"
    assert len(items(fake, "t1")) == 10


def test_a_segment_that_fails_fails_the_reading() -> None:
    """Half a table is no table: the error reaches the reader, and no thread is left behind."""
    before = threading.active_count()
    with pytest.raises(ClientError):
        items(FakeTable(400, broken=2))
    assert threading.active_count() == before


def test_a_reader_that_has_enough_leaves_no_thread() -> None:
    """Closing the iterator ends the segments' threads."""
    before = threading.active_count()
    pages = read_items(cast("DynamoDBClient", FakeTable(4_000)), "logs")
    next(pages)
    pages.close()  # type: ignore[attr-defined] # a generator
    assert threading.active_count() == before


def test_a_tombstone_is_no_log() -> None:
    """A Scan and a Query leave out what says that something was erased."""
    fake = FakeTable(6)
    fake.items[0] = {"tenant_id": {"S": "t0"}, "log_id": {"S": "0"}, "erased_at": {"S": "2026-11-28T12:00:00.000Z"}}
    assert sorted(one.log_id for one in items(fake)) == ["1", "2", "3", "4", "5"]
    assert [one.log_id for one in items(fake, "t0")] == ["3"]
