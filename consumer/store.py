"""The table: batched conditional inserts, and what each row's answer means.

BatchWriteItem has no conditions; PartiQL's INSERT is one by itself (`DuplicateItem` where the key exists), 25 a call.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004 - botocore's

from consumer.retry import Time, retrying
from consumer.row import Key, Row, calls, key, statement
from consumer.verdict import DUPLICATE, STORED, Verdict, conflict, not_taken, quarantined, retried
from ingest.contract.errors import Poison

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesUnionTypeDef

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
        self._time = Time(monotonic, sleep, jitter)

    def insert(self, rows: Sequence[Row], *, give_up_at_s: float) -> Iterator[tuple[int, Verdict]]:
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
            first: dict[Key, int] = {}
            for position in positions:
                first.setdefault(key(rows[position]), position)
            distinct = list(first.values())
            answers = self._insert_distinct([rows[position] for position in distinct], give_up_at_s)
            verdicts = dict(zip(distinct, answers, strict=True))
            for position in positions:
                twin = first[key(rows[position])]
                verdict = verdicts[twin]
                yield position, verdict if position == twin else _verdict_on_twin(verdict, rows[twin], rows[position])

    def _insert_distinct(self, rows: Sequence[Row], give_up_at_s: float) -> list[Verdict]:
        codes = retrying(
            lambda positions: self._execute([rows[position] for position in positions]),
            len(rows),
            passing=_PASSING_CODES,
            give_up_at_s=give_up_at_s,
            time=self._time,
        )
        verdicts = [_verdict_on_code(code) for code in codes]
        taken = [position for position, code in enumerate(codes) if code == "DuplicateItem"]
        if taken:
            compared = self._compare([rows[position] for position in taken], give_up_at_s)
            for position, verdict in zip(taken, compared, strict=True):
                verdicts[position] = verdict
        return verdicts

    def _execute(self, rows: Sequence[Row]) -> list[str | None]:
        statements = [statement(self._name, row) for row in rows]
        try:
            responses = self._client.batch_execute_statement(Statements=statements)["Responses"]
        except (ClientError, BotoCoreError) as error:
            code = _code(error)
            if code in _REFUSING_CODES:  # Of the call as a whole, so that one of its rows must be the reason.
                raise Poison("refused_by_table", code) from error
            return [code] * len(rows)
        codes = [response["Error"].get("Code", "Unknown") if "Error" in response else None for response in responses]
        return [*codes, *["MissingResponse"] * (len(rows) - len(codes))]

    def _compare(self, rows: Sequence[Row], give_up_at_s: float) -> list[Verdict]:
        """Return whether the items that stand under the rows' keys have the rows' texts."""
        stored: dict[Key, str] = {}

        def read(positions: list[int]) -> list[str | None]:
            try:
                found, unread = self._read([key(rows[position]) for position in positions])
            except (ClientError, BotoCoreError) as error:
                return [_code(error)] * len(positions)
            stored.update(found)
            return ["Throttling" if key(rows[position]) in unread else None for position in positions]

        codes = retrying(read, len(rows), passing=_PASSING_CODES, give_up_at_s=give_up_at_s, time=self._time)
        return [_verdict_on_taken(row, stored.get(key(row)), code) for row, code in zip(rows, codes, strict=True)]

    def _read(self, keys: Sequence[Key]) -> tuple[dict[Key, str], set[Key]]:
        request: dict[str, KeysAndAttributesUnionTypeDef] = {
            self._name: {
                "Keys": [{"tenant_id": {"S": tenant_id}, "log_id": {"S": log_id}} for tenant_id, log_id in keys],
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
            (item["tenant_id"]["S"], item["log_id"]["S"])
            for item in response.get("UnprocessedKeys", {}).get(self._name, {"Keys": []})["Keys"]
        }
        return found, unread


def _code(error: ClientError | BotoCoreError) -> str:
    """Return the statement's code that stands for a call's failure."""
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "Unknown").removesuffix("Exception")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return "InternalServerError" if status >= _SERVER_ERROR else code
    return "ServiceUnavailable" if isinstance(error, ConnectionError | HTTPClientError) else type(error).__name__


def _verdict_on_code(code: str | None) -> Verdict:
    if code is None:
        return STORED
    return quarantined("refused_by_table", code) if code in _REFUSING_CODES else not_taken(code)


def _verdict_on_taken(row: Row, stored_text: str | None, code: str | None) -> Verdict:
    if stored_text is not None:
        return DUPLICATE if stored_text == row["original_text"] else conflict(stored_text)
    # Not read in time; or gone since the INSERT found it, and the next delivery inserts again.
    return not_taken(code) if code else retried("ItemGone")


def _verdict_on_twin(first: Verdict, first_row: Row, row: Row) -> Verdict:
    """Return the verdict on a row whose key stood earlier in the call, from the verdict on that one."""
    text = row["original_text"]
    match first.outcome:
        case "stored" | "duplicate":
            return DUPLICATE if text == first_row["original_text"] else conflict(first_row["original_text"])
        case "conflict" if first.stored_text is not None:
            return DUPLICATE if text == first.stored_text else conflict(first.stored_text)
        case _ if text == first_row["original_text"]:
            return first
        case _:
            return retried("TwinNotStored")
