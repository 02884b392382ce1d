"""Replays of small streams on moto: what a second run adds, and how broken records are treated."""

from pathlib import Path

import msgspec
from moto import mock_aws

from consumer.replay.job import Options
from ingest.contract.message import InternalMessage, decode
from tests.integration.replay.corpus import STREAM, log, put, replayed, stack_of


def lines(path: Path) -> list[InternalMessage]:
    """Return the logs in an NDJSON file."""
    return [decode(line) for line in path.read_bytes().splitlines()]


def test_a_checkpoint_goes_on_with_what_is_new(tmp_path: Path) -> None:
    """A second run with the checkpoint adds only new logs, and a third run adds nothing."""
    with mock_aws():
        stack = stack_of()
        stack.place.kinesis.create_stream(StreamName=STREAM, ShardCount=2)
        options = Options(to=str(tmp_path / "out.ndjson"), checkpoint=tmp_path / "at.json", raw=True, distinct=True)
        put(stack.place.kinesis, [log(n) for n in range(500)])
        assert replayed(stack, options).written == 500
        put(stack.place.kinesis, [log(n) for n in range(400, 800)])
        assert (replayed(stack, options).written, replayed(stack, options).written) == (300, 0)
        assert sorted(m.log_id for m in lines(tmp_path / "out.ndjson")) == [log(n).log_id for n in range(800)]


def test_broken_records_are_kept_in_a_file_and_the_rest_is_read(tmp_path: Path) -> None:
    """Broken records and a log under another tenant's key are kept in a file, and all other logs are read."""
    with mock_aws():
        stack = stack_of()
        kinesis = stack.place.kinesis
        kinesis.create_stream(StreamName=STREAM, ShardCount=1)
        put(kinesis, [log(1)])
        for data in (b"not a log", b"\xf3\x89\x9a\xc2" + b"x" * 40):
            kinesis.put_record(StreamName=STREAM, PartitionKey="tenant-01", Data=data)
        kinesis.put_record(StreamName=STREAM, PartitionKey="mallory", Data=msgspec.json.encode(log(2)))
        put(kinesis, [log(3)])
        counters = replayed(stack, Options(to=str(tmp_path / "out.ndjson"), raw=True))
        broken = [
            msgspec.json.decode(line) for line in (tmp_path / "out.ndjson.broken.ndjson").read_bytes().splitlines()
        ]
    assert lines(tmp_path / "out.ndjson") == [log(1), log(3)]
    assert [entry["reason"] for entry in broken] == ["undecodable", "wrong_digest", "tenant_mismatch"]
    assert counters.broken == 3
