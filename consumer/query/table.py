"""The calls of a read: Query on the table and its two sparse indexes, BatchGetItem for keys of an index. No Scan.

A tombstone is no log: it is in no index, and is left out of what the table gives.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from consumer.erasures import is_tombstone
from consumer.item import LOG_ID, TENANT_ID, Item, Key, key_attributes, key_of, read
from consumer.query.page import Found, TableBusyError
from consumer.query.ranges import Range
from consumer.timestamps import rfc3339
from ingest.aws.refusal import Refusal, refusal_of
from ingest.aws.retry import Backoff, Time, retrying

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

BY_ARRIVAL: Final = "by_arrival"
"""The index of the logs that brought their own id: sort key `arrived_at`, keys only."""

BY_LATE: Final = "by_late"
"""The index of the logs that were stored late: sort key `late_at`, keys only."""

_MAX_KEYS: Final = 100  # BatchGetItem API reference, November 2026.
_AT_ONCE: Final = 1_000
"""The most logs that a read grows to. A search through 5,000 logs makes eight calls, one of 100 logs a call fifty."""

GIVE_UP_S: Final = 10.0
"""Seconds that a person at a terminal waits for a throttled table."""

_BACKOFF: Final = Backoff(first_s=0.05, max_s=1.0)


_UNREAD: Final = Refusal("Throttling", retryable=True)  # What BatchGetItem left out (API reference, UnprocessedKeys).

_UNREACHED: Final = frozenset(
    {
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "ConnectionError",
        "EndpointConnectionError",
        "HTTPClientError",
        "ProxyConnectionError",
        "ReadTimeoutError",
        "SSLError",
    }
)
"""The codes that `ingest.aws.refusal` gives for a call without an answer: botocore's network exceptions."""

_THROTTLED: Final = ("Throttl", "ThroughputExceeded", "LimitExceeded")
"""Parts of the error codes with which DynamoDB refuses too many reads (Common Errors, November 2026)."""


class ReadsTable(Protocol):
    """The two calls that are used of a DynamoDB client, boto3's or the signed one."""

    def query(self, **request: Any) -> Mapping[str, Any]:
        """Call Query."""

    def batch_get_item(self, **request: Any) -> Mapping[str, Any]:
        """Call BatchGetItem."""


