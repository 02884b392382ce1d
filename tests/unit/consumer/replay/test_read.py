"""Reading one shard's pages: where it starts, when it waits, and what ends it."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from consumer.replay.attempts import StreamUnreadableError
from consumer.replay.checkpoint import ShardPosition
from consumer.replay.read import FIRST_RECORDS, PAGE_BYTES, PAGE_RECORDS, Page, list_shards, pages
from tests.clock import Clock
from tests.unit.consumer.replay.fakes import FakeKinesis, client_error, record

ONE, TWO, THREE = record("0001"), record("0002"), record("0003")
SINCE = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def read(
    fake: FakeKinesis,
    count: int,
    *,
    position: ShardPosition | None = None,
    since: datetime | None = None,
    clock: Clock | None = None,
    idle_wait_s: float = 1.0,
) -> list[Page]:
    """Return the first `count` pages."""
    clock = clock or Clock()
    found = pages(
        fake.client,
        "logs",
        "s-0",
        position or ShardPosition(),
        since=since,
        idle_wait_s=idle_wait_s,
        time=clock.time(),
    )
    return list(islice(found, count))


def test_a_shard_that_is_not_begun_starts_at_the_trim_horizon() -> None:
    """Without a position or a time, reading starts with the oldest record."""
    fake = FakeKinesis(([ONE], 7, True))
    assert read(fake, 1) == [Page([ONE], 7, caught_up=False, ended=False)]
    assert fake.iterators == [{"StreamName": "logs", "ShardId": "s-0", "ShardIteratorType": "TRIM_HORIZON"}]


def test_a_position_is_passed_on_as_the_string_it_is() -> None:
    """A sequence number keeps its leading zeros, and reading starts at its record, which may be partly unread."""
    fake = FakeKinesis(([ONE], 0, True))
    read(fake, 1, position=ShardPosition(sequence_number="0001"), since=SINCE)
    assert fake.iterators[0]["ShardIteratorType"] == "AT_SEQUENCE_NUMBER"
    assert fake.iterators[0]["StartingSequenceNumber"] == "0001"
    assert "Timestamp" not in fake.iterators[0]


def test_since_starts_by_arrival_with_a_margin_for_clocks() -> None:
    """Reading starts a little before `--since`, because Kinesis's clock and ingest's may differ."""
    fake = FakeKinesis(([ONE], 0, True))
    read(fake, 1, since=SINCE)
    assert fake.iterators[0]["ShardIteratorType"] == "AT_TIMESTAMP"
    assert SINCE - fake.iterators[0]["Timestamp"] == timedelta(minutes=5)


def test_since_the_first_year_leaves_room_for_the_margin() -> None:
    """A `--since` of year 1 starts reading at 1970 and does not overflow."""
    fake = FakeKinesis(([ONE], 0, True))
    read(fake, 1, since=datetime(1, 1, 1, tzinfo=UTC))
    assert fake.iterators[0]["Timestamp"] == datetime(1970, 1, 1, tzinfo=UTC)


def test_empty_pages_are_crossed() -> None:
    """Empty pages are skipped while the reader is behind the stream's end."""
    fake = FakeKinesis(([ONE], 9_000, True), ([], 8_000, True), ([], 5_000, True), ([TWO], 0, True))
    assert [page.records for page in read(fake, 2)] == [[ONE], [TWO]]


def test_caught_up_is_a_page_that_leaves_nothing_behind() -> None:
    """A page that leaves nothing behind means caught up, even if it has records; the next call comes after a wait."""
    fake = FakeKinesis(([ONE], 5, True), ([TWO], 0, True), ([], 0, True), ([THREE], 0, True))
    clock = Clock()
    assert [page.caught_up for page in read(fake, 4, clock=clock)] == [False, True, True, True]
    assert clock.sleeps == [1.0, 1.0]


@pytest.mark.parametrize("records", [[ONE] * PAGE_RECORDS, [record("1", data=b"x" * 1_000_000)] * 6])
def test_a_page_that_its_size_may_have_cut_is_not_the_last(records: list[Any]) -> None:
    """A page that is full by count or by bytes may be cut, although some engines say 0 ms behind."""
    fake = FakeKinesis((records, 0, True), ([], 0, True))
    assert [page.caught_up for page in read(fake, 2)] == [False, True]


