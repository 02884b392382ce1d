"""Interoperation with the reference library aws_kinesis_agg: each reads what the other writes, without loss."""

import contextlib
import io
from base64 import b64decode
from typing import Any, cast

from hypothesis import example, given, settings
from hypothesis import strategies as st

from consumer.replay.deaggregate import Broken, UserRecord, deaggregate
from ingest.aws.retry import Time
from ingest.contract.kpl import DEFAULT_MAX_BYTES, MAGIC, aggregate
from ingest.contract.message import EncodedLog
from ingest.sinks.stream import put_user_records
from tests.reference_kpl import RecordAggregator, iter_deaggregate_records

TENANTS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
HASH_KEYS = st.integers(0, 2**128 - 1).map(str)
SMALL = st.binary(max_size=300)
# Around lengths that take one byte more in protobuf; none is so large that it gets its own record.
SIZES = st.sampled_from([0, 1, 119, 120, 127, 128, 16_370, 16_384]) | st.integers(0, 50_900)
# Around the limits where the library's own size arithmetic goes wrong.
LARGE = st.integers(50_900, 51_300).map(lambda size: b"x" * size)


def read_by_reference(key: str, data: bytes) -> list[tuple[str, bytes]]:
    """Return (partition key, data) of each user record, as the reference library deaggregates it."""
    record = {"SequenceNumber": "1", "PartitionKey": key, "Data": data, "ApproximateArrivalTimestamp": 0}
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        found = [one["kinesis"] for one in iter_deaggregate_records([record], data_format="Boto3")]
    assert errors.getvalue() == ""
    # The library returns aggregated data as base64 and other data as bytes.
    return [(one["partitionKey"], b64decode(one["data"]) if one.get("aggregated") else one["data"]) for one in found]


def read_by_ours(key: str, data: bytes) -> list[tuple[str, bytes]]:
    """Return the same from this project's deaggregation; a broken piece fails the test."""
    pieces = deaggregate(key, data)
    assert not any(isinstance(piece, Broken) for piece in pieces)
    return [(piece.partition_key, piece.data) for piece in pieces]


def written_by_reference(tenant_id: str, datas: list[bytes], hash_key: str | None) -> list[bytes]:
    """Return the records that the reference library writes; each datum must fit into a shared record."""
    aggregator = RecordAggregator(DEFAULT_MAX_BYTES)
    keys = tenant_id.encode(), None if hash_key is None else hash_key.encode()
    full = [aggregator.add_user_record(keys[0], data, keys[1]) for data in datas]
    records = [record for record in [*full, aggregator.clear_and_get()] if record is not None]
    return [record.get_contents()[2] for record in records]


@settings(deadline=None)
@given(TENANTS, st.lists(SIZES.map(bytes), max_size=30), st.none() | HASH_KEYS)
@example("a", [b"x" * 25_540, b"y" * 25_541], None)
@example("a", [b"x" * 25_540, b"y" * 25_542], None)
def test_what_is_written_here_is_the_references_to_the_byte(
    tenant_id: str, datas: list[bytes], hash_key: str | None
) -> None:
    """Aggregated records are byte for byte those of the reference library, for data of every length and number."""
    packed = aggregate(tenant_id, enumerate(datas), explicit_hash_key=hash_key)
    assert [record.data for record in packed] == written_by_reference(tenant_id, datas, hash_key)


@settings(deadline=None)
@given(TENANTS, st.lists(SMALL | LARGE, max_size=20), st.none() | HASH_KEYS)
@example("a", [b"x" * 51_180, b"y" * 51_190, b"", b"z" * 51_200], None)
def test_the_reference_reads_what_is_written_here(tenant_id: str, datas: list[bytes], hash_key: str | None) -> None:
    """The reference library reads every user record in order, under the tenant's key, as this project's reader does."""
    packed = list(aggregate(tenant_id, list(enumerate(datas)), explicit_hash_key=hash_key))
    found = [read_by_reference("record's own key", record.data) for record in packed]
    assert [one for record in found for one in record] == [(tenant_id, data) for data in datas]
    assert found == [read_by_ours("record's own key", record.data) for record in packed]
    assert [position for record in packed for position in record.positions] == list(range(len(datas)))


@settings(deadline=None)
@given(st.lists(st.tuples(KEYS, SMALL, HASH_KEYS), min_size=1, max_size=30), st.booleans())
def test_what_the_reference_writes_is_read_here(records: list[tuple[str, bytes, str]], hash_keys: bool) -> None:  # noqa: FBT001 - hypothesis gives it by position
    """User records with any partition and hash keys are read, with their sub-sequence numbers."""
    aggregator = RecordAggregator()
    for key, data, hash_key in records:
        assert aggregator.add_user_record(key.encode(), data, hash_key.encode() if hash_keys else None) is None
    written = aggregator.clear_and_get().get_contents()[2]
    expected = [UserRecord(position, key, data) for position, (key, data, _) in enumerate(records)]
    assert deaggregate("record's own key", written) == expected


@given(st.binary(max_size=200).filter(lambda data: not data.startswith(MAGIC)))
def test_plain_records_pass_through_both(data: bytes) -> None:
    """Both readers return data that is not aggregated as one unchanged user record."""
    assert read_by_ours("key", data) == read_by_reference("key", data) == [("key", data)]


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_after_the_magic_raise_or_vanish(body: bytes) -> None:
    """Any bytes after the magic are returned, as user records or as broken, and raise nothing."""
    pieces = deaggregate("key", MAGIC + body)
    assert len(pieces) == 1
    assert pieces[0].data == MAGIC + body


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), SMALL | LARGE), max_size=25),
    st.integers(1, 4),
    st.sets(st.integers(0, 60)),
)
def test_what_the_writer_says_is_missing_is_what_is_missing(
    records: list[tuple[str, bytes]], sub_keys: int, refused_calls: set[int]
) -> None:
    """If entries are refused at random, each log is either on the stream, in order, or reported as missing."""
    taken: list[dict[str, Any]] = []
    entries_seen = iter(range(10**6))
    now_s = iter(range(10**6))

    class Kinesis:
        def put_records(self, **request: Any) -> dict[str, Any]:
            results = []
            for entry in request["Records"]:
                if next(entries_seen) in refused_calls:
                    results.append({"ErrorCode": "InternalFailure"})
                else:
                    taken.append(entry)
                    results.append({"SequenceNumber": "1"})
            return {"Records": results}

    logs = [EncodedLog(tenant_id, b"%d:" % n + data) for n, (tenant_id, data) in enumerate(records)]
    missing = put_user_records(
        cast("Any", Kinesis()),
        "logs",
        logs,
        give_up_at_s=10,
        time=Time(lambda: float(next(now_s)), lambda _: None, lambda: 0.5),
        sub_keys=sub_keys,
    )
    on_stream = [EncodedLog(*one) for entry in taken for one in read_by_ours("", entry["Data"])]
    assert sorted(on_stream + [logs[position] for position in missing]) == sorted(logs)
    for entry in taken:
        pieces = read_by_ours("", entry["Data"])
        assert {key for key, _ in pieces} == {entry["PartitionKey"]}
        numbers = [int(data.partition(b":")[0]) for _, data in pieces]
        assert numbers == sorted(numbers)
