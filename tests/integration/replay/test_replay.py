"""Replays of a stream on moto give the same bytes every time, selected and redacted, to every target."""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import msgspec
import pytest
from moto import mock_aws

from consumer.replay.job import Options
from infra.stack import Stack
from ingest.contract.message import InternalMessage, decode
from tests.integration.replay.corpus import STREAM, log, put, replayed, stack_of

LOGS = 10_000
TENANTS = 20
SHARDS = 4


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stream of four shards that holds 10,000 logs of 20 tenants, and a queue."""
    with mock_aws():
        stack = stack_of()
        stack.place.kinesis.create_stream(StreamName=STREAM, ShardCount=SHARDS)
        put(stack.place.kinesis, [log(number, tenants=TENANTS) for number in range(LOGS)])
        yield stack


def lines(path: Path) -> list[InternalMessage]:
    """Return the logs in an NDJSON file, plain or gz."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [decode(line) for line in data.splitlines()]


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below the folder, by its path in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("name", ["logs.ndjson", "logs.ndjson.gz", "parquet/"])
def test_replaying_twice_gives_the_same_bytes(stack: Stack, tmp_path: Path, name: str) -> None:
    """10,000 logs of 20 tenants in four shards, read by four threads, are byte for byte the same each time (I9)."""
    for attempt in ("one", "two"):
        (tmp_path / attempt).mkdir()
        counters = replayed(stack, Options(to=f"{tmp_path / attempt}/{name}"))
        assert (counters.written, counters.broken, len(counters.shards_read)) == (LOGS, 0, SHARDS)
    assert digests(tmp_path / "one") == digests(tmp_path / "two") != {}


def test_a_replay_holds_every_log_once_in_its_tenants_order(stack: Stack, tmp_path: Path) -> None:
    """A raw replay has each tenant's logs as they were sent, in the order of sending."""
    replayed(stack, Options(to=str(tmp_path / "logs.ndjson"), raw=True))
    found = lines(tmp_path / "logs.ndjson")
    for tenant in range(TENANTS):
        sent = [log(number) for number in range(tenant, LOGS, TENANTS)]
        assert [message for message in found if message.tenant_id == f"tenant-{tenant:02}"] == sent


def test_a_replay_is_redacted_unless_raw_is_asked_for(stack: Stack, tmp_path: Path) -> None:
    """By default the output has no phone number, and everything else."""
    replayed(stack, Options(to=str(tmp_path / "logs.ndjson")))
    found = {message.log_id: message for message in lines(tmp_path / "logs.ndjson")}
    assert found["log-000010"].text == "request 10 took 10 ms call [REDACTED] é\n"
    assert found["log-000011"] == log(11)
    assert not any("555-0199" in message.text for message in found.values())


def test_gz_holds_the_lines_of_the_plain_file(stack: Stack, tmp_path: Path) -> None:
    """The compressed file has the lines of the plain one."""
    replayed(stack, Options(to=str(tmp_path / "a.ndjson")))
    replayed(stack, Options(to=str(tmp_path / "a.ndjson.gz")))
    assert gzip.decompress((tmp_path / "a.ndjson.gz").read_bytes()) == (tmp_path / "a.ndjson").read_bytes()


def test_since_until_and_tenant_select_by_received_at(stack: Stack, tmp_path: Path) -> None:
    """`--since` is inclusive and `--until` exclusive, both by received_at; several tenants may be given."""
    first, last = log(1_000), log(3_000)
    replayed(
        stack,
        Options(
            to=str(tmp_path / "logs.ndjson"),
            since=first.received_at,
            until=last.received_at,
            tenants=("tenant-00", "tenant-07"),
            raw=True,
        ),
    )
    expected = [log(n) for n in range(1_000, 3_000) if n % TENANTS in {0, 7}]
    assert sorted(lines(tmp_path / "logs.ndjson"), key=lambda m: m.log_id) == expected


def test_duckdb_reads_the_parquet_folder_as_one_table(stack: Stack, tmp_path: Path) -> None:
    """DuckDB reads the folder as one table with all logs, tenant and date as columns, and times as timestamps."""
    replayed(stack, Options(to=f"{tmp_path / 'lake'}/", raw=True))
    with duckdb.connect() as connection:
        table = f"read_parquet('{tmp_path}/lake/**/*.parquet', hive_partitioning = true)"
        per_date = connection.sql(
            f"SELECT date, count(*), count(DISTINCT tenant_id), min(received_at) FROM {table} GROUP BY 1 ORDER BY 1"  # noqa: S608 - our own path
        ).fetchall()
        (fields,) = connection.sql(f"SELECT fields FROM {table} WHERE log_id = 'log-000003'").fetchall()  # noqa: S608 - as above
    assert [(str(date), count, tenants) for date, count, tenants, _ in per_date] == [
        ("2026-11-23", 6_000, TENANTS),
        ("2026-11-24", 4_000, TENANTS),
    ]
    assert msgspec.json.decode(fields[0]) == {"n": 3}
