"""The audit of a stream, a table, a queue and a dead-letter queue on moto."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from consumer.lake.catalog import in_folder, name_of
from infra import cli
from infra.audit.run import Audit, run
from infra.cli import audit as audit_command
from infra.options.locator import Locator
from infra.stack import Stack
from ingest.contract.message import InternalMessage, encode
from ingest.contract.packed import joined
from tests.integration.replay.corpus import STREAM, log, put, stack_of, table_made

NOW = datetime.now(UTC)
TENANTS = 3
LOGS = 30


def recent(number: int, **members: object) -> InternalMessage:
    """Return a log that was received a minute ago."""
    received_at = (NOW - timedelta(minutes=1) + timedelta(milliseconds=number)).isoformat(timespec="milliseconds")
    return log(number, tenants=TENANTS, **{"received_at": received_at.replace("+00:00", "Z"), **members})


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Thirty logs of three tenants on the stream, and all of them in the table."""
    with mock_aws():
        place = stack_of().place
        queues = [place.sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("queue", "dlq")]
        place.kinesis.create_stream(StreamName=STREAM, ShardCount=2)
        stack = stack_of(QueueUrl=queues[0], DeadLetterQueueUrl=queues[1], TableName=table_made(place.dynamodb))
        logs = [recent(number) for number in range(LOGS)]
        put(place.kinesis, logs)
        for one in logs:
            store(stack, one)
        yield stack


def store(stack: Stack, message: InternalMessage) -> None:
    """Put a log's item into the table."""
    stack.place.dynamodb.put_item(
        TableName="logs",
        Item={
            "tenant_id": {"S": message.tenant_id},
            "log_id": {"S": message.log_id},
            "received_at": {"S": message.received_at},
            "original_text": {"S": message.text},
        },
    )


def delete(stack: Stack, message: InternalMessage) -> None:
    """Delete a log's item."""
    key = {"tenant_id": {"S": message.tenant_id}, "log_id": {"S": message.log_id}}
    stack.place.dynamodb.delete_item(TableName="logs", Key=key)


def dead_letter(stack: Stack, body: str, **attributes: str) -> None:
    """Put a message into the dead-letter queue."""
    stack.place.sqs.send_message(
        QueueUrl=stack.dlq_url,
        MessageBody=body,
        MessageAttributes={name: {"DataType": "String", "StringValue": v} for name, v in attributes.items()},
    )


def audited(stack: Stack, **options: object) -> Audit:
    """Audit now."""
    return run(stack, now=datetime.now(UTC), name_missing=True, **options)  # type: ignore[arg-type] # tests' own


def test_a_complete_system_is_complete(stack: Stack) -> None:
    """The audit of a complete system has every tenant's counts and nothing missing."""
    audit = audited(stack)
    assert (audit.verdict, audit.unaccounted, audit.in_flight, audit.missing_ids) == ("complete", 0, 0, [])
    assert [(t.tenant_id, t.on_stream, t.stored, t.missing) for t in audit.tenants] == [
        (f"tenant-{number:02}", 10, 10, 0) for number in range(TENANTS)
    ]


def test_a_deleted_item_is_missing_and_named(stack: Stack) -> None:
    """With an empty queue a deleted item is named as missing, unless its tenant is not asked for."""
    delete(stack, recent(4))
    audit = audited(stack)
    assert (audit.verdict, audit.unaccounted) == ("missing", 1)
    assert [(log.tenant_id, log.log_id) for log in audit.missing_ids or ()] == [("tenant-01", "log-000004")]
    assert audited(stack, tenants=("tenant-00", "tenant-02")).verdict == "complete"
    assert audited(stack, tenants=("tenant-01",)).verdict == "missing"


def test_as_many_messages_in_flight_leave_it_undecided(stack: Stack) -> None:
    """One missing log and one message in the queue are undecided, and two missing logs are missing."""
    delete(stack, recent(4))
    stack.place.sqs.send_message(QueueUrl=stack.queue_url, MessageBody="anything")
    audit = audited(stack)
    assert (audit.verdict, audit.unaccounted, audit.in_flight) == ("undecided", 1, 1)
    delete(stack, recent(5))
    assert audited(stack).verdict == "missing"


