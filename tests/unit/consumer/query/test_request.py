"""Query strings: the forms of each parameter, and the errors that name a wrong one."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest

from consumer.query.ask import Ask
from consumer.query.cursor import Typed, encode
from consumer.query.request import BadParameterError, Wanted, read
from ingest.contract.log_ids import MAX_MS, generator

_NOW = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
_NOW_MS = int(_NOW.timestamp()) * 1000
_AFTER = generator(_NOW_MS, 5)(0)


def _read(query: str) -> Wanted:
    return read(query, tenant_id="acme", now=_NOW)


def test_without_parameters_it_is_the_newest_hundred() -> None:
    """Without parameters the newest hundred logs are asked for; a tenant in the query changes nothing."""
    assert _read("") == Wanted(Ask(tenant_id="acme"), 100, None)
    assert _read("tenant_id=other").ask.tenant_id == "acme"


def test_all_parameters() -> None:
    """All values of a repeated parameter count, and commas, plus signs and percent signs are part of a value."""
    query = urlencode(
        [
            ("since", "2h"),
            ("until", "2026-11-28T10:00:00+01:00"),
            ("contains", "a,b"),
            ("contains", "50 % + 1"),
            ("not_contains", "noise"),
            ("severity", "WARN"),
            ("field", "user.name=bob=b"),
            ("field", "n="),
            ("not_field", "code=5=0"),
            ("not_field", "n=1"),
            ("limit", "7"),
            ("order", "oldest"),
        ]
    )
    assert _read(query) == Wanted(
        Ask(
            tenant_id="acme",
            since_ms=_NOW_MS - 7_200_000,
            until_ms=_NOW_MS - 1_800_000,
            newest_first=False,
            contains=("a,b", "50 % + 1"),
            lacks=("noise",),
            severity="warn",
            fields=(("user.name", "bob=b"), ("n", "")),
            not_fields=(("code", "5=0"), ("n", "1")),
        ),
        7,
        None,
        Typed("2h", "2026-11-28T10:00:00+01:00"),
    )


@pytest.mark.parametrize("severity", ["warn", "WARN", "Warning", "4", "40", "wrn"])
def test_a_severity_is_any_logger_s_word_or_number(severity: str) -> None:
    """A search accepts every severity that a log may have."""
    assert _read(f"severity={severity}").ask.severity == "warn"


@pytest.mark.parametrize("ms", range(0, 1000, 37))
def test_a_time_is_read_to_the_millisecond(ms: int) -> None:
    """A time is read without losing a millisecond to floating point, so that no log falls out of the range."""
    wanted = _read(f"since=2026-11-28T09:00:00.{ms:03}Z")
    assert wanted.ask.since_ms == _NOW_MS - 1_800_000 + ms


def test_a_time_without_a_zone_is_utc_and_one_before_the_epoch_is_the_beginning() -> None:
    """A time without a zone is UTC, one before 1970 is the beginning, and one with an unescaped plus is an error."""
    assert _read("since=09:00").ask.since_ms == _NOW_MS - 1_800_000
    assert _read("since=1960-01-01T00:00:00Z").ask.since_ms == 0
    assert (_read("until=9999-12-31T23:59:59Z").ask.until_ms or 0) < MAX_MS
    for bare in ("2026-11-28T09:00:00+01:00", "2026-11-28T09:00+0100", "2026-11-28 09:00+01"):
        with pytest.raises(BadParameterError, match="write it as %2B"):
            _read(f"since={bare}")
        assert _read(f"since={quote(bare)}").ask.since_ms == _NOW_MS - 5_400_000
    with pytest.raises(BadParameterError) as refusal:
        _read("since=soon")
    assert "%2B" not in str(refusal.value)


def test_a_cursor_brings_its_place_and_its_times() -> None:
    """A cursor brings its place and times, and an age keeps the time that it had at the first page."""
    ask = Ask(tenant_id="acme", since_ms=5, contains=("x",))
    cursor = encode(ask, _AFTER, Typed("2h"))
    assert _read(f"contains=x&since=2h&cursor={cursor}") == Wanted(ask, 100, _AFTER, Typed("2h"))
    assert _read(f"contains=x&cursor={cursor}") == Wanted(ask, 100, _AFTER, Typed("2h"))


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("since=soon", "since"),
        ("until=", "until"),
        ("since=1h&until=2h", "since"),
        ("since=1h&since=1h", "since"),
        ("contains=", "contains"),
        ("not_contains=", "not_contains"),
        (f"since={'%20' * 900}1h", "since"),
        ("&".join(["contains=x"] * 11), "contains"),
        (f"contains={'x' * 1_001}", "contains"),
        ("severity=loud", "severity"),
        ("field=x", "field"),
        ("field==x", "field"),
        ("not_field=x", "not_field"),
        ("&".join(["not_field=x=1"] * 11), "not_field"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.0", "limit"),
        (f"limit={quote('٣')}", "limit"),
        (f"limit={'9' * 999}", "limit"),
        ("order=up", "order"),
        ("cursor=", "cursor"),
        ("cursor=AAAA", "cursor"),
        (f"cursor={encode(Ask(tenant_id='acme2'), _AFTER)}", "cursor"),
        (f"contains=x&cursor={encode(Ask(tenant_id='acme'), _AFTER)}", "cursor"),
        (f"since=2h&cursor={encode(Ask(tenant_id='acme', since_ms=5), _AFTER, Typed('1h'))}", "cursor"),
        ("order=oldest&cursor=" + encode(Ask(tenant_id="acme"), _AFTER), "cursor"),
        ("Contains=x", "Contains"),
        ("raw=1", "raw"),
        ("contains=%ff", "The query string"),
    ],
)
def test_what_is_wrong_is_named(query: str, parameter: str) -> None:
    """The error for a wrong query names the parameter and says what it must be."""
    with pytest.raises(BadParameterError) as refusal:
        _read(query)
    assert refusal.value.parameter == parameter
    assert str(refusal.value).startswith(f"{parameter} ")
    assert str(refusal.value).endswith(".")
