"""The table: batched conditional inserts, and what each row's answer means.

BatchWriteItem has no conditions; PartiQL's INSERT is one by itself (`DuplicateItem` where the key exists), 25 a call.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's

from consumer.attributes import attribute_value
from consumer.verdict import DUPLICATE, STORED, Verdict, conflict, not_taken, quarantined, retried
from ingest.errors import Poison

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import BatchStatementRequestTypeDef, KeysAndAttributesUnionTypeDef

MAX_STATEMENTS: Final = 25
"""Statements a BatchExecuteStatement call (API reference, November 2026)."""

MAX_CALL_BYTES: Final = 16 * 1024 * 1024 // 6
"""Bytes of rows, as UTF-8 JSON, a call. The API reference names no size for BatchExecuteStatement; BatchWriteItem, with
the same 25, takes 16 MB over the network, and 25 items of 400 KB can be more once botocore has written them as ASCII: a
byte becomes six at worst (`1,` is `{"N": "1"}, `; a letter of two bytes is `\\u00e9`). So a call is below 16 MB."""

_FIRST_BACKOFF_S: Final = 0.05
_MAX_BACKOFF_S: Final = 2.0
_SERVER_ERROR: Final = 500

# Names without the `Exception` that a whole call's error has more than a statement's (BatchStatementError and Common
# Errors of the API reference).
_PASSING_CODES: Final = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingError",
        "TransactionConflict",
    }
)
_REFUSING_CODES: Final = frozenset(
    {"ItemCollectionSizeLimitExceeded", "Serialization", "Validation", "ValidationError"}
)

_KEYS: Final = ("tenant_id", "log_id")

Key = tuple[str, str]


def client_config(**overrides: Any) -> Config:
    """Return the botocore configuration of the table's client; `overrides` are botocore's own names.

    botocore's retries are off: it can't see a statement's error, and `Table` knows the time left. Validation costs 20
    to 35 % of a large batch's CPU and the statements are built here.
    """
    settings: dict[str, Any] = {
        "connect_timeout": 1,
        "read_timeout": 4,
        "retries": {"mode": "standard", "total_max_attempts": 1},
        "parameter_validation": False,
        "tcp_keepalive": True,
    }
    return Config(**(settings | overrides))


class Table:
    """Inserts rows. `jitter` returns a number in [0, 1); `monotonic` and `sleep` are in seconds."""

    def __init__(
        self,
        client: "DynamoDBClient",
        name: str,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        jitter: Callable[[], float],
    ) -> None:
        self._client = client
        self._name = name
        self._monotonic = monotonic
        self._sleep = sleep
        self._jitter = jitter

    def insert(self, rows: Sequence[dict[str, Any]], *, give_up_at_s: float) -> Iterator[tuple[int, Verdict]]:
        """Yield each row's position and verdict, call by call, as soon as the table has answered.

        Never overwrites. A key that is there already is a `duplicate` if its `original_text` is the row's, whatever its
        source and fields (the text is the log; the rest tells how it came), and else a `conflict`. Two rows of one key
        are one write. What may pass by itself is tried again with full jitter; no call starts after `give_up_at_s` on
        `monotonic`'s clock, and what has no answer by then is `retried`. A time-out may hide a success: the row is then
        its own `duplicate`.

        Raises:
            Poison: `refused_by_table`, the table refused a call as a whole; its rows are not stored.
        """
        for positions in calls(rows):
            firsts: dict[Key, int] = {}
            for position in positions:
                firsts.setdefault(_key(rows[position]), position)
            distinct = list(firsts.values())
            answers = self._insert_distinct([rows[position] for position in distinct], give_up_at_s)
            verdicts = dict(zip(distinct, answers, strict=True))
            for position in positions:
                first = firsts[_key(rows[position])]
                text = rows[position]["original_text"]
                yield (
                    position,
                    verdicts[first]
                    if position == first
                    else _twin(verdicts[first], first_text=rows[first]["original_text"], text=text),
                )

    def _insert_distinct(self, rows: Sequence[dict[str, Any]], give_up_at_s: float) -> list[Verdict]:
        codes = self._retrying(lambda positions: self._execute([rows[p] for p in positions]), len(rows), give_up_at_s)
        taken = [position for position, code in enumerate(codes) if code == "DuplicateItem"]
        verdicts = [_verdict(code) for code in codes]
        if taken:
            compared = self._compare([rows[position] for position in taken], give_up_at_s)
            for position, verdict in zip(taken, compared, strict=True):
                verdicts[position] = verdict
        return verdicts

    def _retrying(
        self, call: Callable[[list[int]], list[str | None]], count: int, give_up_at_s: float
    ) -> list[str | None]:
        """Return each position's last error code, or None; positions whose error may pass are called again."""
        codes: list[str | None] = ["OutOfTime"] * count
        pending = list(range(count))
        attempt = 0
        wait_s = 0.0
        while pending and self._monotonic() + wait_s < give_up_at_s:
            if wait_s:
                self._sleep(wait_s)
            for position, code in zip(pending, call(pending), strict=True):
                codes[position] = code
            pending = [position for position in pending if codes[position] in _PASSING_CODES]
            wait_s = self._jitter() * min(_MAX_BACKOFF_S, _FIRST_BACKOFF_S * 2**attempt)
            attempt += 1
        return codes

    def _execute(self, rows: Sequence[dict[str, Any]]) -> list[str | None]:
        statements = [_statement(self._name, row) for row in rows]
        try:
            responses = self._client.batch_execute_statement(Statements=statements)["Responses"]
        except (ClientError, BotoCoreError) as error:
            code = _code(error)
            if code in _REFUSING_CODES:  # Of the call as a whole, so that one of its rows must be the reason.
                raise Poison("refused_by_table", code) from error
            return [code] * len(rows)
        codes = [response["Error"].get("Code", "Unknown") if "Error" in response else None for response in responses]
        return [*codes, *["MissingResponse"] * (len(rows) - len(codes))]

    def _compare(self, rows: Sequence[dict[str, Any]], give_up_at_s: float) -> list[Verdict]:
        """Return whether the items that stand under the rows' keys have the rows' texts."""
        stored: dict[Key, str] = {}

        def read(positions: list[int]) -> list[str | None]:
            try:
                found, unread = self._read([_key(rows[position]) for position in positions])
            except (ClientError, BotoCoreError) as error:
                return [_code(error)] * len(positions)
            stored.update(found)
            return ["Throttling" if _key(rows[position]) in unread else None for position in positions]

        codes = self._retrying(read, len(rows), give_up_at_s)
        verdicts: list[Verdict] = []
        for item, code in zip(rows, codes, strict=True):
            text = stored.get(_key(item))
            if text is None:  # Not read in time, or gone since the INSERT found it: the next delivery inserts again.
                verdicts.append(not_taken(code) if code else retried("ItemGone"))
            else:
                verdicts.append(DUPLICATE if text == item["original_text"] else conflict(text))
        return verdicts

    def _read(self, keys: Sequence[Key]) -> tuple[dict[Key, str], set[Key]]:
        request: dict[str, KeysAndAttributesUnionTypeDef] = {
            self._name: {
                "Keys": [{name: {"S": value} for name, value in zip(_KEYS, key, strict=True)} for key in keys],
                "ConsistentRead": True,
                "ProjectionExpression": "tenant_id, log_id, original_text",
            }
        }
        response = self._client.batch_get_item(RequestItems=request)
        found = {
            (item["tenant_id"]["S"], item["log_id"]["S"]): item["original_text"]["S"]
            for item in response["Responses"].get(self._name, [])
        }
        unread = {
            (key["tenant_id"]["S"], key["log_id"]["S"])
            for key in response.get("UnprocessedKeys", {}).get(self._name, {"Keys": []})["Keys"]
        }
        return found, unread


