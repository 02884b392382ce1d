"""Generated log ids: UUIDv7s in the order of arrival."""

import uuid

import pytest

from ingest.contract.log_ids import (
    MAX_BUCKETS,
    MAX_MS,
    MAX_POSITION,
    RANDOM_BITS,
    arrival,
    bucket_names,
    generator,
    lowest,
    received_ms,
)

_NOW_MS = 1_795_833_985_483
_ALL_ONES = (1 << RANDOM_BITS) - 1


@pytest.mark.parametrize("random", [0, 1, _ALL_ONES, 0x123456789ABCDEF])
@pytest.mark.parametrize("position", [0, 1, 19_999, MAX_POSITION])
@pytest.mark.parametrize("at_ms", [0, _NOW_MS, MAX_MS])
def test_it_is_a_uuid_version_7(at_ms: int, position: int, random: int) -> None:
    """Version and variant are RFC 9562's, and the first 48 bits are the time."""
    log_id = generator(at_ms, random)(position)
    parsed = uuid.UUID(log_id)
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert parsed.int >> 80 == at_ms == received_ms(log_id)
    assert str(parsed) == log_id


def test_a_request_s_logs_sort_by_their_place() -> None:
    """A request's ids sort in the order of its logs, so that a traceback's lines stay in order."""
    of = generator(_NOW_MS, 0x9876543210ABCDE)
    ids = [of(position) for position in range(20_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_two_requests_of_one_millisecond_are_not_shuffled_together() -> None:
    """All ids of one request sort before or after those of another of the same millisecond."""
    one, two = generator(_NOW_MS, 0), generator(_NOW_MS, _ALL_ONES)
    assert max(one(0), one(MAX_POSITION)) < min(two(0), two(MAX_POSITION))


def test_the_random_bits_keep_requests_apart() -> None:
    """Each of the UUID's 54 random bits makes another id, at the same position and millisecond."""
    ids = {generator(_NOW_MS, 1 << bit)(0) for bit in range(6, RANDOM_BITS)}
    assert len(ids) == RANDOM_BITS - 6


def test_the_lowest_parts_the_times() -> None:
    """The lowest id of a millisecond is above all earlier ids and below all others of the millisecond."""
    bound = lowest(_NOW_MS)
    assert generator(_NOW_MS - 1, _ALL_ONES)(MAX_POSITION) < bound < generator(_NOW_MS, 0)(0)


@pytest.mark.parametrize("buckets", [2, 7, MAX_BUCKETS])
def test_buckets_spread_requests_and_keep_their_order(buckets: int) -> None:
    """A request's ids are in one bucket, all buckets are used, and within a bucket ids sort by arrival."""
    names = bucket_names(buckets)
    seen = set()
    for random in range(buckets * 3):
        first, second = (generator(_NOW_MS, random, buckets=buckets)(position) for position in (0, 1))
        assert first[:4] == second[:4]
        assert lowest(_NOW_MS, bucket=first[:4]) < first < second
        assert lowest(MAX_MS) < first  # A range of plain ids never includes ids of a bucket.
        assert arrival(first) < arrival(second)
        assert received_ms(first) == _NOW_MS
        seen.add(first[:4])
    assert seen | {""} == set(names)


def test_one_bucket_has_no_name() -> None:
    """With one bucket, ids are plain UUIDs without a bucket's name."""
    log_id = generator(_NOW_MS, 5)(0)
    assert bucket_names(1) == ("",)
    assert arrival(log_id) == log_id


@pytest.mark.parametrize("log_id", ["", "l-1", "a" * 32, "01a2d1e0-1c2b-4000-8000-000000000000", "1.2.3"])
def test_another_s_id_has_no_time(log_id: str) -> None:
    """A sender's own id gives no arrival time."""
    assert received_ms(log_id) is None
