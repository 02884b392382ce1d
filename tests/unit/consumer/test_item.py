"""The item of a log: its attributes and its key."""

import re
from typing import get_args

import pytest
from msgspec.structs import replace

from consumer.item import (
    Attribute,
    Item,
    attributes,
    beside,
    build,
    key_attributes,
    key_of,
    of_tenant,
    projection,
    sent_log_id,
    string,
)
from ingest.contract.message import LOG_ID_PATTERN
from tests.clock import START_MS
from tests.messages import RECEIVED_AT, RECEIVED_MS, message
from tests.unit.consumer.fakes import Upper, item


def test_an_item_has_the_specifications_attributes() -> None:
    """An item has the specification's names and values, without `fields` and `expires_at` if there are none."""
    built = build(message(), received_ms=RECEIVED_MS, redactor=Upper(), processed_at="now", retention_days=0)
    assert attributes(built) == {
        "tenant_id": {"S": "acme"},
        "log_id": {"S": "log-1"},
        "source": {"S": "json_upload"},
        "original_text": {"S": "hello"},
        "modified_data": {"S": "HELLO"},
        "received_at": {"S": RECEIVED_AT},
        "processed_at": {"S": "now"},
        "redaction_version": {"S": "upper-1"},
    }


def test_fields_are_redacted_too() -> None:
    """Fields are redacted like the text, and empty fields become None."""
    for fields, kept in (({"a": "x"}, {"a": "TOUCHED"}), ({}, None)):
        log = message(fields=fields)
        built = build(log, received_ms=RECEIVED_MS, redactor=Upper(), processed_at="now", retention_days=0)
        assert built.fields == kept


def test_retention_counts_from_the_receipt() -> None:
    """The expiry counts in whole seconds from the receipt, so that a rebuild from the stream sets the same time."""
    built = build(message(), received_ms=RECEIVED_MS + 999, redactor=Upper(), processed_at="now", retention_days=30)
    assert built.expires_at == (START_MS - 60_000) // 1000 + 30 * 86_400


def test_every_name_is_an_attribute() -> None:
    """The closed list of attribute names equals the item's members, so that a misspelt name is a type error."""
    assert get_args(Attribute) == Item.__struct_fields__


def test_a_key_is_read_as_it_is_written() -> None:
    """A key is read as written, and has partition key and sort key only."""
    key = item("a").key
    assert (key, key_of(attributes(item("a"))), key_of(key_attributes(key))) == (("acme", "a"), key, key)
    assert list(key_attributes(key)) == ["tenant_id", "log_id"]


def test_what_another_program_wrote_is_told() -> None:
    """A missing attribute, or one that is no text, is an error and not an empty text."""
    assert string(attributes(item(text="x")), "original_text") == "x"
    for odd in ({}, {"original_text": {"N": "1"}}):
        with pytest.raises(KeyError):
            string(odd, "original_text")  # type: ignore[arg-type] # that is the point


def test_a_query_is_of_one_tenant() -> None:
    """A query's condition names the partition, and the tenant is a parameter."""
    assert of_tenant("acme") == ("tenant_id = :tenant_id", {":tenant_id": {"S": "acme"}})
    assert projection("log_id", "received_at") == "log_id, received_at"


def test_a_conflicts_item_differs_in_its_id_alone() -> None:
    """A conflict's item differs only in its id, made of log id and text, which no sender can use."""
    second = item("log-1", "second", arrived_at="01939b4c-0000-7000-8000-000000000000", severity="error")
    kept = beside(second)
    assert replace(kept, log_id="log-1", conflict_of=None) == second
    assert (kept.conflict_of, sent_log_id(attributes(kept))) == ("log-1", "log-1")
    assert not re.match(LOG_ID_PATTERN, kept.log_id)
    assert kept.key == beside(replace(second, source="text_upload", received_at="later")).key
    assert kept.key != beside(item("log-1", "third")).key
    assert sent_log_id(attributes(second)) == "log-1"


@pytest.mark.parametrize(
    ("log_id", "arrived_at"),
    [
        ("01939b4c-0000-7000-8000-000000000000", "01939b4c-0000-7000-8000-000000000000"),
        ("s07.01939b4c-0000-7000-8000-000000000000", "01939b4c-0000-7000-8000-000000000000"),
        ("my-own", None),  # A message of the first version has no `arrived_at`.
    ],
)
def test_a_conflict_under_a_generated_id_is_found_by_that_ids_time(log_id: str, arrived_at: str | None) -> None:
    """A conflict's item has the arrival of the generated log id, for the index, as its own id has no time."""
    assert beside(item(log_id)).arrived_at == arrived_at
