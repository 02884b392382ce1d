"""The sender's time: every form that clients send is read with every digit, and other values are no time."""

from decimal import Decimal
from typing import Any

import pytest

from ingest.api.event_time import TIME_KEYS, event_at, of_record


@pytest.mark.parametrize(
    ("said", "read"),
    [
        # RFC 3339, any precision, any zone
        ("2026-11-24T05:40:00Z", "2026-11-24T05:40:00Z"),
        ("2026-11-24T05:40:00.1Z", "2026-11-24T05:40:00.1Z"),
        ("2026-11-24T05:40:00.120Z", "2026-11-24T05:40:00.120Z"),
        ("2026-11-24T05:40:00.123456789Z", "2026-11-24T05:40:00.123456789Z"),
        ("2026-11-24T05:40:00.1234567891Z", "2026-11-24T05:40:00.123456789Z"),
        ("2026-11-24T05:40:00.123456789+02:00", "2026-11-24T03:40:00.123456789Z"),
        ("2026-11-24T05:40:00-08:30", "2026-11-24T14:10:00Z"),
        ("2026-11-24 05:40:00.5+0530", "2026-11-24T00:10:00.5Z"),
        ("2026-11-24 05:40:00,123 +01", "2026-11-24T04:40:00.123Z"),
        ("2026-11-28 02:45:35.820914+00:00", "2026-11-28T02:45:35.820914Z"),
        ("2026-11-24t05:40:00z", "2026-11-24T05:40:00Z"),
        ("2026-11-24T05:40Z", "2026-11-24T05:40:00Z"),
        ("20261124T054000.25Z", "2026-11-24T05:40:00.25Z"),
        ("2026-11-24 05:40:00 UTC", "2026-11-24T05:40:00Z"),
        (" 2026-11-24T05:40:00Z\n", "2026-11-24T05:40:00Z"),
        # A leap second, a zone that changes the day, the ends of the calendar
        ("2016-12-31T23:59:60.5Z", "2016-12-31T23:59:60.5Z"),
        ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        # Mail's and Apache's
        ("Sat, 28 Nov 2026 02:46:40 GMT", "2026-11-28T02:46:40Z"),
        ("28/Nov/2026:02:46:40 +0100", "2026-11-28T01:46:40Z"),
        ("[28/Nov/2026:02:46:40.123456 +0000]", "2026-11-28T02:46:40.123456Z"),
        ("Saturday, 28-Nov-26 02:46:40 GMT", "2026-11-28T02:46:40Z"),
        ("Sat, 28 Nov 2026 02:46:40 -0500 (EST)", "2026-11-28T07:46:40Z"),
        ("28 Nov 99 02:46 EST", "1999-11-28T07:46:00Z"),
        # The forms that Go, Java, JavaScript, Ruby, date, nginx, LDAP and .NET print
        ("2026-11-24 05:36:13.123456789 +0000 UTC m=+0.100000001", "2026-11-24T05:36:13.123456789Z"),
        ("2026-11-24 05:36:13.1 -0300 -03", "2026-11-24T08:36:13.1Z"),
        ("2026-11-24 05:36:13 +0100 CET", "2026-11-24T04:36:13Z"),
        ("2026-11-24T05:36:13.123+01:00[Europe/Berlin]", "2026-11-24T04:36:13.123Z"),
        ("2026-11-24T05:36:13.000000001Z[UTC]", "2026-11-24T05:36:13.000000001Z"),
        ("Tue Nov 24 2026 05:36:13 GMT+0100 (Central European Standard Time)", "2026-11-24T04:36:13Z"),
        ("Tue Nov 24 05:36:13 UTC 2026", "2026-11-24T05:36:13Z"),
        ("Tue Nov  4 05:36:13 +0200 2026", "2026-11-04T03:36:13Z"),
        ("November 24, 2026 05:36:13,25 UTC", "2026-11-24T05:36:13.25Z"),
        ("2026/11/24 05:36:13 +0000", "2026-11-24T05:36:13Z"),
        ("20261124053613Z", "2026-11-24T05:36:13Z"),
        ("20261124053613.5+0100", "2026-11-24T04:36:13.5Z"),
        ("20261124T053613Z", "2026-11-24T05:36:13Z"),
        ("/Date(1795833985483)/", "2026-11-28T02:46:25.483Z"),
        ("2026-11-24T05:36:13,123Z", "2026-11-24T05:36:13.123Z"),
        # Digits that are no written day are an epoch
        ("20991399999999", "2635-03-12T00:26:39.999Z"),
        # log4j2's instant, a protobuf Timestamp, MongoDB's extended JSON
        ({"epochSecond": 1795833985, "nanoOfSecond": 5}, "2026-11-28T02:46:25.000000005Z"),
        ({"seconds": "1795833985", "nanos": 123456789}, "2026-11-28T02:46:25.123456789Z"),
        ({"seconds": -1, "nanos": 500000000}, "1969-12-31T23:59:59.500000000Z"),
        ({"$date": "2026-11-24T05:36:13.123+00:00"}, "2026-11-24T05:36:13.123Z"),
        ({"$date": 1795833985483}, "2026-11-28T02:46:25.483Z"),
        ({"$date": {"$numberLong": "1795833985483"}}, "2026-11-28T02:46:25.483Z"),
        # Epochs by size: seconds, milliseconds, microseconds, nanoseconds
        (1795833985, "2026-11-28T02:46:25Z"),
        (1795833985483, "2026-11-28T02:46:25.483Z"),
        (1795833985483001, "2026-11-28T02:46:25.483001Z"),
        (1795833985483123456, "2026-11-28T02:46:25.483123456Z"),
        ("1795833985483123456", "2026-11-28T02:46:25.483123456Z"),
        ("1795833985.4830", "2026-11-28T02:46:25.4830Z"),
        (1795833985.483, "2026-11-28T02:46:25.483Z"),
        (1795833940123.781, "2026-11-28T02:45:40.123781Z"),
        (Decimal("1795833985.123456789"), "2026-11-28T02:46:25.123456789Z"),
        # Implausible, and kept as said
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (-0.5, "1969-12-31T23:59:59.5Z"),
        (9223372036854775807, "2262-04-11T23:47:16.854775807Z"),
    ],
)
def test_a_time_is_read_to_the_digit(said: Any, read: str) -> None:
    """A time is converted to UTC with exactly the digits that the sender gave."""
    assert event_at(said) == read


