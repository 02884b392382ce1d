"""The reader's calls on a foreign DynamoDB (moto): both indexes, pages, and keys in batches."""

from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws
from msgspec.structs import replace

from consumer import clock
from consumer.item import attributes
from consumer.query.ask import Ask
from consumer.query.page import read_page
from consumer.query.table import BY_ARRIVAL, BY_LATE, TableReader
from consumer.timestamps import rfc3339
from tests.unit.consumer.query.memory_table import TENANT, log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

_NOW_MS = 1_795_833_985_000


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> "Iterator[DynamoDBClient]":
    """Return a client whose table has the template's keys and indexes."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "fake")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "fake")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        names = ("tenant_id", "log_id", "arrived_at", "late_at")
        client.create_table(
            TableName="logs",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            KeySchema=[
                {"AttributeName": "tenant_id", "KeyType": "HASH"},
                {"AttributeName": "log_id", "KeyType": "RANGE"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": index,
                    "KeySchema": [
                        {"AttributeName": "tenant_id", "KeyType": "HASH"},
                        {"AttributeName": name, "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
                for index, name in ((BY_ARRIVAL, "arrived_at"), (BY_LATE, "late_at"))
            ],
        )
        yield client


def _table(dynamodb: "DynamoDBClient") -> TableReader:
    return TableReader(dynamodb, "logs", time=clock.system().time, now_ms=lambda: _NOW_MS, buckets=1)


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages_over_table_and_index(dynamodb: "DynamoDBClient", *, newest_first: bool) -> None:
    """Small pages merge own and generated ids, complete and in order."""
    items = [
        replace(
            log(_NOW_MS + number, 0, f"text {number}", log_id=f"own-{number:04}" if number % 3 == 0 else None),
            fields={"n": number, "ratio": 0.5, "nested": {"list": [None, True, "a"]}},
            event_at="2026-11-28T02:46:25.483123456Z",
            severity="warn",
        )
        for number in range(250)
    ]
    for item in items:
        dynamodb.put_item(TableName="logs", Item=attributes(item))
    table = _table(dynamodb)
    found = []
    after: str | None = None
    while True:
        page = read_page(table, Ask(tenant_id=TENANT, newest_first=newest_first), limit=110, after=after)
        found += page.items
        after = page.after
        if after is None:
            break
    assert found == (items[::-1] if newest_first else items)


def test_late_logs_are_found_by_the_time_of_storing(dynamodb: "DynamoDBClient") -> None:
    """Only logs that are marked as late are found, from the given time of storing on."""
    for number in range(20):
        item = log(_NOW_MS + number, 0, "x")
        late_at = rfc3339(_NOW_MS + 60_000 + number) if number % 2 else None
        dynamodb.put_item(TableName="logs", Item=attributes(replace(item, late_at=late_at)))
    keys = _table(dynamodb).late(TENANT, since_ms=_NOW_MS + 60_010)
    assert [key.log_id for key in keys] == [log(_NOW_MS + number).log_id for number in (11, 13, 15, 17, 19)]
    assert _table(dynamodb).late("acme2", since_ms=0) == []