def test_a_message_in_flight_may_hold_many_logs(stack: Stack) -> None:
    """A packed message in the queue may account for several logs, and a dead letter accounts for each log in it."""
    packed = replace(stack, outputs={**stack.outputs, "LogsPerMessage": "2"})
    for n in (4, 5, 6):
        delete(stack, recent(n))
    stack.place.sqs.send_message(QueueUrl=stack.queue_url, MessageBody="anything")
    assert audited(packed).verdict == "missing"
    dead_letter(stack, joined([encode(recent(n)) for n in (5, 6)]).decode())
    assert (audited(packed).verdict, audited(packed).unaccounted) == ("undecided", 1)


def test_dead_letters_account_for_their_logs_and_stay_where_they_are(stack: Stack) -> None:
    """Dead letters count by reason and as conflicts, and stay in their queue for a second audit."""
    delete(stack, recent(4))
    dead_letter(stack, encode(recent(4)).decode())
    second = recent(5, text="another text")
    put(stack.place.kinesis, [second])
    dead_letter(stack, encode(second).decode(), reason="log_id_conflict")
    dead_letter(stack, "junk", reason="undecodable", tenant_id="tenant-00")
    for _ in range(2):
        audit = audited(stack)
        assert (audit.verdict, audit.dead_letters_unseen) == ("complete", 0)
        assert [(t.quarantined, t.conflicts) for t in audit.tenants] == [
            ({"undecodable": 1}, 0),
            ({"max_receives_exceeded": 1}, 0),
            ({}, 1),
        ]


def test_a_changed_item_is_not_complete(stack: Stack) -> None:
    """A changed item is named as changed, even if a dead letter accounts for its log."""
    store(stack, recent(4, text="tampered"))
    dead_letter(stack, encode(recent(4)).decode(), reason="log_id_conflict")
    audit = audited(stack)
    assert (audit.verdict, audit.unaccounted, audit.changed) == ("changed", 0, 1)
    assert [(item.tenant_id, item.log_id) for item in audit.changed_ids or ()] == [("tenant-01", "log-000004")]


def test_an_item_that_is_not_on_the_stream_is_counted(stack: Stack) -> None:
    """An item that is not on the stream is counted, and the verdict stays complete."""
    store(stack, recent(999))
    audit = audited(stack)
    assert audit.verdict == "complete"
    assert sum(tenant.stored_not_on_stream for tenant in audit.tenants) == 1


def test_since_looks_at_what_was_received_from_then_on(stack: Stack) -> None:
    """With `--since` older logs are not missed, and an older item accounts for a log that was sent again."""
    delete(stack, recent(4))
    middle = datetime.fromisoformat(recent(15).received_at)
    audit = audited(stack, since=middle)
    assert (audit.verdict, sum(t.on_stream for t in audit.tenants)) == ("complete", 15)
    assert sum(t.stored for t in audit.tenants) == 15


def test_broken_records_on_the_stream_are_counted(stack: Stack) -> None:
    """Broken records on the stream are counted and are no missing logs."""
    stack.place.kinesis.put_record(StreamName=STREAM, PartitionKey="x", Data=b"junk")
    audit = audited(stack)
    assert (audit.verdict, audit.broken_on_stream) == ("complete", 1)


def test_the_command_prints_a_table_or_json_and_its_exit_status_is_the_finding(stack: Stack) -> None:
    """The exit status is 0 for complete, 1 for missing, 3 for undecided and 4 for changed."""

    def invoked(*options: str) -> tuple[int, str]:
        result = CliRunner().invoke(audit_command.command, options, obj=Locator(lambda _where: stack))
        return result.exit_code, result.output

    assert invoked()[0] == 0
    store(stack, recent(4, text="tampered"))
    dead_letter(stack, encode(recent(4)).decode(), reason="log_id_conflict")
    status, output = invoked("--missing-ids")
    assert (status, "changed: tenant-01 log-000004" in output) == (4, True)
    stack.place.sqs.purge_queue(QueueUrl=stack.dlq_url)
    delete(stack, recent(4))
    status, output = invoked("--missing-ids")
    assert status == 4
    assert "missing: tenant-01 log-000004" in output
    assert "1 unaccounted, 0 changed, 0 messages in the queue: missing" in output
    status, output = invoked("--json")
    assert (status, json.loads(output)["verdict"], "missing_ids" in json.loads(output)) == (4, "missing", False)
    stack.place.sqs.send_message(QueueUrl=stack.queue_url, MessageBody="anything")
    assert invoked("--json", "--missing-ids", "--since", "1h")[0] == 3
    assert invoked("--since", "soon")[0] == 2