@pytest.mark.parametrize(
    "said",
    [
        *(None, True, False, "", "x", "now", [], {}, float("nan"), float("inf"), 1e300, 10**30),
        *map(Decimal, ("1e999999999999999", "-1e-999999999999999", "1e-60", "1.5e-1000000", "NaN", "Infinity")),
        *("2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T05:61:00Z"),
        *("2026-11-24T05:40:61Z", "2026-11-24T05:40:00+24:00", "0001-01-01T00:00:00+23:59", "2026-W01-1T00:00:00Z"),
        *("20261124053613", 20261124053613, "20261124053613123", 20261124053613123),
        *("20261124053613123456", 20261124053613123456, 20261124, 19000101, 20991231),
        *("2026/11/24 05:36:13", "Tue Nov 24 05:36:13 2026", "[Tue Nov 24 05:36:13.123456 2026]"),
        *("Tue Nov 24 05:36:13 CET 2026", "Foo Nov 24 05:36:13 UTC 2026", "99/Nov/2026:05:36:13 +0000"),
        *({"seconds": 1}, {"seconds": 1, "nanos": 2, "x": 3}, {"seconds": 1, "nanos": 10**9}, {"$date": True}),
        *({"$date": {"$date": 5}}, {"seconds": True, "nanos": 0}, {"seconds": 10**18, "nanos": 0}, {"seconds": 1.5}),
        *({"$date": {"$numberLong": {}}}, {"$date": 5, "x": 1}, {"epochSecond": "x", "nanoOfSecond": 0}),
        *("20261124", "2026-11-24", "05:40:00", "Nov 28 02:46:40", "Sat, 28 Foo 2026 02:46:40 GMT", "1e9", "9" * 200),
        *(
            "2026-11-24T05:40:00",
            "2026-11-28 02:45:32,103",
            "\N{DEVANAGARI DIGIT TWO}026-11-24T05:40:00Z",
            "2026-11-24T05:40:00Z trailing",
        ),
    ],
)
def test_what_is_no_time_is_none(said: Any) -> None:
    """A value that cannot be read as a time, or a text without a zone, gives no time."""
    assert event_at(said) is None


