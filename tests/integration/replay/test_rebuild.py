"""`rdp rebuild` on moto: what it names, what it sends, what it takes out, and that it asks."""

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
    """The folder that an operator stands in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rebuild(stack: Stack, *options: str, says: str = "") -> Result:
    """Run the verb with `says` typed into it."""
    group = PlainErrors(commands={"rebuild": rebuild_command.command})
    return CliRunner().invoke(group, ["rebuild", *options], obj=Locator(lambda _where: stack), input=says)


def queued(stack: Stack) -> list[tuple[str, str, str]]:
    """Return (tenant_id, log_id, text) of what is in the queue, sorted, and take it from there."""
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
    """It says so, asks nothing and sends nothing."""
    result = rebuild(stack)
    assert (result.exit_code, queued(stack)) == (0, [])
    assert "0 missing, 0 changed, 0 in flight" in result.output


def test_only_what_is_missing_is_sent_and_only_after_a_yes(stack: Stack) -> None:
    """A dry run and a no send nothing; a dead letter is not missing; repeated on the stream, a log is sent once."""
    for number in (4, 5, 6):
        delete(stack, recent(number))
    dead_letter(stack, "junk", reason="undecodable", tenant_id=recent(6).tenant_id, log_id=recent(6).log_id)
    put(stack.place.kinesis, [recent(4)])

    assert (rebuild(stack, "--dry-run").exit_code, queued(stack)) == (4, [])
    assert (rebuild(stack, says="n\n").exit_code, queued(stack)) == (1, [])
    assert (rebuild(stack).exit_code, queued(stack)) == (1, [])  # Nobody is there to answer.
    result = rebuild(stack, says="y\n")

    assert result.exit_code == 0, result.output
    assert "missing: tenant-01 log-000004" in result.output
    assert queued(stack) == sorted([log(4), log(5)])


def test_a_tenants_logs_alone_are_sent(stack: Stack) -> None:
    """With --tenant."""
    delete(stack, recent(4))
    delete(stack, recent(5))
    assert rebuild(stack, "--yes", "--tenant", "tenant-02").exit_code == 0
    assert queued(stack) == [log(5)]


def test_a_changed_item_is_named_and_left_unless_asked_for(stack: Stack, folder: Path) -> None:
    """Its log is not sent, to conflict with what nobody sent; the exit status says that something is left."""
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
    """With --restore-changed, after a yes; the file has it as it was, and is its owner's alone."""
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
    """A file of that name is another's."""
    (folder / "kept.ndjson").write_text("precious")
    store(stack, recent(4, text="tampered"))
    result = rebuild(stack, "--restore-changed", "--export", "kept.ndjson", "--yes")
    assert result.exit_code == 1
    assert "kept.ndjson: It exists already; name a new file" in result.output
    assert (folder / "kept.ndjson").read_text() == "precious"
    assert stored(stack, *log(4)[:2])["original_text"] == {"S": "tampered"}


def test_what_a_replay_put_beside_a_changed_item_goes_with_it(stack: Stack) -> None:
    """The log that is sent again takes the freed log id: the copy beside would be a second item of it."""
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
    """Twenty, and how many more."""
    for number in range(30):
        delete(stack, recent(number))
    output = rebuild(stack, "--dry-run").output
    assert output.count("missing: ") == 20
    assert "and 10 more" in output


def test_a_time_that_is_none_is_refused(stack: Stack) -> None:
    """Before anything is read."""
    assert rebuild(stack, "--since", "soon").exit_code == 2
