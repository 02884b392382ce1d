"""A replay as a command asks for it: times are in the operator's zone; who follows learns of erasures."""

from collections.abc import Callable
from datetime import UTC, tzinfo
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from consumer.erasures import NONE, Erasures
from consumer.replay import job
from consumer.replay.checkpoint import CheckpointMismatchError
from consumer.tombstones import KNOWN_FOR_S
from ingest.contract.message import encode
from tests.clock import Clock
from tests.faults.model_kinesis import Kinesis
from tests.faults.stack import Readers
from tests.messages import RECEIVED_AT, message

_POLLS = 60
_BERLIN = ZoneInfo("Europe/Berlin")  # One hour ahead of UTC in November.


def _outside(
    clock: Clock, kinesis: Kinesis, out: BytesIO, erasures: Callable[[], Erasures] = lambda: NONE
) -> job.Outside:
    return job.Outside(
        stream_name="logs",
        kinesis=kinesis,  # type: ignore[arg-type] # the calls that are made of it
        queue_url="",
        sqs=None,  # type: ignore[arg-type] # no replay to the queue
        stdout=out,
        clock=clock.programs(),
        erasures=erasures,
        readers=lambda open_pages: Readers(open_pages, clock.sleep),
    )


def _put(kinesis: Kinesis, log_id: str, tenant: str = "acme") -> None:
    data = encode(message(log_id, tenant_id=tenant))
    kinesis.put_records(StreamName="logs", Records=[{"Data": data, "PartitionKey": tenant}])


@pytest.mark.parametrize(
    ("times", "taken"),
    [
        ({"since": "16:58", "zone": _BERLIN}, True),  # 15:58 UTC, and the log is of 15:59.
        ({"since": "16:58"}, False),
        ({"until": "16:59:30", "zone": _BERLIN}, True),
        ({"until": "16:58", "zone": _BERLIN}, False),
        ({"since": "15:58Z", "zone": _BERLIN}, True),
        ({"since": "1h", "zone": _BERLIN}, True),
    ],
)
def test_a_time_without_a_zone_is_in_the_zone_of_the_options(
    tmp_path: Path, times: dict[str, Any], *, taken: bool
) -> None:
    """A time that names its own zone, or is an age, is what it says; any other is in the operator's zone."""
    clock = Clock()
    kinesis, out = Kinesis("logs", clock, shards=1), BytesIO()
    _put(kinesis, "log-1")
    job.run(job.Options(**times, quarantine=tmp_path / "broken.ndjson"), _outside(clock, kinesis, out), None)
    assert ('"log-1"' in out.getvalue().decode()) is taken


@pytest.mark.parametrize(("since", "zone"), [("16:58", UTC), ("15:57Z", _BERLIN)])
def test_a_checkpoint_goes_on_only_with_the_same_time(tmp_path: Path, since: str, zone: tzinfo) -> None:
    """The instant counts, not how it was typed: in another zone, the same text is another time, and is refused."""
    clock = Clock()
    kinesis = Kinesis("logs", clock, shards=1)
    _put(kinesis, "log-1")
    options = job.Options(
        to=str(tmp_path / "out.ndjson"), raw=True, checkpoint=tmp_path / "at.json", since="16:58", zone=_BERLIN
    )
    job.run(options, _outside(clock, kinesis, BytesIO()), None)
    clock.sleep(3600)
    same = options._replace(since="2025-11-24T15:58:00Z")
    assert job.run(same, _outside(clock, kinesis, BytesIO()), None).written == 0
    other = options._replace(since=since, zone=zone)
    with pytest.raises(CheckpointMismatchError, match="other options: since"):
        job.run(other, _outside(clock, kinesis, BytesIO()), None)


@pytest.mark.parametrize("follow", [True, False])
def test_who_follows_learns_of_erasures_that_come_later(tmp_path: Path, follow: bool) -> None:  # noqa: FBT001
    """Logs erased during a replay are written for ten seconds at most, as tombstones are read that often."""
    clock = Clock()
    kinesis = Kinesis("logs", clock, shards=1)
    out = BytesIO()
    reads: list[Erasures] = []
    polls = 0

    def erasures() -> Erasures:
        reads.append(Erasures({"acme": RECEIVED_AT}, frozenset()) if polls >= _POLLS // 3 else NONE)
        return reads[-1]

    def stopped() -> bool:
        nonlocal polls
        polls += 1
        if follow and polls == _POLLS // 3:
            clock.sleep(KNOWN_FOR_S)
            _put(kinesis, "erased")
            _put(kinesis, "kept", "blue")
        return polls >= _POLLS

    _put(kinesis, "before")
    options = job.Options(follow=follow, raw=True, quarantine=tmp_path / "broken.ndjson")
    job.run(options, _outside(clock, kinesis, out, erasures), None, stopped=stopped)
    written = out.getvalue().decode()
    assert [name for name in ("before", "erased", "kept") if f'"{name}"' in written] == (
        ["before", "kept"] if follow else ["before"]
    )
    assert len(reads) == (2 if follow else 1)


class _Trimmed(Kinesis):
    """Lost the record of a position: it starts at the oldest that it still has."""

    def get_shard_iterator(self, **asked: Any) -> dict[str, Any]:
        """Return the iterator for the beginning of a shard."""
        return super().get_shard_iterator(**asked | {"ShardIteratorType": "TRIM_HORIZON"})


def test_records_that_expired_after_the_checkpoint_are_told(tmp_path: Path) -> None:
    """The shard is still there, but begins behind the checkpoint: some logs between may be lost."""
    clock = Clock()
    kinesis, out = _Trimmed("logs", clock, shards=1), BytesIO()
    options = job.Options(checkpoint=tmp_path / "at.json", quarantine=tmp_path / "broken.ndjson")
    _put(kinesis, "log-1")
    assert job.run(options, _outside(clock, kinesis, out), None).trimmed_shards == []
    _put(kinesis, "log-2")
    assert job.run(options, _outside(clock, kinesis, out), None).trimmed_shards == []
    _put(kinesis, "log-3")
    del kinesis.shards["shardId-000000000000"].records[:2]
    assert job.run(options, _outside(clock, kinesis, out), None).trimmed_shards == ["shardId-000000000000"]
