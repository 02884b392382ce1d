"""The lake as a side of the audit, over a stream and a table that a sync made of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from consumer.erasures import NONE, Erasures
from consumer.item import Key
from consumer.lake import listed
from consumer.lake.catalog import in_folder
from consumer.lake.listed import ListedLog
from consumer.lake.rows import WITHHELD, original_digest
from consumer.lake.table import checkpoint_of
from consumer.replay.checkpoint import SHARD_END, ShardPosition
from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.merge import StreamRecord
from consumer.replay.select import read_log
from infra.audit.lake import LakeSide, is_read
from infra.audit.lake_ledger import LakeAudit
from infra.audit.places import Piece, Selection
from tests.faults.lake_world import KEY, NAME, REDACTOR, LakeWorld
from tests.messages import message

_WITHIN = Selection(None, datetime.max.replace(tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC), frozenset(), NONE)
_SHARD = "shardId-000000000000"
_AFTER = 3

Alter = Callable[[list[ListedLog]], list[ListedLog]]


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> tuple[LakeWorld, Path]:
    """Give a stream with all that is hard, and the lake of it without the last three logs."""
    world, folder = LakeWorld(), tmp_path_factory.mktemp("lake")
    world.fill()
    world.sync(in_folder(folder))
    world.put([message(f"later-{number}") for number in range(_AFTER)])
    return world, folder


def _audited(
    synced: tuple[LakeWorld, Path], alter: Alter = lambda batch: batch, within: Selection = _WITHIN
) -> LakeAudit:
    world, folder = synced
    table = in_folder(folder).load_table(NAME)
    checkpoint = checkpoint_of(table)
    assert checkpoint is not None
    side = LakeSide("here", checkpoint, lambda since: map(alter, listed.logs(table, since)), REDACTOR, KEY)
    for record in world.kinesis.records:
        data = record["Data"]
        seen = StreamRecord(_SHARD, record["SequenceNumber"], record["PartitionKey"], data, 0, 0)
        pieces = []
        for piece in deaggregate(record["PartitionKey"], data):
            log = piece if isinstance(piece, Broken) else read_log(piece)
            pieces.append(Piece(piece.sub_sequence_number, None if isinstance(log, Broken) else log))
        side.take(seen, pieces)
    try:
        return side.compare(within, name=True)
    finally:
        side.close()


def test_a_sync_up_to_its_checkpoint_differs_in_nothing(synced: tuple[LakeWorld, Path]) -> None:
    """Hostile logs, copies, two texts under one id, and logs after the checkpoint: nothing is named."""
    audit = _audited(synced)
    assert (audit.differences, audit.named, audit.after_checkpoint) == ({}, [], _AFTER)
    distinct = {(log.tenant_id, log.log_id, log.text) for log in synced[0].logs()}
    assert audit.logs == audit.rows == len(distinct) - _AFTER


def test_a_row_that_is_withheld_is_no_difference(synced: tuple[LakeWorld, Path]) -> None:
    """It has nothing of its log's text, and is told from others by the text's keyed digest."""
    (log,) = {one.text: one for one in synced[0].logs() if one.log_id == "after-1"}.values()
    keyed = original_digest(log.text, KEY)

    def withheld(one: ListedLog) -> ListedLog:
        return one._replace(text="[REDACTED]", redaction_version=WITHHELD, original_digest=keyed)

    def alter(batch: list[ListedLog]) -> list[ListedLog]:
        return [withheld(one) if one.log_id == "after-1" else one for one in batch]

    audit = _audited(synced, alter)
    assert (audit.differences, audit.named) == ({}, [])


def _without(batch: list[ListedLog]) -> list[ListedLog]:
    return [log for log in batch if log.log_id != "h-3"]


def _with(batch: list[ListedLog]) -> list[ListedLog]:
    return [*batch, batch[0]._replace(log_id="nobody's", received_at=datetime(2025, 11, 24))]  # noqa: DTZ001 - as in the table


def _changed(batch: list[ListedLog]) -> list[ListedLog]:
    return [log._replace(text="changed") if log.log_id == "after-1" else log for log in batch]


def _doubled(batch: list[ListedLog]) -> list[ListedLog]:
    return [*batch, *(log for log in batch if log.log_id == "after-2")]


@pytest.mark.parametrize(
    ("alter", "kind", "log_id"),
    [
        (_without, "lake_lacks", "h-3"),
        (_with, "stream_lacks", "nobody's"),
        (_changed, "text_differs", "after-1"),
        (_doubled, "twice", "after-2"),
    ],
)
def test_a_planted_difference_is_named(synced: tuple[LakeWorld, Path], alter: Alter, kind: str, log_id: str) -> None:
    """Each by its kind, tenant and log id, and nothing else."""
    named = _audited(synced, alter).named or []
    assert {(one.kind, one.log_id) for one in named} == {(kind, log_id)}


def test_what_the_stream_holds_no_more_is_not_missed_there(synced: tuple[LakeWorld, Path]) -> None:
    """A row from before the stream's retention is on no stream, and right."""
    late = _WITHIN._replace(stream_holds_since=datetime(2026, 1, 1, tzinfo=UTC))
    assert _audited(synced, _with, late).differences == {}


@pytest.mark.parametrize(
    ("erasures", "kinds"),
    [
        (Erasures({"acme": "2025-11-24T00:00:00.000Z"}, frozenset()), {"erased"}),
        (Erasures({"acme": "2025-11-23T23:59:59.999Z"}, frozenset()), {"stream_lacks"}),
        (Erasures({}, frozenset({Key("acme", "nobody's")})), {"erased"}),
    ],
)
def test_what_was_erased_and_is_in_the_lake_is_named_so(
    synced: tuple[LakeWorld, Path], erasures: Erasures, kinds: set[str]
) -> None:
    """The stream is not to blame: it has it, and nobody reads that."""

    def alter(batch: list[ListedLog]) -> list[ListedLog]:
        return [*batch, batch[0]._replace(tenant_id="acme", log_id="nobody's", received_at=datetime(2025, 11, 24))]  # noqa: DTZ001 - as in the table

    named = _audited(synced, alter, _WITHIN._replace(erasures=erasures)).named or []
    assert {one.kind for one in named if one.log_id == "nobody's"} == kinds


def test_rows_out_of_the_asked_range_are_not_read(synced: tuple[LakeWorld, Path]) -> None:
    """With --since and --tenant the lake answers for as much as the stream does."""
    table = in_folder(synced[1]).load_table(NAME)
    since = partial(listed.logs, table, tenants=["A.b_c-D"])
    assert {log.tenant_id for batch in since(datetime.min) for log in batch} == {"A.b_c-D"}  # noqa: DTZ901
    assert list(listed.logs(table, datetime(2025, 11, 25), tenants=["A.b_c-D"])) == []  # noqa: DTZ001


def test_a_position_has_read_what_stands_before_it() -> None:
    """Numbers are compared and not their text; within a record by the place."""
    at = ShardPosition(sequence_number="0099", sub_sequence_number=1)
    seen = [is_read(at, *place) for place in (("0098", 7), ("99", 1), ("99", 2), ("100", 0))]
    assert seen == [True, True, False, False]
    assert is_read(ShardPosition(sequence_number=SHARD_END), "1", 0)
    assert not is_read(ShardPosition(), "1", 0)
