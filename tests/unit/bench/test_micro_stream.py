"""The stream's measurements measure the same work: every variant meets every log."""

import pytest

from bench.micro.memory_stream import shards
from bench.micro.stream import billed, read_ours, read_reference, replay_to_file, requests, written

LOGS = 60_000  # more than one page a shard


def test_every_way_of_reading_meets_every_log() -> None:
    """The reference's loop, ours, and whole replays with and without redaction and the set of logs seen."""
    memory = shards(LOGS)
    assert read_ours(memory) == read_reference(memory) == LOGS
    few = shards(3_000)
    assert replay_to_file(few, redacted=True, distinct=False) == 3_000
    assert replay_to_file(few, redacted=False, distinct=True) == 3_000


@pytest.mark.parametrize(("a_request", "records"), [(1, 1), (10, 1), (100, 1)])
def test_a_requests_logs_are_one_record_or_one_each(a_request: int, records: int) -> None:
    """Aggregated and single hold the same logs; a kilobyte begun is a kilobyte billed."""
    (logs,) = requests(a_request, 1)
    assert (len(written(logs)), len(written(logs, single=True))) == (records, a_request)
    assert sum(written(logs)) < 1.2 * sum(written(logs, single=True))
    assert billed([1, 1024, 1025]) == 4
