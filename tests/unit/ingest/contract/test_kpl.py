"""Aggregated records as ingest packs them: their contents, their size, and logs that are too large."""

import pytest

from consumer.replay.deaggregate import UserRecord, deaggregate
from ingest.contract.kpl import DEFAULT_MAX_BYTES, Packed, aggregate

MIB = 1024 * 1024


def pack(*sizes: int, max_bytes: int = DEFAULT_MAX_BYTES, hash_key: str | None = None) -> list[Packed]:
    """Return the records that contain user records of these sizes of tenant acme."""
    records = ((position, bytes([97 + position % 26]) * size) for position, size in enumerate(sizes))
    return list(aggregate("acme", records, explicit_hash_key=hash_key, max_bytes=max_bytes))


def unpacked(packed: list[Packed]) -> list[int]:
    """Return the sizes of all user records inside, in order."""
    return [len(piece.data) for record in packed for piece in deaggregate("acme", record.data)]


def test_small_records_share_one_record_in_their_order() -> None:
    """A hundred small logs share one record in order, and its positions name them."""
    packed = pack(*range(1, 101))
    assert [record.positions for record in packed] == [tuple(range(100))]
    assert unpacked(packed) == list(range(1, 101))


def test_a_full_record_is_followed_by_the_next() -> None:
    """No record exceeds the limit, and at its end no log is lost or moved."""
    packed = pack(*[1_000] * 200)
    assert len(packed) == 4
    assert all(len(record.data) <= DEFAULT_MAX_BYTES for record in packed)
    assert [position for record in packed for position in record.positions] == list(range(200))
    assert unpacked(packed) == [1_000] * 200


@pytest.mark.parametrize("size", range(DEFAULT_MAX_BYTES - 130, DEFAULT_MAX_BYTES + 40))
def test_no_size_near_the_limit_is_lost(size: int) -> None:
    """A log whose size is near the limit is neither lost nor moved."""
    packed = pack(10, size, 10)
    assert unpacked(packed) == [10, size, 10]
    assert [position for record in packed for position in record.positions] == [0, 1, 2]


def test_a_large_record_stands_alone_between_its_neighbours() -> None:
    """A log above the limit has its own record, between the logs before and after it."""
    assert [record.positions for record in pack(10, 10, 300_000, 10)] == [(0, 1), (2,), (3,)]


@pytest.mark.parametrize(("size", "fits"), [(MIB - 93, True), (MIB - 92, True), (MIB - 91, False), (MIB, False)])
def test_what_a_stream_cannot_take_is_left_out(size: int, *, fits: bool) -> None:
    """A log whose record would exceed 1 MiB with its envelope is left out, and its neighbours are not."""
    packed = pack(1, size, 2)
    assert [p for record in packed for p in record.positions] == ([0, 1, 2] if fits else [0, 2])
    assert all(len(record.data) + len("acme") <= MIB for record in packed)


def test_the_hash_key_stands_in_the_record() -> None:
    """Each user record of an aggregate has the explicit hash key if one is given."""
    assert all(b"12345" in record.data for record in pack(1, 2, hash_key="12345"))
    assert unpacked(pack(1, 2, 60_000, hash_key="12345")) == [1, 2, 60_000]


def test_the_pieces_are_user_records_of_the_tenant() -> None:
    """The partition key of each user record is the tenant id."""
    (record,) = pack(3)
    assert deaggregate("other", record.data) == [UserRecord(0, "acme", b"aaa")]