def test_a_call_asks_for_a_page_of_bytes_by_the_records_before() -> None:
    """A call's limit of records follows from the size of earlier records, so that a page stays small."""
    large = record("1", data=b"x" * 51_200)
    fake = FakeKinesis(*[([large] * 10, 9, True)] * 2, ([large], 0, True), ([], 0, True))
    read(fake, 4)
    assert fake.limits == [FIRST_RECORDS, *[PAGE_BYTES // 51_201] * 3]


def test_a_call_asks_for_more_step_by_step() -> None:
    """The limit of records grows in steps, because one small record says little about the next."""
    fake = FakeKinesis(*[([ONE], 9, True)] * 6)
    read(fake, 6)
    assert fake.limits == [10, 80, 640, 5_120, PAGE_RECORDS, PAGE_RECORDS]


def test_a_record_larger_than_a_page_is_asked_for_alone() -> None:
    """A record larger than a page is read alone, so that the shard goes on."""
    fake = FakeKinesis(([record("1", data=b"x" * (PAGE_BYTES + 1))], 9, True), ([ONE], 9, True))
    read(fake, 2)
    assert fake.limits == [FIRST_RECORDS, 1]


def test_a_shard_ends_where_kinesis_gives_no_iterator() -> None:
    """A shard ends when Kinesis gives no iterator; the last page may hold records, and no call follows."""
    fake = FakeKinesis(([ONE], 10, True), ([TWO], 0, False))
    assert read(fake, 9) == [Page([ONE], 10, caught_up=False, ended=False), Page([TWO], 0, caught_up=True, ended=True)]


def test_an_expired_iterator_is_renewed_after_the_last_record() -> None:
    """After an iterator has expired, the shard is continued after its last record."""
    fake = FakeKinesis(([ONE, TWO], 9, True), client_error("ExpiredIteratorException"), ([THREE], 0, True))
    assert [page.records for page in read(fake, 2, since=SINCE)] == [[ONE, TWO], [THREE]]
    assert fake.iterators[1] == {
        "StreamName": "logs",
        "ShardId": "s-0",
        "ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
        "StartingSequenceNumber": "0002",
    }


@pytest.mark.parametrize(
    "error",
    [
        client_error("ProvisionedThroughputExceededException"),
        client_error("InternalFailure"),
        EndpointConnectionError(endpoint_url=""),
    ],
)
def test_throttles_and_the_network_are_backed_off(error: Exception) -> None:
    """After a throttle or network error, the same iterator is used again after a wait."""
    fake, clock = FakeKinesis(error, error, ([ONE], 0, True)), Clock()
    assert [page.records for page in read(fake, 1, clock=clock)] == [[ONE]]
    assert fake.used == ["iterator-1"] * 3
    assert len(clock.sleeps) == 2
    assert all(0 <= wait_s <= 0.4 for wait_s in clock.sleeps)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "InvalidArgumentException"])
def test_what_waiting_cannot_change_ends_the_reading(code: str) -> None:
    """Missing rights or a missing stream end the reading at once with an error."""
    clock = Clock()
    with pytest.raises(StreamUnreadableError, match=code):
        read(FakeKinesis(client_error(code)), 1, clock=clock)
    assert clock.sleeps == []


def test_throttles_without_end_end_the_reading() -> None:
    """After twenty failures in a row, reading ends with an error."""
    with pytest.raises(StreamUnreadableError, match="21 tries failed in a row"):
        read(FakeKinesis(*[client_error("ThrottlingException")] * 21), 1)


def test_no_more_than_five_calls_a_second_go_to_a_shard() -> None:
    """The sixth call waits until a second after the first."""
    fake, clock = FakeKinesis(*[([ONE], 5, True)] * 12), Clock()
    read(fake, 12, clock=clock)
    assert clock.elapsed_s == pytest.approx(2.0)
    assert len(fake.used) == 12


class Listing:
    """ListShards in two pages, the second after a throttle."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []

    def list_shards(self, **request: str) -> dict[str, object]:
        """Return the page that the token asks for."""
        self.requests.append(request)
        if "NextToken" not in request:
            return {"Shards": [{"ShardId": "s-0"}], "NextToken": "more"}
        if len(self.requests) == 2:
            raise client_error("LimitExceededException")
        return {"Shards": [{"ShardId": "s-1"}]}


def test_all_pages_of_the_listing_are_read() -> None:
    """All pages of a listing are read: a token is sent alone, and a throttle is retried."""
    listing, clock = Listing(), Clock()
    found = list_shards(listing, "logs", time=clock.time())  # type: ignore[arg-type]
    assert [shard["ShardId"] for shard in found] == ["s-0", "s-1"]
    assert listing.requests == [{"StreamName": "logs"}, {"NextToken": "more"}, {"NextToken": "more"}]
    assert len(clock.sleeps) == 1
