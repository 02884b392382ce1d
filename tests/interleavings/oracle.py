"""Checks a run: some promises after each move, all of them at the end, there by the judge of a history too."""

from collections import Counter
from collections.abc import Iterator

from bench.judge.history import NO_ANSWER, History
from bench.judge.judge import Counts, judge
from consumer.item import sent_log_id
from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.select import read_log
from ingest.contract.errors import Poison
from ingest.contract.message import decode
from tests.faults.model_sqs import Message
from tests.interleavings.run import ACCEPTED, Run
from tests.interleavings.whereabouts import dead, held_in, items_as_json, stored, waiting

_SERVER_ERROR = 500


def broken_now(run: Run) -> list[str]:
    """Return what is broken in this state: an accepted log that is nowhere (I11), an item written again (I6), I12."""
    world = run.world
    there = stored(world) | waiting(world) | dead(world)
    broken = [
        f"I11: {log.tenant_id}/{log.log_id} is nowhere"
        for log in run.sent
        if log.status == ACCEPTED and (log.tenant_id, log.log_id, log.digest) not in there
    ]
    broken += [f"I12: {why}" for why in run.unaccounted]
    for key, item in run.items.items():
        if world.dynamodb.items.get(key) is not item:  # Also when the new item is equal.
            broken.append(f"I6: the item {key} was written again")
    run.items = dict(world.dynamodb.items)
    return broken


def broken_at_the_end(run: Run) -> list[str]:
    """Return what is broken when all is delivered, by the judge and by rebuilds into the full and the emptied table."""
    run.settle()
    broken = broken_now(run) + _judged(run)
    uncertain = {
        (log.tenant_id, log.log_id, log.digest)
        for log in run.sent
        if log.status == NO_ANSWER or log.status >= _SERVER_ERROR
    }
    on_stream = _on_stream(run)
    broken += [
        f"I5: the text of {log.tenant_id}/{log.log_id} is not on the stream"
        for log in run.sent
        if log.status == ACCEPTED
        and log.fate != "undecodable"
        and (log.tenant_id, log.log_id, log.digest) not in on_stream
    ]
    # A rebuild may store a healthy log that waits in the DLQ for its redrive; that breaks no promise.
    healthy_dead = dead(run.world) & on_stream
    items, letters = items_as_json(run.world), _letters(run)
    before = stored(run.world)
    _rebuild(run)
    now = items_as_json(run.world)
    if changed := [key for key, item in items.items() if now.get(key) != item]:
        broken.append(f"I10: a rebuild on the full table changes {changed}")
    if new := stored(run.world) - before - uncertain - healthy_dead:
        broken.append(f"I10: a rebuild on the full table adds {len(new)} logs")
    if len(now) - len(items) > len(stored(run.world) - before):
        broken.append("I10: a rebuild on the full table stores a log twice")
    whole = stored(run.world)
    run.journal.empty(run.world.dlq)
    run.world.dynamodb.items.clear()
    _rebuild(run)
    if more := _letters(run) - letters:
        broken.append(f"I10: rebuilds add {sum(more.values())} dead letters")
    if missing := whole - stored(run.world):
        broken.append(
            f"I10: after a rebuild {sorted(log_id for _, log_id, _ in missing)} are missing, each with a text"
        )
    if new := stored(run.world) - whole:
        broken.append(f"I10: after a rebuild {len(new)} logs are new")
    return broken


def _rebuild(run: Run) -> None:
    run.finish("rebuild", lambda _: run.programs.rebuild())
    run.drain()


def _letters(run: Run) -> Counter[str]:
    return Counter(message.body for message in run.world.dlq.messages.values())


def _on_stream(run: Run) -> set[tuple[str, str, bytes]]:
    from bench.judge.history import digest  # noqa: PLC0415

    found = set()
    for record in run.world.kinesis.records:
        for piece in deaggregate(record["PartitionKey"], record["Data"]):
            log = piece if isinstance(piece, Broken) else read_log(piece)
            assert not isinstance(log, Broken), f"what the code put on the stream is {log.reason}"
            assert record["PartitionKey"] == log.tenant_id
            found.add((log.tenant_id, log.log_id, digest(log.text)))
    return found


def _judged(run: Run) -> list[str]:
    world = run.world
    visible, waiting = (
        sum(len(held_in(message.body)) for message in messages)
        for messages in (world.queue.visible, world.queue.messages.values())
    )
    with History() as history:
        history.add_sent(run.sent)
        for (tenant_id, _), item in world.dynamodb.items.items():
            history.add_item(tenant_id, sent_log_id(item), item["original_text"]["S"], item["modified_data"]["S"])
        for message in world.dlq.messages.values():
            for letter in _dead_letters(message):
                history.add_dead_letter(*letter)
        for record in world.kinesis.records:
            for piece in deaggregate(record["PartitionKey"], record["Data"]):
                log = piece if isinstance(piece, Broken) else read_log(piece)
                assert not isinstance(log, Broken)
                history.add_stream_record(record["PartitionKey"], log.log_id, log.text)
        counts = Counts(visible, waiting - visible, len(world.dynamodb.items))
        verdict = judge(history, counts=counts)
    return [f"{check.name}: {example}" for check in verdict.checks if check.broken for example in check.examples]


def _dead_letters(message: Message) -> Iterator[tuple[str, str, str, str]]:
    reason = message.attributes.get("reason", {}).get("StringValue", "")
    for held in held_in(message.body):
        try:
            log = decode(held.body)
        except Poison:
            yield "", "", held.body, reason
        else:
            yield log.tenant_id, log.log_id, log.text, reason
