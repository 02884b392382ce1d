"""Resharding on kinesis-mock: shards are split and merged during writes, and a reader is killed."""

import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from consumer.erasures import NONE
from consumer.lake import job
from consumer.lake.catalog import in_folder, name_of
from consumer.lake.rows import KEY_BYTES
from consumer.lake.sync import Policy
from consumer.replay.job import Options
from infra.cli.replay import outside
from infra.stack import Stack
from ingest.contract.message import InternalMessage, decode, encode
from tests.integration.replay import kinesis_mock
from tests.integration.replay.corpus import log, put, replayed, stack_of
from tests.integration.replay.killed_replay import Job

TENANTS = 12
A_CALL = 60
STAGE = 300
HASH_KEYS = 1 << 128
_ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def endpoint_url() -> Iterator[str]:
    """The engine, for the whole module."""
    with kinesis_mock.running() as url:
        yield url


def created(endpoint_url: str, stream: str) -> Stack:
    """Return a stack with a new stream of one shard."""
    stack = stack_of(stream, endpoint_url=endpoint_url)
    stack.place.kinesis.create_stream(StreamName=stream, ShardCount=1)
    await_active(stack)
    return stack


def await_active(stack: Stack) -> None:
    """Return when the stream takes the next change."""
    deadline_s = time.monotonic() + 3000
    while True:
        summary = stack.place.kinesis.describe_stream_summary(StreamName=stack.stream_name)
        if summary["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE":
            return
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def open_shards(stack: Stack) -> dict[int, tuple[str, int]]:
    """Return the open shards by the start of their hash range: shard id and end of the range."""
    return {
        int(shard["HashKeyRange"]["StartingHashKey"]): (shard["ShardId"], int(shard["HashKeyRange"]["EndingHashKey"]))
        for shard in stack.place.kinesis.list_shards(StreamName=stack.stream_name)["Shards"]
        if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    }


def split(stack: Stack, start: int) -> None:
    """Split the open shard that begins at `start` in two halves."""
    shard_id, end = open_shards(stack)[start]
    middle = str((start + end + 1) // 2)
    stack.place.kinesis.split_shard(StreamName=stack.stream_name, ShardToSplit=shard_id, NewStartingHashKey=middle)
    await_active(stack)


def merge(stack: Stack, start: int) -> None:
    """Merge the open shard that begins at `start` with the next one."""
    shards = open_shards(stack)
    shard_id, end = shards[start]
    stack.place.kinesis.merge_shards(
        StreamName=stack.stream_name, ShardToMerge=shard_id, AdjacentShardToMerge=shards[end + 1][0]
    )
    await_active(stack)


def reshard(stack: Stack, wait: "threading.Event | None" = None) -> None:
    """Make six changes: split, split a child, merge children of two parents, merge again."""
    quarter = HASH_KEYS // 4
    for change, start in (
        (split, 0),
        (split, 0),
        (split, 2 * quarter),
        (merge, quarter),
        (split, quarter),
        (merge, 0),
    ):
        change(stack, start)
        if wait is not None:
            wait.wait(0.05)


def lines(path: Path) -> list[InternalMessage]:
    """Return the logs in an NDJSON file."""
    return [decode(line) for line in path.read_bytes().splitlines()]


def assert_exact(found: list[InternalMessage], logs: int) -> None:
    """Fail unless exactly the first `logs` logs are there, each tenant's in the order of sending."""
    assert len(found) == logs
    for tenant in range(TENANTS):
        of_tenant = [m for m in found if m.tenant_id == f"tenant-{tenant:02}"]
        assert of_tenant == [log(n, tenants=TENANTS) for n in range(tenant, logs, TENANTS)]


def written_while_resharding(stack: Stack) -> int:
    """Write logs until the resharding is done; return how many."""
    resharded = threading.Event()
    written = 0
    failures: list[BaseException] = []

    def write() -> None:
        nonlocal written
        try:
            while not resharded.is_set():
                put(
                    stack.place.kinesis,
                    [log(n, tenants=TENANTS) for n in range(written, written + A_CALL)],
                    stream=stack.stream_name,
                )
                written += A_CALL
        except BaseException as error:
            failures.append(error)
            raise

    writer = threading.Thread(target=write)
    writer.start()
    try:
        reshard(stack, resharded)
    finally:
        resharded.set()
        writer.join()
    assert not failures
    return written


def test_resharding_during_writes_keeps_the_set_and_the_order(endpoint_url: str, tmp_path: Path) -> None:
    """Logs written during splits and merges come back exactly and in order, with the same bytes twice."""
    stack = created(endpoint_url, "resharded")
    logs = written_while_resharding(stack)
    for name in ("one.ndjson", "two.ndjson"):
        counters = replayed(stack, Options(to=str(tmp_path / name), raw=True))
    assert_exact(lines(tmp_path / "one.ndjson"), logs)
    assert (tmp_path / "one.ndjson").read_bytes() == (tmp_path / "two.ndjson").read_bytes()
    assert counters.shards_ended == 8  # four split, two pairs merged


def test_a_lake_holds_each_log_once_across_resharding(endpoint_url: str, tmp_path: Path) -> None:
    """With commits during splits and merges, and all logs sent again, the lake has one row for each log."""
    stack = created(endpoint_url, "resharded-lake")
    catalog, name = in_folder(tmp_path), name_of(raw=True)
    logs = 0
    for _ in range(2):
        logs = logs or written_while_resharding(stack)
        job.run(
            job.Options(raw=True),
            outside(stack)._replace(erasures=lambda: NONE),
            catalog,
            None,
            b"k" * KEY_BYTES,
            policy=Policy(logs=max(logs // 5, 1)),
        )
        rows = catalog.load_table(name).scan().to_arrow().select(["tenant_id", "log_id", "text"]).to_pylist()
        expected = [log(n, tenants=TENANTS) for n in range(logs)]
        assert sorted(tuple(row.values()) for row in rows) == sorted((m.tenant_id, m.log_id, m.text) for m in expected)
        put(stack.place.kinesis, expected, stream=stack.stream_name)


def test_following_meets_the_children_of_shards_that_end_meanwhile(endpoint_url: str, tmp_path: Path) -> None:
    """A replay that follows the stream during its resharding has every log, in its tenant's order."""
    stack = created(endpoint_url, "followed")
    stop = threading.Event()
    done: list[int] = []
    options = Options(to=str(tmp_path / "out.ndjson"), checkpoint=tmp_path / "at.json", raw=True, follow=True)
    reader = threading.Thread(target=lambda: done.append(replayed(stack, options, stop.is_set).written))
    reader.start()
    try:
        logs = written_while_resharding(stack)
        deadline_s = time.monotonic() + 300
        while not (tmp_path / "out.ndjson").exists() or (tmp_path / "out.ndjson").read_bytes().count(b"\n") < logs:
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
    finally:
        stop.set()
        reader.join()
    assert done == [logs]
    assert_exact(lines(tmp_path / "out.ndjson"), logs)


def test_a_hot_tenant_is_spread_over_the_shards_and_keeps_each_sub_keys_order(
    endpoint_url: str, tmp_path: Path
) -> None:
    """With four sub-keys one tenant's logs are in all four shards, each in the order of sending."""
    stack = created(endpoint_url, "hot")
    for start in (0, 0, HASH_KEYS // 2):
        split(stack, start)
    sent = [log(n, tenants=1) for n in range(400)]
    put(stack.place.kinesis, sent, stream=stack.stream_name, sub_keys=4)
    counters = replayed(stack, Options(to=str(tmp_path / "out.ndjson"), raw=True))
    found = lines(tmp_path / "out.ndjson")
    assert len(counters.shards_read) == 4
    assert sorted(found, key=lambda message: message.log_id) == sent
    for sub_key in range(4):
        of_key = [message for message in found if zlib.crc32(encode(message)) % 4 == sub_key]
        assert len(of_key) > 50
        assert of_key == sorted(of_key, key=lambda message: message.log_id)


@pytest.mark.parametrize(
    ("name", "kills"),
    [
        ("out.ndjson", [("write", 150), ("before_checkpoint", 2), ("after_checkpoint", 1), ("write", 250)]),
        ("out.ndjson.gz", [("before_checkpoint", 3), ("write", 130)]),
    ],
)
def test_a_killed_replay_goes_on_with_nothing_lost_and_nothing_twice(
    endpoint_url: str, tmp_path: Path, name: str, kills: list[tuple[str, int]]
) -> None:
    """A replay killed at a write, or before or after a checkpoint, ends with the same file as one that was not (I9)."""
    stack = created(endpoint_url, f"killed-{name.count('.')}")
    numbers = count()
    for change in (split, split, merge, None):
        logs = [log(n, tenants=TENANTS) for n in (next(numbers) for _ in range(STAGE))]
        put(stack.place.kinesis, logs, stream=stack.stream_name, a_call=A_CALL)
        if change is not None:
            change(stack, 0)
    job = Job(
        endpoint_url=endpoint_url,
        stream=stack.stream_name,
        to=str(tmp_path / "whole" / name),
        checkpoint=str(tmp_path / "whole.json"),
        commit_logs=110,
        distinct=True,
    )
    (tmp_path / "whole").mkdir()
    assert killed(job) == 0
    job = msgspec.structs.replace(job, to=str(tmp_path / name), checkpoint=str(tmp_path / "at.json"))
    for point, at in kills:
        assert killed(msgspec.structs.replace(job, point=point, count=at)) == -9
    assert killed(job) == 0
    assert (tmp_path / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    if name == "out.ndjson":
        assert_exact(lines(tmp_path / name), 4 * STAGE)


def killed(job: Job) -> int:
    """Return the exit status of a replay in a process of its own (-9 if killed)."""
    return subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-m", "tests.integration.replay.killed_replay", msgspec.json.encode(job).decode()],
        cwd=_ROOT,
        check=False,
        timeout=300,
    ).returncode
