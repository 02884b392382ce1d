"""Reads tombstones: the consumer reads only the tenants', every ten seconds; all other programs read all at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from consumer.clock import Clock
from consumer.erasures import TENANTS, TOMBSTONES, Erasures, erasures_of, tenants_of
from consumer.item import key_attributes, of_tenant
from ingest.aws.refusal import Refusal, refusal_of
from ingest.aws.retry import Backoff, retrying
from ingest.contract.message import InternalMessage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from ingest.aws.clients import DynamoDb

KNOWN_FOR_S: Final = 10
"""Seconds for which a consumer trusts what it read: a container reads once in that time, for any number of tenants."""

_BUDGET_S: Final = 2.0
_BACKOFF: Final = Backoff(first_s=0.05, max_s=0.5)
_UNREAD: Final = Refusal("Throttling", retryable=True)  # What BatchGetItem left out (API reference, UnprocessedKeys).


class TenantTombstones:
    """The tenants' tombstones, for a consumer. A log's own needs no read: the log's insert finds it under its key."""

    def __init__(self, client: "DynamoDBClient | DynamoDb", table_name: str, clock: Clock) -> None:
        self._client: Any = client
        self._table_name = table_name
        self._clock = clock
        self._tenants: dict[str, str] = {}
        self._read_ms: int | None = None

    def find(self, messages: Sequence[InternalMessage], *, give_up_at_s: float) -> frozenset[int] | str:
        """Return the positions of the erased messages, or DynamoDB's error code if the tombstones cannot be read."""
        if refusal := self._refreshed(give_up_at_s):
            return refusal.code
        if not self._tenants:
            return frozenset()
        return frozenset(
            position
            for position, message in enumerate(messages)
            if message.received_at <= self._tenants.get(message.tenant_id, "")
        )

    def _refreshed(self, give_up_at_s: float) -> Refusal | None:
        # The time of day: a function may have been frozen for hours, and the monotonic clock stops with it.
        now_ms = self._clock.now_ms()
        if self._read_ms is not None and 0 <= now_ms - self._read_ms < KNOWN_FOR_S * 1000:
            return None
        time = self._clock.time
        [refusal] = retrying(
            self._read, 1, give_up_at_s=min(give_up_at_s, time.monotonic() + _BUDGET_S), time=time, backoff=_BACKOFF
        )
        if refusal is None:
            self._read_ms = now_ms
        return refusal

    def _read(self, _: Sequence[int]) -> list[Refusal | None]:
        # BatchGetItem, because the function's role allows it.
        request = {self._table_name: {"Keys": [key_attributes(TENANTS)], "ConsistentRead": True}}
        try:
            response = self._client.batch_get_item(RequestItems=request)
        except Exception as error:
            if (refusal := refusal_of(error)) is None:
                raise
            return [refusal]
        if response.get("UnprocessedKeys"):
            return [_UNREAD]
        found = response["Responses"].get(self._table_name, [])
        self._tenants = tenants_of(found[0]) if found else {}
        return [None]


def read(client: "DynamoDBClient", table_name: str) -> Erasures:
    """Return every tombstone of the table.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: it cannot be read.
    """
    condition = of_tenant(TOMBSTONES)
    pages = client.get_paginator("query").paginate(
        TableName=table_name,
        KeyConditionExpression=condition.condition,
        ExpressionAttributeValues=condition.values,
        ConsistentRead=True,
    )
    return erasures_of(item for page in pages for item in page["Items"])
