"""One log from the POST to its redacted row."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack


def test_a_json_log_is_stored_redacted(local_stack: "LocalStack", eventually: "Eventually") -> None:
    """A JSON log is answered with 202 and ends as one row with its original and its redacted text."""
    answer = local_stack.post_json({"tenant_id": "life-json", "log_id": "log-1", "text": "Call 555-0199 now"})

    assert answer.status == 202
    assert answer.body.keys() == {"status", "tenant_id", "log_id", "request_id"}
    assert answer.body["status"] == "enqueued"
    assert (answer.body["tenant_id"], answer.body["log_id"]) == ("life-json", "log-1")
    row = eventually(lambda: local_stack.row("life-json", "log-1"))
    assert row["source"] == {"S": "json_upload"}
    assert row["original_text"] == {"S": "Call 555-0199 now"}
    assert row["modified_data"] == {"S": "Call [REDACTED] now"}
    assert row["processed_at"]["S"] >= row["received_at"]["S"]
    assert "expires_at" not in row


def test_a_text_log_is_stored_redacted(local_stack: "LocalStack", eventually: "Eventually") -> None:
    """A plain-text log gets a log_id of its own and ends as one row under its header's tenant."""
    answer = local_stack.request(
        "POST",
        "/ingest",
        "Anruf von 555-0199 für Zoë".encode(),
        {"content-type": "Text/Plain; charset=UTF-8", "x-tenant-id": "life-text"},
    )

    assert answer.status == 202
    row = eventually(lambda: local_stack.row("life-text", answer.body["log_id"]))
    assert row["source"] == {"S": "text_upload"}
    assert row["original_text"] == {"S": "Anruf von 555-0199 für Zoë"}
    assert row["modified_data"] == {"S": "Anruf von [REDACTED] für Zoë"}


def test_the_same_log_twice_is_one_row(local_stack: "LocalStack", eventually: "Eventually") -> None:
    """A client that sends a log again with the same log_id stores it once, and nothing goes to the DLQ for it."""
    assert local_stack.post_text("life-twice", "once", "same").status == 202
    assert local_stack.post_text("life-twice", "once", "same").status == 202
    assert local_stack.post_text("life-twice", "last", "last").status == 202

    eventually(lambda: local_stack.row("life-twice", "last") and local_stack.is_drained)
    assert len(local_stack.rows("life-twice")) == 2


def test_health_answers(local_stack: "LocalStack") -> None:
    """GET /health says that the API and its function run."""
    assert local_stack.request("GET", "/health").status == 200


def test_what_json_carries_beside_the_text_is_kept(local_stack: "LocalStack", eventually: "Eventually") -> None:
    """Extra members of a record are stored, redacted like the text."""
    record = {"tenant_id": "life-fields", "log_id": "f", "text": "t", "level": "info", "caller": "555-0199"}
    assert local_stack.post_json(record).status == 202

    row = eventually(lambda: local_stack.row("life-fields", "f"))
    assert row["fields"]["M"] == {"level": {"S": "info"}, "caller": {"S": "[REDACTED]"}}
