"""The texts stored under keys of the table, from consistent reads: what is stored now, and not a moment ago."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from consumer.erasures import ERASED_AT, is_tombstone
from consumer.item import LOG_ID, TENANT_ID, Key, beside_id, key_attributes, key_of, projection, string
from ingest.aws import clients, packing
from ingest.aws.refusal import Refusal, refusal_of
from ingest.aws.retry import Backoff, Time, retrying
from ingest.contract.message import InternalMessage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesUnionTypeDef

BACKOFF: Final = Backoff(first_s=0.05, max_s=2.0)

_MOST_KEYS: Final = 50
"""Keys per call. BatchGetItem takes 100 keys and returns at most 16 MB (API reference, November 2026), which is 40
texts of 400 KB. Keys that do not fit are left out of the answer, and are read again."""

_UNREAD: Final = Refusal("Throttling", retryable=True)
"""Why a key was not read: BatchGetItem leaves keys out if the table is too busy (API reference, UnprocessedKeys)."""


def stored_texts(
    client: "DynamoDBClient | clients.DynamoDb", table: str, keys: Sequence[Key], *, give_up_at_s: float, time: Time
) -> tuple[dict[Key, str | None], list[Refusal | None]]:
    """Return the texts by key, and for each key why it could not be read; a key with neither has no item.

    A tombstone has None as its text: the log was erased. `keys` are distinct, and no more than one call takes.
    No call starts at or after `give_up_at_s` on `time`'s clock.
    """
    found: dict[Key, str | None] = {}

    def read(positions: Sequence[int]) -> list[Refusal | None]:
        try:
            texts, unread = _read(client, table, [keys[position] for position in positions])
        except Exception as error:  # noqa: BLE001 - `refusal_of_call` raises it again unless it is AWS's
            return [refusal_of_call(error)] * len(positions)
        found.update(texts)
        return [_UNREAD if keys[position] in unread else None for position in positions]

    return found, retrying(read, len(keys), give_up_at_s=give_up_at_s, time=time, backoff=BACKOFF)


def stored_among(
    client: "DynamoDBClient | clients.DynamoDb",
    table: str,
    logs: Sequence[InternalMessage],
    *,
    give_up_at_s: float,
    time: Time,
) -> frozenset[int]:
    """Return the positions of the logs that are stored for certain, under their log id or beside another text.

    A log whose log id was erased counts as stored: nothing is left to do.
    """
    wanted = [_keys(log) for log in logs]
    found: dict[Key, str | None] = {}
    for call in _calls(list(dict.fromkeys(key for keys in wanted for key in keys))):
        found |= stored_texts(client, table, call, give_up_at_s=give_up_at_s, time=time)[0]
    return frozenset(
        position
        for position, (log, keys) in enumerate(zip(logs, wanted, strict=True))
        if any(found.get(key, "") is None or (key in found and found[key] == log.text) for key in keys)
    )


def _keys(log: InternalMessage) -> tuple[Key, Key]:
    return Key(log.tenant_id, log.log_id), Key(log.tenant_id, beside_id(log.log_id, log.text))


def _calls(keys: Sequence[Key]) -> Iterator[list[Key]]:
    return packing.calls(keys, lambda _: 0, max_entries=_MOST_KEYS, max_bytes=1)


def refusal_of_call(error: Exception) -> Refusal:
    """Return why a whole call failed, with the code that a statement's error has.

    Raises:
        Exception: `error` itself, if it isn't AWS's.
    """
    refusal = refusal_of(error)
    if refusal is None:
        raise error
    return refusal._replace(code=refusal.code.removesuffix("Exception"))


def _read(
    client: "DynamoDBClient | clients.DynamoDb", table: str, keys: Sequence[Key]
) -> tuple[dict[Key, str | None], set[Key]]:
    request: dict[str, KeysAndAttributesUnionTypeDef] = {
        table: {
            "Keys": [key_attributes(key) for key in keys],
            "ConsistentRead": True,
            "ProjectionExpression": f"{projection(TENANT_ID, LOG_ID, 'original_text')}, {ERASED_AT}",
        }
    }
    response = client.batch_get_item(RequestItems=request)
    found = {
        key_of(attributes): None if is_tombstone(attributes) else string(attributes, "original_text")
        for attributes in response["Responses"].get(table, [])
    }
    unread = response.get("UnprocessedKeys", {}).get(table, {"Keys": []})["Keys"]
    return found, {key_of(attributes) for attributes in unread}
