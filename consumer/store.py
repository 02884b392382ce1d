"""The table: batched conditional inserts, and what each row's answer means.

BatchWriteItem takes no conditions. A PartiQL INSERT is conditional by itself (`DuplicateItem` if the key exists), and
a call takes 25 of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from consumer.insert import calls, statement
from consumer.item import Item, Key, beside, marked
from consumer.stored_texts import BACKOFF, refusal_of_call, stored_among, stored_texts
from consumer.verdict import DUPLICATE, ERASED, STORED, Verdict, conflict, not_taken, quarantined, retried
from ingest.aws import clients
from ingest.aws.refusal import RETRYABLE_CODES, Refusal
from ingest.aws.retry import Time, retrying
from ingest.contract.errors import Poison
from ingest.contract.message import InternalMessage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Error codes of a statement. A whole call's error has the same code with `Exception` at its end, which is cut off
# (BatchStatementError and Common Errors, API reference).
_REFUSING_CODES: Final = frozenset(
    {"ItemCollectionSizeLimitExceeded", "Serialization", "Validation", "ValidationError"}
)
_TAKEN: Final = "DuplicateItem"


def client(environ: Mapping[str, str]) -> clients.DynamoDb:
    """Return the table's client for a Lambda. It never retries; `Table` does, by the errors and the time left."""
    return clients.dynamodb(environ, read_timeout_s=4, connect_timeout_s=1)


class Table:
    """Inserts items."""

    def __init__(
        self, client: "DynamoDBClient | clients.DynamoDb", name: str, *, time: Time, now_ms: Callable[[], int]
    ) -> None:
        self._client = client
        self._name = name
        self._time = time
        self._now_ms = now_ms

    def insert(self, items: Sequence[Item], *, give_up_at_s: float) -> Iterator[tuple[int, Verdict]]:
        """Yield each item's position and verdict, call by call, as soon as the table has answered.

        Never overwrites. If the key exists with the same `original_text`, the item is a `duplicate`, whatever its
        source and fields (the text is the log; the rest tells how it came). It is also a `duplicate` if the key holds a
        tombstone: the log was erased. If the key holds another text, the item is a `conflict` and is stored beside that
        item, once per text. Two items with the same key in a call are written once. Errors that may pass are retried
        with full jitter. No call starts after `give_up_at_s` on the monotonic clock; an item without an answer by then
        is `retried`. A time-out may hide a success: the item is then a `duplicate` of itself.

        Raises:
            Poison: `refused_by_table`: the table refused a whole call, and none of its items is stored.
        """
        for positions in calls(items):
            verdicts = dict(zip(positions, self._insert_call([items[p] for p in positions], give_up_at_s), strict=True))
            conflicts = [position for position in positions if verdicts[position].outcome == "conflict"]
            yield from ((position, verdict) for position, verdict in verdicts.items() if position not in conflicts)
            if conflicts:
                besides = self._insert_call([beside(items[position]) for position in conflicts], give_up_at_s)
                for position, verdict in zip(conflicts, besides, strict=True):
                    yield position, _verdict_beside(verdicts[position], verdict)

    def stored_among(self, logs: Sequence[InternalMessage], *, give_up_at_s: float) -> frozenset[int]:
        """Return the positions of the logs that are stored for certain, under their log id or beside another text.

        A log whose log id was erased counts as stored: nothing is left to do. A log that could not be read does not.
        No call starts at or after `give_up_at_s`.
        """
        return stored_among(self._client, self._name, logs, give_up_at_s=give_up_at_s, time=self._time)

    def _insert_call(self, items: Sequence[Item], give_up_at_s: float) -> list[Verdict]:
        first: dict[Key, int] = {}
        for position, item in enumerate(items):
            first.setdefault(item.key, position)
        distinct = list(first.values())
        answers = self._insert_distinct([items[position] for position in distinct], give_up_at_s)
        verdicts = dict(zip(distinct, answers, strict=True))
        return [
            verdicts[position] if position in verdicts else _verdict_on_twin(verdicts[twin], items[twin], item)
            for position, item in enumerate(items)
            for twin in [first[item.key]]
        ]

    def _insert_distinct(self, items: Sequence[Item], give_up_at_s: float) -> list[Verdict]:
        refusals = retrying(
            lambda positions: self._execute([items[position] for position in positions]),
            len(items),
            give_up_at_s=give_up_at_s,
            time=self._time,
            backoff=BACKOFF,
        )
        verdicts = [_verdict_on_insert(refusal) for refusal in refusals]
        taken = [position for position, refusal in enumerate(refusals) if refusal and refusal.code == _TAKEN]
        if taken:
            compared = self._compare([items[position] for position in taken], give_up_at_s)
            for position, verdict in zip(taken, compared, strict=True):
                verdicts[position] = verdict
        return verdicts

    def _execute(self, items: Sequence[Item]) -> list[Refusal | None]:
        now_ms = self._now_ms()  # Read for each try: whether an item is late depends on when it is really stored.
        statements = [statement(self._name, marked(item, now_ms)) for item in items]
        try:
            responses = self._client.batch_execute_statement(Statements=statements)["Responses"]
        except Exception as error:
            refusal = refusal_of_call(error)
            if refusal.code in _REFUSING_CODES:  # The whole call was refused: one of its items must be the reason.
                raise Poison("refused_by_table", refusal.code) from error
            return [refusal] * len(items)
        codes = [response["Error"].get("Code", "Unknown") if "Error" in response else None for response in responses]
        codes += ["MissingResponse"] * (len(items) - len(codes))
        return [None if code is None else Refusal(code, code in RETRYABLE_CODES) for code in codes]

    def _compare(self, items: Sequence[Item], give_up_at_s: float) -> list[Verdict]:
        """Return the verdicts on items whose keys exist already, from the texts that are stored there."""
        stored, refusals = stored_texts(
            self._client, self._name, [item.key for item in items], give_up_at_s=give_up_at_s, time=self._time
        )
        return [
            ERASED if stored.get(item.key, "") is None else _verdict_on_taken(item, stored.get(item.key), refusal)
            for item, refusal in zip(items, refusals, strict=True)
        ]


