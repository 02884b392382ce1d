"""A search in an address."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.console.search import BadSearchError, Field, Search, ask_of, field_text, fields_of, typed, words_of

_TEXT = st.text(max_size=20).map(str.strip)


@given(st.builds(Search, tenant=_TEXT, since=_TEXT, words=_TEXT, without=_TEXT, fields=_TEXT))
def test_an_address_holds_the_search(search: Search) -> None:
    """Written and read again it is the same: it can be sent to a colleague."""
    assert typed(dict(parse_qsl(search.query))) == search


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('timeout "user 4711"', ("timeout", "user 4711")),
        ("timeout 'user 4711'", ("timeout", "user 4711")),
        ('{"level": "error"}', ('{"level":', '"error"}')),
        ('"level":"error"', ('level":"error',)),
        ("""'"level": "error"'""", ('"level": "error"',)),
        ("say \"it said 'no' twice\"", ("say", "it said 'no' twice")),
        ("don't 'tis", ("don't", "'tis")),
        ('"left open', ('"left', "open")),
        ('a"b c"d', ('a"b', 'c"d')),
        ('"" \'\' "a""', ('a"',)),
    ],
)
def test_quotes_at_the_ends_of_a_part_hold_it_together(text: str, words: tuple[str, ...]) -> None:
    """And every other quote is looked for, so that JSON is found as it is pasted."""
    assert words_of(text) == words


@given(st.lists(st.from_regex(r"\S+", fullmatch=True), max_size=4))
def test_a_pasted_text_is_found_in_itself(parts: list[str]) -> None:
    """Whatever quotes it has: each word that is looked for stands in it."""
    text = " ".join(parts)
    assert all(word in text for word in words_of(text))


def test_fields_may_have_quotes_on_either_side() -> None:
    """A value with spaces or none at all, a name with spaces; quotes within are characters."""
    text = """note="two words" code=5 'my name'="x=y" empty="" empty_too= raw={"a":"b"} a!=b "c!"=d e!!="" f=!=g"""
    expected = (
        Field("note", "two words"),
        Field("code", "5"),
        Field("my name", "x=y"),
        Field("empty", ""),
        Field("empty_too", ""),
        Field("raw", '{"a":"b"}'),
        Field("a", "b", is_wanted=False),
        Field("c!", "d"),
        Field("e!", "", is_wanted=False),
        Field("f", "!=g"),
    )
    assert fields_of(text) == expected
    with pytest.raises(BadSearchError, match="bob is not name=value"):
        fields_of("code=5 bob")


@given(name=st.text(min_size=1), value=st.text(), is_wanted=st.booleans())
def test_a_field_is_written_as_it_is_read(name: str, value: str, *, is_wanted: bool) -> None:
    """Or not at all, where it has both quotes before a space."""
    field = Field(name, value, is_wanted)
    text = field_text(field)
    assert text == "" or fields_of(text) == (field,)
    if not re.search(r"[\s\"'=]", name + value):
        assert text != ""


def test_a_search_is_read() -> None:
    """Words, fields and severity as `consumer.query` asks them, the newest first."""
    search = Search(
        tenant="acme", words='timeout "user 4711"', without="GET 'a b'", fields="code=5 path!=/x", severity="warn"
    )
    ask = ask_of(search, now=datetime(2026, 11, 28, tzinfo=UTC), zone=UTC, raw=False)
    assert (ask.contains, ask.lacks, ask.severity) == (("timeout", "user 4711"), ("GET", "a b"), "warn")
    assert (ask.fields, ask.not_fields) == ((("code", "5"),), (("path", "/x"),))
    assert ask.newest_first
