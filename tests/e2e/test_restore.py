"""The RUNBOOK's restore, step by step: a spoilt table, a restored one beside it, and the stack that uses that one.

The engine has no history: its restore copies the table as it is, so the copy is made before the trouble.
"""

from typing import TYPE_CHECKING, Any, Final

from click.testing import CliRunner

from infra.cli import main

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

_RESTORED: Final = "rdp-restored"
_TENANT: Final = "restored"


def _row(stack: "LocalStack", table: str, log_id: str) -> Any:
    key = {"tenant_id": {"S": _TENANT}, "log_id": {"S": log_id}}
    return stack.place.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


def _rdp(stack: "LocalStack", *arguments: str) -> str:
    result = CliRunner().invoke(main, [*arguments, "--data-dir", str(stack.data_dir)])
    assert result.exit_code == 0, result.output
    return result.output


def _restore(stack: "LocalStack", old: str) -> None:
    """Steps 2 and 3."""
    client = stack.place.dynamodb
    client.restore_table_to_point_in_time(SourceTableName=old, TargetTableName=_RESTORED, UseLatestRestorableTime=True)
    client.get_waiter("table_exists").wait(TableName=_RESTORED)
    client.update_time_to_live(
        TableName=_RESTORED, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    client.update_continuous_backups(
        TableName=_RESTORED, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    client.update_table(TableName=_RESTORED, DeletionProtectionEnabled=True)


def test_a_spoilt_table_is_restored_and_used(start_stack: "StartStack", eventually: "Eventually") -> None:
    """Old rows, what came between the restore and the stop, and what was queued meanwhile: all in the new table."""
    stack = start_stack()
    old = stack.stack.table_name
    assert stack.post_text(_TENANT, "kept", "kept").status == 202
    eventually(lambda: _row(stack, old, "kept"))
    _restore(stack, old)
    assert stack.post_text(_TENANT, "between", "between").status == 202
    eventually(lambda: _row(stack, old, "between"))
    stack.place.dynamodb.delete_item(TableName=old, Key={"tenant_id": {"S": _TENANT}, "log_id": {"S": "kept"}})

    _rdp(stack, "consumer", "stop")
    assert stack.post_text(_TENANT, "queued", "queued").status == 202
    used = start_stack({"RestoredTableName": _RESTORED}, stack.data_dir)
    _rdp(used, "consumer", "start")

    assert used.stack.table_name == _RESTORED
    assert used.stack.outputs["TableArn"].endswith(f":table/{_RESTORED}")
    eventually(lambda: _row(used, _RESTORED, "queued"))
    assert _row(used, old, "queued") is None
    assert _row(used, _RESTORED, "between") is None
    _rdp(used, "rebuild", "--yes")
    eventually(lambda: _row(used, _RESTORED, "between"))
    read = _rdp(used, "logs", "--tenant", _TENANT, "--as-tenant", _TENANT, "--json")
    assert sorted(word for word in ("kept", "between", "queued") if f'"{word}"' in read) == [
        "between",
        "kept",
        "queued",
    ]
    eventually(lambda: not sum(used.counts[:2]))
    _rdp(used, "audit")

    # Back to the stack's own table, which stayed as it was; the stack can be taken down with either.
    own = start_stack({"RestoredTableName": ""}, stack.data_dir)
    assert own.stack.table_name == old
    assert _row(own, old, "between")