def test_the_unit_may_be_known() -> None:
    """A number's unit is the protocol's if that fixes one, even if the number's size suggests another."""
    assert event_at("1570818238", unit="ns") == "1970-01-01T00:00:01.570818238Z"
    assert event_at(1795833985, unit="ms") == "1970-01-21T18:50:33.985Z"
    assert event_at("1.5", unit="s") == "1970-01-01T00:00:01.5Z"


def test_a_protocol_may_say_that_naive_is_utc() -> None:
    """A time without a zone is UTC if the protocol says so, as Elasticsearch does."""
    assert event_at("2026-11-28T02:45:25.838629", naive_is_utc=True) == "2026-11-28T02:45:25.838629Z"
    for said in ("20261124053613", 20261124053613, "2026/11/24 05:36:13", "Tue Nov 24 05:36:13 2026"):
        assert event_at(said, naive_is_utc=True) == "2026-11-24T05:36:13Z"
    assert event_at("20261124053613123", naive_is_utc=True) == "2026-11-24T05:36:13.123Z"
    assert event_at(20261124053613123456, naive_is_utc=True) == "2026-11-24T05:36:13.123456Z"
    assert event_at("20261124053613", unit="ms") == "2612-01-19T18:00:53.613Z"


def test_a_name_of_much_else_holds_a_time_where_it_looks_like_one() -> None:
    """Under `t` and `start_time`, only an epoch of this century or a written time is read as a time."""
    for small in (21.5, "21.5", 0, -1, Decimal("36.6"), True, None, "soon", 999_999_999, float("nan")):
        assert of_record({"t": small}) is None
        assert of_record({"start_time": small}) is None
    assert of_record({"t": 1795833985}) == "2026-11-28T02:46:25Z"
    assert of_record({"t": "1795833985.5"}) == "2026-11-28T02:46:25.5Z"
    assert of_record({"t": {"$date": "2026-11-24T05:36:13.123+00:00"}}) == "2026-11-24T05:36:13.123Z"
    assert of_record({"start_time": "2026-11-24T05:36:13.123Z"}) == "2026-11-24T05:36:13.123Z"


def test_log4j2_counts_milliseconds_beside_its_instant() -> None:
    """`timeMillis` is always in milliseconds, and the more exact `instant` wins over it."""
    assert of_record({"timeMillis": 1795833985}) == "1970-01-21T18:50:33.985Z"
    both = {"instant": {"epochSecond": 1795833985, "nanoOfSecond": 123456789}, "timeMillis": 1795833985123}
    assert of_record(both) == "2026-11-28T02:46:25.123456789Z"


@pytest.mark.parametrize("key", [key for key in TIME_KEYS if key != "timeMillis"])
def test_every_key_is_looked_at(key: str) -> None:
    """A time is found under each known key."""
    assert of_record({"text": "a", key: 1795833985483001}) == "2026-11-28T02:46:25.483001Z"


def test_the_first_key_that_can_be_read_wins() -> None:
    """A member that is no time does not hide a later one that is."""
    record = {"time": 2, "date": "yesterday", "timestamp": "soon", "ts": 3}
    assert of_record(record) == "1970-01-01T00:00:02Z"
    assert of_record({"text": "no time", "when": 5}) is None


def test_the_journal_counts_microseconds() -> None:
    """__REALTIME_TIMESTAMP is always in microseconds, whatever its size."""
    assert of_record({"__REALTIME_TIMESTAMP": "1570818238"}) == "1970-01-01T00:26:10.818238Z"
