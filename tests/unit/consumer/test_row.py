"""Rows: the table's item, its statement, and what goes in one call."""

from consumer.row import MAX_CALL_BYTES, MAX_STATEMENTS, Row, build, calls, key, statement
from tests.unit.consumer.fakes import RECEIVED_AT, RECEIVED_MS, START_MS, Upper, message


def test_a_row_has_the_specifications_attributes() -> None:
    """The names and values of the table's item; no `fields` and no `expires_at` where they don't apply."""
    built = build(message(), received_ms=RECEIVED_MS, redactor=Upper(), processed_at="now", retention_days=0)
    assert built == {
        "tenant_id": "acme",
        "log_id": "log-1",
        "source": "json_upload",
        "original_text": "hello",
        "modified_data": "HELLO",
        "received_at": RECEIVED_AT,
        "processed_at": "now",
        "redaction_version": "upper-1",
    }


def test_fields_are_redacted_too() -> None:
    """A phone number in a field is a phone number."""
    with_fields = message(fields={"a": "x"})
    built = build(with_fields, received_ms=RECEIVED_MS, redactor=Upper(), processed_at="now", retention_days=0)
    assert built["fields"] == {"a": "TOUCHED"}


def test_retention_counts_from_the_receipt() -> None:
    """In whole seconds since the epoch; so that a rebuild from the stream sets the same time."""
    built = build(message(), received_ms=RECEIVED_MS + 999, redactor=Upper(), processed_at="now", retention_days=30)
    assert built["expires_at"] == (START_MS - 60_000) // 1000 + 30 * 86_400


def row(log_id: str, text: str = "hello") -> Row:
    """Return a row of tenant acme."""
    return {"tenant_id": "acme", "log_id": log_id, "original_text": text}


def test_a_statement_names_attributes_and_holds_no_value() -> None:
    """Values are parameters: no text can change the statement."""
    assert key(row("a")) == ("acme", "a")
    assert statement("logs", row("a", "' } DROP")) == {
        "Statement": "INSERT INTO \"logs\" VALUE {'tenant_id':?,'log_id':?,'original_text':?}",
        "Parameters": [{"S": "acme"}, {"S": "a"}, {"S": "' } DROP"}],
    }


def test_calls_keep_order_and_size() -> None:
    """Groups of at most 25 rows and of at most so many bytes; a row alone always gets its call."""
    assert list(calls([])) == []
    assert [len(group) for group in calls([row(str(n)) for n in range(MAX_STATEMENTS + 1)])] == [25, 1]
    large = [row(str(n), "x" * (MAX_CALL_BYTES // 2)) for n in range(3)]
    assert list(calls(large)) == [[0], [1], [2]]
    assert [len(group) for group in calls([row(str(n), "x" * (MAX_CALL_BYTES * 2 // 5)) for n in range(3)])] == [2, 1]
