"""The stream against the table, on the engine: rebuild what was lost, and name what is missing."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from consumer.item import OF_STORING
from infra.cli import main
from tests.e2e.conftest import Eventually, LocalStack

LOGS = 40


@pytest.fixture
def tenants(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Two tenants of this test alone."""
    name = request.node.name.replace("_", "-").removeprefix("test-")[:40]
    return f"{name}-a", f"{name}-b"


def rdp(stack: LocalStack, *arguments: str) -> Result:
    """Run the operator's command on the stack."""
    return CliRunner().invoke(main, [*arguments, "--data-dir", str(stack.data_dir)])


def named(tenants: tuple[str, ...]) -> list[str]:
    """Return the options that name the tenants."""
    return [argument for tenant in tenants for argument in ("--tenant", tenant)]


def ingest(stack: LocalStack, tenants: tuple[str, str], eventually: Eventually) -> dict[str, list[dict[str, Any]]]:
    """Post logs of both content types, wait until all are stored; return the items without their times of storing."""
    for number in range(LOGS // 4):
        for tenant in tenants:
            assert stack.post_text(tenant, f"line {number}\n call 555-0199", f"text-{number}").status == 202
            body = {"tenant_id": tenant, "text": f"json {number} é ￾", "log_id": f"json-{number}", "level": number}
            assert stack.post_json(body).status == 202
    eventually(lambda: len(flat(items(stack, tenants))) == LOGS)
    return items(stack, tenants)


def items(stack: LocalStack, tenants: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """Return each tenant's items, without what may differ after a rebuild."""
    return {
        tenant: [{name: value for name, value in row.items() if name not in OF_STORING} for row in stack.rows(tenant)]
        for tenant in tenants
    }


def flat(rows: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return all tenants' items."""
    return [row for of_tenant in rows.values() for row in of_tenant]


def delete(stack: LocalStack, row: dict[str, Any]) -> None:
    """Delete one item by hand."""
    stack.place.dynamodb.delete_item(
        TableName=stack.stack.table_name, Key={"tenant_id": row["tenant_id"], "log_id": row["log_id"]}
    )


def test_an_emptied_table_is_rebuilt_from_the_stream(
    local_stack: LocalStack, tenants: tuple[str, str], eventually: Eventually
) -> None:
    """Every item comes back as it was, its times of storing aside (I10); a rebuild of a full table changes nothing."""
    before = ingest(local_stack, tenants, eventually)
    for row in flat(before):
        delete(local_stack, row)
    assert flat(items(local_stack, tenants)) == []
    for _ in ("empty", "full"):
        rebuilt = rdp(local_stack, "replay", "--to", "queue", *named(tenants))
        assert rebuilt.exit_code == 0, rebuilt.output
        assert f"{LOGS} written" in rebuilt.output
        eventually(lambda: local_stack.is_drained and len(flat(items(local_stack, tenants))) == LOGS)
        assert items(local_stack, tenants) == before
    audit = rdp(local_stack, "audit", "--json", *named(tenants))
    assert audit.exit_code == 0, audit.output
    assert {tenant["conflicts"] for tenant in json.loads(audit.output)["tenants"]} == {0}


def test_the_audit_names_an_item_deleted_by_hand(
    local_stack: LocalStack, tenants: tuple[str, str], eventually: Eventually
) -> None:
    """With every item there it exits 0; with one deleted it names that one, and exits 1."""
    lost = flat(ingest(local_stack, tenants, eventually))[7]
    eventually(lambda: local_stack.is_drained)
    complete = rdp(local_stack, "audit", *named(tenants))
    assert complete.exit_code == 0, complete.output
    delete(local_stack, lost)
    audit = rdp(local_stack, "audit", "--missing-ids", *named(tenants))
    assert audit.exit_code == 4, audit.output
    assert f"missing: {lost['tenant_id']['S']} {lost['log_id']['S']}" in audit.output
    report = json.loads(rdp(local_stack, "audit", "--missing-ids", "--json", *named(tenants)).output)
    assert report["verdict"] == "missing"
    assert report["missing_ids"] == [
        {"tenant_id": lost["tenant_id"]["S"], "log_id": lost["log_id"]["S"], "other_text_stored": False}
    ]
    counts = {t["tenant_id"]: (t["on_stream"], t["stored"], t["missing"]) for t in report["tenants"]}
    of_each = LOGS // 2
    assert sorted(counts.values()) == [(of_each, of_each - 1, 1), (of_each, of_each, 0)]


def test_a_replay_to_a_file_holds_what_was_posted_redacted(
    local_stack: LocalStack, tenants: tuple[str, str], eventually: Eventually, tmp_path: Path
) -> None:
    """The engine's stream gives every log once, redacted as it is stored, and originals on request."""
    stored = flat(ingest(local_stack, tenants, eventually))
    for options, attribute in (((), "modified_data"), (("--raw",), "original_text")):
        target = tmp_path / f"{attribute}.ndjson"
        assert rdp(local_stack, "replay", "--to", str(target), *options, *named(tenants)).exit_code == 0
        replayed = [json.loads(line) for line in target.read_bytes().splitlines()]
        texts = {(log["tenant_id"], log["log_id"]): log["text"] for log in replayed}
        assert len(replayed) == LOGS
        assert texts == {(row["tenant_id"]["S"], row["log_id"]["S"]): row[attribute]["S"] for row in stored}


def test_a_replay_into_a_folder_that_is_missing_says_so(local_stack: LocalStack, tmp_path: Path) -> None:
    """In a sentence, without the number of an error."""
    result = rdp(local_stack, "replay", "--to", str(tmp_path / "none" / "x.ndjson"))
    assert result.exit_code == 1
    assert result.stderr == f"Error: {tmp_path}/none/x.ndjson: the folder {tmp_path}/none does not exist.\n"


def test_a_conflict_is_accounted_for_and_not_made_again(
    local_stack: LocalStack, tenants: tuple[str, str], eventually: Eventually
) -> None:
    """Two texts under one log id: two items, one a conflict, nothing missing (I6); a rebuild adds no third."""
    tenant = tenants[0]
    assert local_stack.post_text(tenant, "first", "same").status == 202
    eventually(lambda: local_stack.row(tenant, "same"))
    assert local_stack.post_text(tenant, "second", "same").status == 202

    def audited() -> dict[str, Any]:
        result = rdp(local_stack, "audit", "--json", "--tenant", tenant)
        (counts,) = json.loads(result.stdout)["tenants"]
        return {"exit": result.exit_code, **counts}

    eventually(lambda: local_stack.is_drained and audited()["conflicts"] == 1)
    expected = audited()
    assert (expected["exit"], expected["on_stream"], expected["stored"], expected["missing"]) == (0, 1, 2, 0)
    assert rdp(local_stack, "replay", "--to", "queue", "--tenant", tenant).exit_code == 0
    eventually(lambda: local_stack.is_drained)
    assert audited() == expected