def _verdict_on_insert(refusal: Refusal | None) -> Verdict:
    if refusal is None:
        return STORED
    return quarantined("refused_by_table", refusal.code) if refusal.code in _REFUSING_CODES else not_taken(refusal.code)


def _verdict_on_taken(item: Item, stored_text: str | None, refusal: Refusal | None) -> Verdict:
    if stored_text is not None:
        return DUPLICATE if stored_text == item.original_text else conflict(stored_text)
    # The stored item was not read in time, or is gone since the INSERT found it: then the next delivery inserts again.
    return not_taken(refusal.code) if refusal else retried("ItemGone")


def _verdict_beside(conflict: Verdict, verdict: Verdict) -> Verdict:
    """Return the verdict on a conflict, from the verdict on the item that goes beside the first."""
    match verdict.outcome:
        case "stored" | "duplicate":
            return conflict
        case "conflict":  # Another program wrote it: the key of ours is made from the text.
            return retried("KeyTaken")
        case _:
            return verdict


def _verdict_on_twin(first: Verdict, first_item: Item, item: Item) -> Verdict:
    """Return the verdict on an item whose key came earlier in the call, from the verdict on the earlier item."""
    text, first_text = item.original_text, first_item.original_text
    match first.outcome:
        case _ if first == ERASED:
            return ERASED
        case "stored" | "duplicate":
            return DUPLICATE if text == first_text else conflict(first_text)
        case "conflict" if first.stored_text is not None:
            return DUPLICATE if text == first.stored_text else conflict(first.stored_text)
        case _ if text == first_text:
            return first
        case _:
            return not_taken("TwinNotStored") if first.outage else retried("TwinNotStored")
