"""A replay as a command asks for it: logs that are erased while it follows are no longer written."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from consumer.erasures import NONE, Erasures
from consumer.replay import job
from consumer.tombstones import KNOWN_FOR_S
from ingest.contract.message import encode
from tests.clock import Clock
from tests.faults.model_kinesis import Kinesis
from tests.faults.stack import Readers
from tests.messages import RECEIVED_AT, message

_POLLS = 60


@pytest.mark.parametrize("follow", [True, False])
def test_who_follows_learns_of_erasures_that_come_later(tmp_path: Path, follow: bool) -> None:  # noqa: FBT001
    """Logs erased during a replay are written for ten seconds at most, as tombstones are read that often."""
    clock = Clock()
    programs = clock.programs()
    kinesis = Kinesis("logs", clock, shards=1)
    out = BytesIO()
    reads: list[Erasures] = []
    polls = 0

    def put(log_id: str, tenant: str = "acme") -> None:
        data = encode(message(log_id, tenant_id=tenant))
        kinesis.put_records(StreamName="logs", Records=[{"Data": data, "PartitionKey": tenant}])

    def erasures() -> Erasures:
        reads.append(Erasures({"acme": RECEIVED_AT}, frozenset()) if polls >= _POLLS // 3 else NONE)
        return reads[-1]

    def stopped() -> bool:
        nonlocal polls
        polls += 1
        if follow and polls == _POLLS // 3:
            clock.sleep(KNOWN_FOR_S)
            put("erased")
            put("kept", "blue")
        return polls >= _POLLS

    put("before")
    outside: Any = job.Outside(
        stream_name="logs",
        kinesis=kinesis,  # type: ignore[arg-type] # the calls that are made of it
        queue_url="",
        sqs=None,  # type: ignore[arg-type] # no replay to the queue
        stdout=out,
        clock=programs,
        erasures=erasures,
        readers=lambda open_pages: Readers(open_pages, clock.sleep),
    )
    options = job.Options(follow=follow, raw=True, quarantine=tmp_path / "broken.ndjson")
    job.run(options, outside, None, stopped=stopped)
    written = out.getvalue().decode()
    assert [name for name in ("before", "erased", "kept") if f'"{name}"' in written] == (
        ["before", "kept"] if follow else ["before"]
    )
    assert len(reads) == (2 if follow else 1)
