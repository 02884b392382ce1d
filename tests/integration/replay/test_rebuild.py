"""`rdp rebuild` on moto: what it names, sends and removes, and that it asks first."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.cli import rebuild as rebuild_command
from infra.options.locator import Locator
from infra.stack import Stack
from infra.terminal.failures import PlainErrors
from ingest.contract.message import decode
from tests.integration.replay.corpus import put
from tests.integration.replay.test_audit import dead_letter, delete, recent, store
from tests.integration.replay.test_audit import stack as stack  # a fixture  # noqa: PLC0414


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rebuild(stack: Stack, *options: str, says: str = "") -> Result:
    """Run the verb; `says` is the typed answer."""
    group = PlainErrors(commands={"rebuild": rebuild_command.command})
    return CliRunner().invoke(group, ["rebuild", *options], obj=Locator(lambda _where: stack), input=says)


def queued(stack: Stack) -> list[tuple[str, str, str]]:
    """Return (tenant_id, log_id, text) of each message in the queue, sorted, and remove it there."""
    bodies = []
    while messages := stack.place.sqs.receive_message(QueueUrl=stack.queue_url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [decode(message["Body"]) for message in messages]
    return sorted((log.tenant_id, log.log_id, log.text) for log in bodies)


def log(number: int, **members: object) -> tuple[str, str, str]:
    """Return (tenant_id, log_id, text) of a log."""
    message = recent(number, **members)
    return message.tenant_id, message.log_id, message.text


def stored(stack: Stack, tenant_id: str, log_id: str) -> dict[str, Any]:
    """Return an item, or nothing."""
    key = {"tenant_id": {"S": tenant_id}, "log_id": {"S": log_id}}
    return stack.place.dynamodb.get_item(TableName=stack.table_name, Key=key).get("Item", {})


def test_a_whole_table_needs_nothing(stack: Stack) -> None:
    """If nothing is missing, the command says so, asks nothing and sends nothing."""
    result = rebuild(stack)
    assert (result.exit_code, queued(stack)) == (0, [])
    assert "0 missing, 0 changed, 0 in flight" in result.output


def test_only_what_is_missing_is_sent_and_only_after_a_yes(stack: Stack) -> None:
    """Only missing logs, not dead-lettered ones, are sent, once and after a yes; a dry run or a no sends nothing."""
    for number in (4, 5, 6):
        delete(stack, recent(number))
    dead_letter(stack, "junk", reason="undecodable", tenant_id=recent(6).tenant_id, log_id=recent(6).log_id)
    put(stack.place.kinesis, [recent(4)])

    assert (rebuild(stack, "--dry-run").exit_code, queued(stack)) == (4, [])
    assert (rebuild(stack, says="n\n").exit_code, queued(stack)) == (1, [])
    assert (rebuild(stack).exit_code, queued(stack)) == (1, [])  # There is nobody to answer.
    result = rebuild(stack, says="y\n")

    assert result.exit_code == 0, result.output
    assert "missing: tenant-01 log-000004" in result.output
    assert queued(stack) == sorted([log(4), log(5)])


def test_a_tenants_logs_alone_are_sent(stack: Stack) -> None:
    """With --tenant, only that tenant's missing logs are sent."""
    delete(stack, recent(4))
    delete(stack, recent(5))
    assert rebuild(stack, "--yes", "--tenant", "tenant-02").exit_code == 0
    assert queued(stack) == [log(5)]


def test_a_changed_item_is_named_and_left_unless_asked_for(stack: Stack, folder: Path) -> None:
    """A changed item is named and kept, its log is not sent, and the exit status says that something is left."""
    store(stack, recent(4, text="tampered"))
    delete(stack, recent(7))
    result = rebuild(stack, "--yes")
    assert result.exit_code == 4
    assert "changed: tenant-01 log-000004" in result.output
    assert "--restore-changed" in result.output
    assert queued(stack) == [log(7)]
    assert stored(stack, *log(4)[:2])["original_text"] == {"S": "tampered"}
    assert list(folder.iterdir()) == []


def test_a_changed_item_is_exported_taken_out_and_its_log_sent(stack: Stack, folder: Path) -> None:
    """With --restore-changed and a yes, a changed item is exported to a private file and removed; its log is sent."""
    store(stack, recent(4, text="tampered"))
    before = stored(stack, *log(4)[:2])
    assert rebuild(stack, "--restore-changed", says="n\n").exit_code == 1
    assert stored(stack, *log(4)[:2]) == before

    result = rebuild(stack, "--restore-changed", "--export", "kept.ndjson", says="y\n")

    assert result.exit_code == 0, result.output
    assert stored(stack, *log(4)[:2]) == {}
    assert queued(stack) == [log(4)]
    assert [json.loads(line) for line in (folder / "kept.ndjson").read_text().splitlines()] == [before]
    assert (folder / "kept.ndjson").stat().st_mode & 0o777 == 0o600


def test_an_export_overwrites_nothing_and_then_nothing_is_taken_out(stack: Stack, folder: Path) -> None:
    """If the export's file exists, it is not overwritten and no item is removed."""
    (folder / "kept.ndjson").write_text("precious")
    store(stack, recent(4, text="tampered"))
    result = rebuild(stack, "--restore-changed", "--export", "kept.ndjson", "--yes")
    assert result.exit_code == 1
    assert "kept.ndjson: It exists already; name a new file" in result.output
    assert (folder / "kept.ndjson").read_text() == "precious"
    assert stored(stack, *log(4)[:2])["original_text"] == {"S": "tampered"}


def test_what_a_replay_put_beside_a_changed_item_goes_with_it(stack: Stack) -> None:
    """A copy beside a changed item is removed with it, because the log is sent again and takes the freed log id."""
    store(stack, recent(4, text="tampered"))
    key = {"tenant_id": {"S": "tenant-01"}, "log_id": {"S": "log-000004 0123456789abcdef"}}
    beside = {"conflict_of": {"S": "log-000004"}, "original_text": {"S": recent(4).text}}
    received = {"received_at": {"S": recent(4).received_at}}
    stack.place.dynamodb.put_item(TableName=stack.table_name, Item={**key, **beside, **received})
    assert rebuild(stack, "--restore-changed", "--yes").exit_code == 0
    assert stored(stack, "tenant-01", "log-000004") == {}
    assert stored(stack, "tenant-01", "log-000004 0123456789abcdef") == {}
    assert queued(stack) == [log(4)]
    assert stored(stack, "tenant-01", "log-000007") != {}


def test_many_are_not_all_named(stack: Stack) -> None:
    """Twenty missing logs are named, and then how many more there are."""
    for number in range(30):
        delete(stack, recent(number))
    output = rebuild(stack, "--dry-run").output
    assert output.count("missing: ") == 20
    assert "and 10 more" in output


def test_a_time_that_is_none_is_refused(stack: Stack) -> None:
    """A wrong time is refused before anything is read."""
    assert rebuild(stack, "--since", "soon").exit_code == 2
