"""The table mended on the engine: emptied, tampered with, and while the consumer is stopped."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Eventually, LocalStack
from tests.e2e.test_replay import LOGS, delete, flat, ingest, items, named, rdp
from tests.e2e.test_replay import tenants as tenants  # noqa: PLC0414 - a fixture


def _tamper(stack: LocalStack, row: dict[str, Any]) -> None:
    stack.place.dynamodb.update_item(
        TableName=stack.stack.table_name,
        Key={"tenant_id": row["tenant_id"], "log_id": row["log_id"]},
        UpdateExpression="SET original_text = :text",
        ExpressionAttributeValues={":text": {"S": "tampered"}},
    )


def test_an_emptied_and_tampered_table_has_the_same_items_again(
    local_stack: LocalStack,
    tenants: tuple[str, str],
    eventually: Eventually,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was deleted comes back at once; what was changed only when asked for, and stays in a file."""
    monkeypatch.chdir(tmp_path)
    before = ingest(local_stack, tenants, eventually)
    eventually(lambda: local_stack.is_drained)
    assert rdp(local_stack, "rebuild", *named(tenants)).exit_code == 0
    changed, *deleted = flat(before)
    _tamper(local_stack, changed)
    for row in deleted:
        delete(local_stack, row)
    audit = rdp(local_stack, "audit", "--json", "--missing-ids", *named(tenants))
    assert (audit.exit_code, json.loads(audit.stdout)["changed"]) == (4, 1)

    left = rdp(local_stack, "rebuild", "--yes", *named(tenants))
    assert left.exit_code == 4
    assert "Left as before: 1 changed item." in left.output
    eventually(lambda: local_stack.is_drained and len(flat(items(local_stack, tenants))) >= LOGS)
    audit = rdp(local_stack, "audit", "--json", *named(tenants))
    assert (audit.exit_code, json.loads(audit.stdout)["verdict"]) == (4, "missing")

    restored = rdp(local_stack, "rebuild", "--yes", "--restore-changed", "--export", "kept", *named(tenants))
    assert restored.exit_code == 0, restored.output
    assert '"tampered"' in Path("kept").read_text()
    eventually(lambda: local_stack.is_drained and items(local_stack, tenants) == before)
    assert rdp(local_stack, "audit", *named(tenants)).exit_code == 0


def test_a_stopped_consumer_takes_nothing_until_it_is_started(local_stack: LocalStack, eventually: Eventually) -> None:
    """The verbs say so, `rdp status` too, and the queue keeps the log."""
    stopped = rdp(local_stack, "consumer", "stop")
    try:
        assert "The consumer is stopped" in stopped.output
        assert json.loads(rdp(local_stack, "status", "--json").stdout)["consumer"] == "disabled"
        assert local_stack.post_text("switch", "waits", "waits").status == 202
        eventually(lambda: local_stack.counts.queued == 1)
        assert local_stack.row("switch", "waits") is None
        shown = rdp(local_stack, "consumer", "status")
        assert "The consumer is stopped" in shown.output
    finally:
        assert "The consumer runs" in rdp(local_stack, "consumer", "start").output
    eventually(lambda: local_stack.row("switch", "waits"))


def test_status_counts_exactly_on_request(local_stack: LocalStack) -> None:
    """The engine keeps its own number current: both say the same."""
    asked = [json.loads(rdp(local_stack, "status", "--json", *more).stdout) for more in ((), ("--exact",))]
    assert [status["stored_is_exact"] for status in asked] == [False, True]
    assert asked[0]["counts"]["stored"] == asked[1]["counts"]["stored"]
