"""Inserts: an item's statement, and how items are grouped into calls."""

from consumer.insert import MAX_CALL_BYTES, MAX_STATEMENTS, calls, statement
from consumer.item import Item
from tests.unit.consumer.fakes import item


def test_a_statement_names_attributes_and_holds_no_value() -> None:
    """A statement names attributes and has its values as parameters, so that no text can change it."""
    made = statement("logs", item("a", "' } DROP", fields={"n": 1}))
    assert made["Statement"] == (
        "INSERT INTO \"logs\" VALUE {'tenant_id':?,'log_id':?,'source':?,'original_text':?,'modified_data':?,"
        "'received_at':?,'processed_at':?,'redaction_version':?,'fields':?}"
    )
    assert list(made["Parameters"])[:4] == [{"S": "acme"}, {"S": "a"}, {"S": "json_upload"}, {"S": "' } DROP"}]


def sized(share: float) -> list[Item]:
    """Return three items, each of a share of a call's bytes."""
    return [item(str(n), "x" * int(MAX_CALL_BYTES * share), modified_data="") for n in range(3)]


def test_calls_keep_order_and_size() -> None:
    """Calls keep the items' order, with at most 25 items and so many bytes each; one item always gets its call."""
    assert list(calls([])) == []
    assert [len(group) for group in calls([item(str(n)) for n in range(MAX_STATEMENTS + 1)])] == [25, 1]
    assert list(calls(sized(0.5))) == [[0], [1], [2]]
    assert [len(group) for group in calls(sized(0.4))] == [2, 1]