def calls(rows: Sequence[dict[str, Any]]) -> Iterator[list[int]]:
    """Yield the rows' positions, in order, in groups that one call takes."""
    group: list[int] = []
    group_bytes = 0
    for position, item in enumerate(rows):
        row_bytes = len(msgspec.json.encode(item))
        if group and (len(group) == MAX_STATEMENTS or group_bytes + row_bytes > MAX_CALL_BYTES):
            yield group
            group, group_bytes = [], 0
        group.append(position)
        group_bytes += row_bytes
    if group:
        yield group


def _key(item: dict[str, Any]) -> Key:
    return item["tenant_id"], item["log_id"]


def _statement(table: str, item: dict[str, Any]) -> "BatchStatementRequestTypeDef":
    names = ", ".join(f"'{name}': ?" for name in item)
    return {
        "Statement": f'INSERT INTO "{table}" VALUE {{{names}}}',
        "Parameters": [attribute_value(value) for value in item.values()],
    }


def _code(error: ClientError | BotoCoreError) -> str:
    """Return the statement's code that stands for a call's failure."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "Unknown").removesuffix("Exception")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return "InternalServerError" if status >= _SERVER_ERROR else code
    return "ServiceUnavailable" if isinstance(error, ConnectionError | HTTPClientError) else type(error).__name__


def _verdict(code: str | None) -> Verdict:
    if code is None:
        return STORED
    return quarantined("refused_by_table", code) if code in _REFUSING_CODES else not_taken(code)


def _twin(first: Verdict, *, first_text: str, text: str) -> Verdict:
    """Return the verdict on a row whose key stood earlier in the call, from the verdict on that one."""
    match first.outcome:
        case "stored" | "duplicate":
            return DUPLICATE if text == first_text else conflict(first_text)
        case "conflict" if first.stored_text is not None:
            return DUPLICATE if text == first.stored_text else conflict(first.stored_text)
        case _ if text == first_text:
            return first
        case _:
            return retried("TwinNotStored")
