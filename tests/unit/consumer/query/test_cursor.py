"""A cursor fits the search that it came from, and no other."""

import pytest

from consumer.query.ask import Ask
from consumer.query.cursor import InvalidCursorError, decode, encode
from ingest.contract.log_ids import generator

_AFTER = generator(1_795_833_985_000, 5)(0)
_ASK = Ask(tenant_id="acme", since_ms=5, until_ms=9, contains=("a",))


def test_a_cursor_brings_the_place_and_the_first_page_s_times() -> None:
    """An age such as 2h is another time at the next page; the cursor holds to the first one's."""
    later = Ask(tenant_id="acme", since_ms=7, until_ms=11, contains=("a",))
    assert decode(later, encode(_ASK, _AFTER)) == (_ASK, _AFTER)


@pytest.mark.parametrize(
    "other",
    [
        Ask(tenant_id="acme2", contains=("a",)),
        Ask(tenant_id="acme", contains=("b",)),
        Ask(tenant_id="acme", contains=("a",), newest_first=False),
        Ask(tenant_id="acme", contains=("a",), severity="warn"),
        Ask(tenant_id="acme", contains=("a",), fields=(("x", "y"),)),
        Ask(tenant_id="acme", contains=("a",), raw=True),
    ],
)
def test_another_search_s_cursor_is_refused(other: Ask) -> None:
    """Another tenant's above all."""
    with pytest.raises(InvalidCursorError, match="another search"):
        decode(other, encode(_ASK, _AFTER))


@pytest.mark.parametrize("text", ["", "x", "é", "AAAA", "W10", encode(_ASK, "zzz"), encode(_ASK, _AFTER)[:-3], "=" * 9])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """Cut, invented or of another form: one error, which says what to do."""
    with pytest.raises(InvalidCursorError):
        decode(_ASK, text)
