"""A cursor works only with the search that it came from."""

import pytest

from consumer.query.ask import Ask
from consumer.query.cursor import InvalidCursorError, Place, Typed, decode, encode
from ingest.contract.log_ids import generator

_AFTER = generator(1_795_833_985_000, 5)(0)
_ASK = Ask(tenant_id="acme", since_ms=5, until_ms=9, contains=("a",))


def test_a_cursor_brings_the_place_and_the_first_page_s_times() -> None:
    """A cursor holds the place and the first page's times, because at the next page an age is another time."""
    later = Ask(tenant_id="acme", since_ms=7, until_ms=11, contains=("a",))
    assert decode(later, encode(_ASK, _AFTER)) == Place(_ASK, _AFTER, Typed())


@pytest.mark.parametrize(
    ("typed", "ask"),
    [
        (Typed("2h", "1h"), Ask(tenant_id="acme", since_ms=7, until_ms=11, contains=("a",))),  # An hour later.
        (Typed("2h"), Ask(tenant_id="acme", since_ms=7, contains=("a",))),
        (Typed(), Ask(tenant_id="acme", contains=("a",))),
        (Typed("1970-01-01T00:00:00.005Z"), Ask(tenant_id="acme", since_ms=5, contains=("a",))),
    ],
)
def test_the_first_page_s_times_may_be_sent_again_or_left_out(typed: Typed, ask: Ask) -> None:
    """The first page's times may be left out or sent again, as first written or in another form."""
    place = decode(ask, encode(_ASK, _AFTER, Typed("2h", "1h")), typed)
    assert place == Place(_ASK, _AFTER, Typed("2h", "1h"))
    assert decode(ask, encode(place.ask, place.after, place.typed), typed) == place


@pytest.mark.parametrize(
    ("typed", "ask", "name"),
    [
        (Typed("3h", "1h"), Ask(tenant_id="acme", since_ms=4, until_ms=9, contains=("a",)), "since"),
        (Typed("2h", "30m"), Ask(tenant_id="acme", since_ms=5, until_ms=10, contains=("a",)), "until"),
    ],
)
def test_another_time_is_another_search(typed: Typed, ask: Ask, name: str) -> None:
    """A cursor with another time is an error, because the page would be of times that nobody asked for."""
    with pytest.raises(InvalidCursorError, match=f"another {name}"):
        decode(ask, encode(_ASK, _AFTER, Typed("2h", "1h")), typed)
    with pytest.raises(InvalidCursorError, match="another since"):
        decode(ask, encode(Ask(tenant_id="acme", contains=("a",)), _AFTER), typed)


@pytest.mark.parametrize(
    "other",
    [
        Ask(tenant_id="acme2", contains=("a",)),
        Ask(tenant_id="acme", contains=("b",)),
        Ask(tenant_id="acme", contains=("a",), newest_first=False),
        Ask(tenant_id="acme", contains=("a",), lacks=("b",)),
        Ask(tenant_id="acme", contains=("a",), severity="warn"),
        Ask(tenant_id="acme", contains=("a",), fields=(("x", "y"),)),
        Ask(tenant_id="acme", contains=("a",), not_fields=(("x", "y"),)),
        Ask(tenant_id="acme", contains=("a",), raw=True),
    ],
)
def test_another_search_s_cursor_is_refused(other: Ask) -> None:
    """A cursor of another search, or of another tenant, is refused."""
    with pytest.raises(InvalidCursorError, match="another search"):
        decode(other, encode(_ASK, _AFTER))


@pytest.mark.parametrize("text", ["", "x", "é", "AAAA", "W10", encode(_ASK, "zzz"), encode(_ASK, _AFTER)[:-3], "=" * 9])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """A truncated, invented or malformed cursor gives one error, which says what to do."""
    with pytest.raises(InvalidCursorError):
        decode(_ASK, text)