class TableReader:
    """Reads one table by tenant. The table's generated log ids spread over this number of `buckets`.

    A call that DynamoDB throttles, or does not answer, is retried for `give_up_s`. After that a `TableBusyError` says
    which of the two it was.
    """

    def __init__(
        self,
        client: "DynamoDBClient | ReadsTable",
        name: str,
        *,
        time: Time,
        now_ms: Callable[[], int],
        buckets: int,
        give_up_s: float = GIVE_UP_S,
    ) -> None:
        self._client: Any = client  # boto3's stubs type each parameter, but calls here pass dicts.
        self._name = name
        self._time = time
        self.now_ms = now_ms
        self._give_up_s = give_up_s
        self.buckets = buckets

    def query(self, tenant_id: str, within: Range, *, newest_first: bool, limit: int) -> Iterator[Sequence[Found]]:
        """Yield the range's logs in order, at most `limit` (or 1 MB) at a time; each read is made when asked for.

        If the first ones do not suffice, each further read takes twice as many, up to 1,000: a search for one log must
        not read a thousand others one by one. A read of the table is consistent; an index holds only keys. A page may
        be empty.

        Raises:
            TableBusyError: DynamoDB does not give them in time.
            botocore.exceptions.ClientError, BotoCoreError: the table can't be read.
        """
        of_table = within.place == "table"
        sort_key = LOG_ID if of_table else "arrived_at"
        where: dict[str, Any] = {"ConsistentRead": True} if of_table else {"IndexName": BY_ARRIVAL}
        pages = self._pages(
            tenant_id,
            f"{sort_key} BETWEEN :low AND :high",
            {":low": {"S": within.low}, ":high": {"S": within.high}},
            ScanIndexForward=not newest_first,
            Limit=limit,
            **where,
        )
        for page in pages:
            if of_table:
                yield [Found(within.arrival(item.log_id), item.key, item) for item in _logs(page)]
            else:
                yield [Found(attributes[sort_key]["S"], key_of(attributes), None) for attributes in page]

    def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Return the items under these keys; one that is gone is not in it.

        Raises:
            TableBusyError: DynamoDB does not give them all in time.
            botocore.exceptions.ClientError, BotoCoreError: the table can't be read.
        """
        items: dict[Key, Item] = {}
        for start in range(0, len(keys), _MAX_KEYS):
            items |= self._got(keys[start : start + _MAX_KEYS])
        return items

    def late(self, tenant_id: str, *, since_ms: int) -> Sequence[Key]:
        """Return the keys of the logs that were stored late, at or after `since_ms` (since the epoch).

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: the table can't be read.
        """
        pages = self._pages(tenant_id, "late_at >= :since", {":since": {"S": rfc3339(since_ms)}}, IndexName=BY_LATE)
        return [key_of(attributes) for page in pages for attributes in page]

    def _pages(
        self, tenant_id: str, condition: str, values: "dict[str, AttributeValueTypeDef]", **request: Any
    ) -> "Iterator[list[Mapping[str, AttributeValueTypeDef]]]":
        request |= {
            "TableName": self._name,
            "KeyConditionExpression": f"{TENANT_ID} = :tenant_id AND {condition}",
            "ExpressionAttributeValues": values | {":tenant_id": {"S": tenant_id}},
        }
        while True:
            response = self._queried(request)
            yield response["Items"]
            if not (last := response.get("LastEvaluatedKey")):
                return
            request["ExclusiveStartKey"] = last
            if "Limit" in request:
                request["Limit"] = max(request["Limit"], min(2 * request["Limit"], _AT_ONCE))

    def _got(self, keys: Sequence[Key]) -> dict[Key, Item]:
        items: dict[Key, Item] = {}

        def call(positions: Sequence[int]) -> list[Refusal | None]:
            wanted = [key_attributes(keys[position]) for position in positions]
            request = {self._name: {"Keys": wanted, "ConsistentRead": True}}
            try:
                response = self._client.batch_get_item(RequestItems=request)
            except Exception as error:
                if (refusal := _retryable(error)) is None:
                    raise
                return [refusal] * len(positions)
            items.update((item.key, item) for item in _logs(response["Responses"].get(self._name, [])))
            unread = {
                key_of(attributes)
                for attributes in (response.get("UnprocessedKeys") or {}).get(self._name, {}).get("Keys", [])
            }
            return [_UNREAD if keys[position] in unread else None for position in positions]

        self._until_taken(call, len(keys))
        return items

    def _queried(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        response: Mapping[str, Any] = {}

        def call(_: Sequence[int]) -> list[Refusal | None]:
            nonlocal response
            try:
                response = self._client.query(**request)
            except Exception as error:
                if (refusal := _retryable(error)) is None:
                    raise
                return [refusal]
            return [None]

        self._until_taken(call, 1)
        return response

    def _until_taken(self, call: Callable[[Sequence[int]], Sequence[Refusal | None]], count: int) -> None:
        refusals = retrying(
            call,
            count,
            give_up_at_s=self._time.monotonic() + self._give_up_s,
            time=self._time,
            backoff=_BACKOFF,
        )
        if last := next(filter(None, refusals), None):
            raise TableBusyError(_why(last.code))


def _why(code: str) -> str:
    if code in _UNREACHED:
        return f"DynamoDB cannot be reached ({code}). Check the network, and whether DynamoDB runs."
    if any(part in code for part in _THROTTLED):
        return "DynamoDB is throttled and did not return all logs. Try again in a minute."
    return f"DynamoDB did not return all logs ({code}). Try again in a minute."


def _logs(found: "Iterable[Mapping[str, AttributeValueTypeDef]]") -> Iterator[Item]:
    return (read(attributes) for attributes in found if not is_tombstone(attributes))


def _retryable(error: Exception) -> Refusal | None:
    """Return why DynamoDB did not take a call, or None if no other try can change it."""
    refusal = refusal_of(error)
    return refusal if refusal is not None and refusal.retryable else None
