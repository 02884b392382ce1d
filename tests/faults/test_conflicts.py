"""I6 and I10: several texts under one log id, in every order, on the stream and in the queue."""

from itertools import permutations, product
from typing import Any, Final

import pytest

from consumer.item import CONFLICT_OF, LOG_ID, sent_log_id
from infra.audit.ledger import Ledger, StoredRow, finding
from ingest.contract.message import encode
from tests.faults.scratch import scratch
from tests.faults.trial import Trial
from tests.faults.world import STREAM_NAME
from tests.messages import message

_TEXTS: Final = ("first", "second, rather a long one: " + "x" * 200, "third")
_HASH_KEYS: Final = ("0", str(1 << 127))
"""One in each of two shards."""

_ORDERS: Final = list(permutations(_TEXTS))


@pytest.mark.parametrize("sent", _ORDERS, ids=lambda order: "".join(text[0] for text in order))
def test_a_rebuild_gives_every_text_of_one_log_id_whatever_came_first(sent: tuple[str, ...]) -> None:
    """A rebuild stores all three texts of one log id, whatever their order, and a second one changes nothing."""
    for stored, shards in product(_ORDERS, product(_HASH_KEYS, repeat=len(_TEXTS))):
        with scratch() as folder:
            trial = Trial(1, folder, shards=2)
            for text, hash_key in zip(sent, shards, strict=True):
                data = encode(message("one", text))
                record = {"PartitionKey": "acme", "Data": data, "ExplicitHashKey": hash_key}
                trial.world.kinesis.put_records(StreamName=STREAM_NAME, Records=[record])
            used = [shard for shard in trial.world.kinesis.shards.values() if shard.records]
            assert len(used) == len(set(shards))
            for text in stored:
                trial.world.queue.send(encode(message("one", text)).decode())
                trial.drain()
            assert _texts(trial) == sorted(_TEXTS)
            assert trial.world.dynamodb.items["acme", "one"]["original_text"] == {"S": stored[0]}
            trial.world.dynamodb.items.clear()
            trial.stack.replay_to_queue(trial.folder_for("rebuild"))
            trial.drain()
            rebuilt = dict(trial.world.dynamodb.items)
            assert _texts(trial) == sorted(_TEXTS)
            for _ in range(2):
                trial.stack.replay_to_queue(trial.folder_for("again"))
                trial.drain()
                assert trial.world.dynamodb.items == rebuilt
            assert not trial.world.dlq.messages
            assert _audit(trial) == "complete"


def test_a_text_that_a_rebuild_lacks_is_seen() -> None:
    """If one of the three texts is removed, the audit says missing and not complete."""
    with scratch() as folder:
        trial = Trial(1, folder, shards=2)
        for text in _TEXTS:
            trial.send_text("acme", "one", text)
        trial.drain()
        assert _audit(trial) == "complete"
        lost = next(key for key, item in trial.world.dynamodb.items.items() if CONFLICT_OF in item)
        del trial.world.dynamodb.items[lost]
        assert _audit(trial) == "missing"


def _texts(trial: Trial) -> list[str]:
    items: dict[Any, Any] = trial.world.dynamodb.items
    assert all(item[LOG_ID] == {"S": log_id} for (_, log_id), item in items.items())
    assert {sent_log_id(item) for item in items.values()} == {"one"}
    return sorted(item["original_text"]["S"] for item in items.values())


def _audit(trial: Trial) -> str:
    ledger = Ledger()
    ledger.add_streamed((tenant_id, log.log_id, log.text) for tenant_id, log in trial.streamed())
    ledger.add_stored(
        StoredRow(
            tenant_id,
            sent_log_id(item),
            item["original_text"]["S"],
            counted=True,
            due_on_stream=True,
            conflict=CONFLICT_OF in item,
        )
        for (tenant_id, _), item in trial.world.dynamodb.items.items()
    )
    (tenant,) = ledger.tenants()
    ledger.close()
    assert tenant.conflicts == tenant.stored - 1
    return finding(missing=tenant.missing, changed=tenant.changed, in_flight=0, dead_letters_unseen=0)
