"""Where the logs of a world are. A log is a text under a tenant's log id, whatever the key of its item."""

from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from bench.judge.history import digest
from consumer.item import sent_log_id
from ingest.contract.errors import Poison
from ingest.contract.message import decode
from ingest.contract.packed import apart, is_packed
from tests.faults.model_sqs import Message
from tests.faults.world import World

Place = tuple[str, str, bytes]
"""(tenant_id, log_id as sent, digest of the text); tenant and log id are "" for a body that is no log."""


class Held(NamedTuple):
    """One log of a message, or a body that is no log: its place and its own body."""

    place: Place
    body: str


@lru_cache(4096)  # A message is read many times, and its text may be long.
def held_in(body: str) -> tuple[Held, ...]:
    """Return the logs in a message's body: one or several."""
    return tuple(Held(_place_of(one), one) for one in (apart(body) if is_packed(body) else [body]))


_digest: Final = lru_cache(16_384)(digest)
"""Cached, because the whole table is read after each deletion."""


def places_of(body: str) -> list[Place]:
    """Return only the places of the logs in a message's body."""
    return [held.place for held in held_in(body)]


def _place_of(body: str) -> Place:
    try:
        log = decode(body)
    except Poison:
        return "", "", digest(body)
    return log.tenant_id, log.log_id, digest(log.text)


def stored(world: World) -> set[Place]:
    """Return the logs in the table; a conflict's item counts under the log id with which it was sent."""
    return {
        (tenant_id, sent_log_id(item), _digest(item["original_text"]["S"]))
        for (tenant_id, _), item in world.dynamodb.items.items()
    }


def waiting(world: World) -> set[Place]:
    """Return the logs in the queue, in flight or not."""
    return {place for message in world.queue.messages.values() for place in places_of(message.body)}


def dead(world: World) -> set[Place]:
    """Return the logs in the dead-letter queue."""
    return {place for message in world.dlq.messages.values() for place in places_of(message.body)}


def is_accounted_for(message: Message, world: World) -> bool:
    """Return whether a message may be deleted: each log in it is stored, dead-lettered, or waits in another message.

    It waits in another message if the consumer sent it back alone, or if a redrive sent its dead letter back to the
    queue before the poller deleted this message.
    """
    others = (other for other in world.queue.messages.values() if other.message_id != message.message_id)
    elsewhere = {place for other in others for place in places_of(other.body)}
    return set(places_of(message.body)) <= elsewhere | stored(world) | dead(world)


def items_as_json(world: World) -> dict[tuple[str, str], bytes]:
    """Return every item as JSON, for comparisons."""
    return {key: msgspec.json.encode(item, order="sorted") for key, item in world.dynamodb.items.items()}
