"""Processes killed with SIGKILL before and after every step of ingest, consumer, replay and redrive: enumerated."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Final

import pytest

from tests.faults.crashes import DAYS, MOMENTS, broken_by_each, kills
from tests.faults.injector import Moment

_REACHED: Final = {
    "ingest and consumer": {
        "ingest kinesis.put_records",
        "ingest sqs.send_message_batch",
        "consumer sqs.change_message_visibility_batch",
        "consumer dynamodb.batch_execute_statement",
        "consumer dynamodb.batch_get_item",
        "consumer sqs.send_message",
    },
    "ingest and consumer, packed": {
        "ingest sqs.send_message_batch",
        "consumer dynamodb.batch_execute_statement",
        "consumer sqs.send_message",
        "consumer sqs.send_message_batch",
    },
    "replay": {
        "replay kinesis.list_shards",
        "replay kinesis.get_shard_iterator",
        "replay kinesis.get_records",
        "replay fsync",
        "replay rename",
        "replay sqs.send_message_batch",
    },
    "redrive": {
        "redrive sqs.receive_message",
        "redrive sqs.send_message_batch",
        "redrive sqs.delete_message_batch",
        "redrive sqs.change_message_visibility_batch",
        "redrive sqs.start_message_move_task",
        "redrive sqs.list_message_move_tasks",
    },
}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """Give a process without threads, whatever ran in this one before; the processes that are killed are its forks."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("name", DAYS)
def test_a_day_reaches_every_named_step(name: str) -> None:
    """The enumeration has a kill before and after every named step of the programs."""
    reached = {(kill.name, kill.moment) for kill in kills(name)}
    assert reached >= {(step, moment) for step in _REACHED[name] for moment in MOMENTS}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", DAYS)
def test_a_kill_at_any_step_breaks_no_promise(name: str, moment: Moment, elsewhere: ProcessPoolExecutor) -> None:
    """A process killed before or after any call, fsync or rename loses and doubles nothing once it runs again."""
    broken = elsewhere.submit(broken_by_each, name, [kill for kill in kills(name) if kill.moment == moment]).result()
    assert not broken, "\n".join(broken)