def _rdp(stack: Stack, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, list(arguments), obj=Locator(lambda _: stack))


def test_a_lake_that_differs_is_named_and_ends_with_4(stack: Stack, tmp_path: Path) -> None:
    """After a sync the lake agrees; a missing, an additional and a changed row are each named, and the status is 4."""
    lake = ["--warehouse", str(tmp_path / "lake")]
    assert _rdp(stack, "lake", "sync", *lake).exit_code == 0
    newer = recent(LOGS)
    put(stack.place.kinesis, [newer])
    store(stack, newer)
    equal = _rdp(stack, "audit", *lake)
    assert equal.exit_code == 0, equal.output
    beside = f"{LOGS} logs of the stream up to its checkpoint, {LOGS} rows, 1 after it; no difference"
    assert beside in equal.stdout
    table = in_folder(tmp_path / "lake").load_table(name_of(raw=False))
    rows = table.scan(row_filter="log_id == 'log-000004'").to_arrow()
    table.delete("log_id == 'log-000004'")
    now = [datetime.now(UTC).replace(tzinfo=None)]  # A log older than the stream need not be on it.
    table.append(_with(_with(rows, "log_id", ["stray"]), "received_at", now))
    table.delete("log_id == 'log-000005'")
    table.append(_with(_with(rows, "log_id", ["log-000005"]), "tenant_id", ["tenant-02"]))
    differs = _rdp(stack, "audit", "--missing-ids", *lake)
    assert differs.exit_code == 4
    for line in (
        "lake lacks: tenant-01 log-000004",
        "stream lacks: tenant-01 stray",
        "text differs: tenant-02 log-000005",
        "lake lacks 1, stream lacks 1, text differs 1",
        "in the queue: lake_differs",
    ):
        assert line in differs.stdout
    report = json.loads(_rdp(stack, "audit", "--json", *lake).stdout)
    assert report["lake"]["differences"] == {"lake_lacks": 1, "stream_lacks": 1, "text_differs": 1}
    assert _rdp(stack, "audit", "--no-lake", "--data-dir", str(tmp_path)).exit_code == 0
    found = _rdp(stack, "audit", "--data-dir", str(tmp_path))
    assert (found.exit_code, "lake_differs" in found.stdout) == (4, True)


def _with(rows: pa.Table, column: str, values: list[Any]) -> pa.Table:
    field = rows.schema.field(column)
    return rows.set_column(rows.schema.get_field_index(column), field, pa.array(values, field.type))


def test_a_lake_that_cannot_be_compared_is_told(stack: Stack, tmp_path: Path) -> None:
    """A lake that is missing, of another stream or without its key gives one line, and nothing is made."""
    lake = ["--warehouse", str(tmp_path / "lake")]
    assert "There is no lake in" in _rdp(stack, "audit", *lake).stderr
    assert list(tmp_path.iterdir()) == []
    assert _rdp(stack, "lake", "sync", *lake).exit_code == 0
    (tmp_path / "lake" / "lake.key").rename(tmp_path / "kept.key")
    assert "key is not at" in _rdp(stack, "audit", *lake).stderr
    lake += ["--key", str(tmp_path / "kept.key")]
    assert _rdp(stack, "audit", *lake).exit_code == 0
    other = replace(stack, outputs={**stack.outputs, "StreamName": "other"})
    assert "was synced from the stream logs, not from other" in _rdp(other, "audit", *lake).stderr
