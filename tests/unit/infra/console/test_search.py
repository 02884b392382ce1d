"""A search in an address."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from infra.console.search import Search, ask_of, typed

_TEXT = st.text(max_size=20).map(str.strip)


@given(st.builds(Search, tenant=_TEXT, since=_TEXT, words=_TEXT, fields=_TEXT))
def test_an_address_holds_the_search(search: Search) -> None:
    """Written and read again it is the same: it can be sent to a colleague."""
    assert typed(dict(parse_qsl(search.query))) == search


def test_words_in_quotes_are_one() -> None:
    """Spaces part words and fields, but for those in double quotes; a quote that is left open ends with the text."""
    search = Search(tenant="acme", words='timeout "user 4711" "left open', fields='note="two words" code=5')
    ask = ask_of(search, now=datetime(2026, 11, 28, tzinfo=UTC), zone=UTC, raw=False)
    assert ask.contains == ("timeout", "user 4711", "left open")
    assert ask.fields == (("note", "two words"), ("code", "5"))
    assert ask.newest_first
