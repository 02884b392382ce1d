"""The dead-letter queue operated: listed, shown, exported, redriven, and a redrive that is killed in the middle."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from infra import counts
from ingest.contract.message import InternalMessage, encode

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

_ROOT: Final = Path(__file__).parents[2]
_RDP: Final = "from infra.cli import main; main()"

# The process dies as `kill -9` kills it, when the queue has acknowledged the messages and none is deleted yet.
_KILLED: Final = """
import os, signal
import infra.dead_letters
infra.dead_letters.VISIBILITY_S = 1
from botocore.client import BaseClient
call = BaseClient._make_api_call
def dying(self, operation, request):
    if operation == "DeleteMessageBatch":
        os.kill(os.getpid(), signal.SIGKILL)
    return call(self, operation, request)
BaseClient._make_api_call = dying
"""


@pytest.fixture(scope="module")
def stack(start_stack: "StartStack") -> "LocalStack":
    """A stack of its own: its dead-letter queue is counted."""
    return start_stack()


@pytest.fixture
def rdp(stack: "LocalStack") -> Callable[..., str]:
    """Return `rdp(*arguments, expect=0, before="")`: the command's standard output."""

    def run(*arguments: str | Path, expect: int = 0, before: str = "") -> str:
        finished = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", before + _RDP, *map(str, arguments), "--data-dir", str(stack.data_dir)],
            cwd=_ROOT,
            env=dict(os.environ) | {"COLUMNS": "250"},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert finished.returncode == expect, finished.stdout + finished.stderr
        return finished.stdout

    return run


def _dead(stack: "LocalStack", tenant: str, log_id: str, reason: str | None) -> str:
    """Put a healthy log into the dead-letter queue, as after an outage, and return its message id."""
    message = InternalMessage(
        tenant_id=tenant,
        log_id=log_id,
        source="text_upload",
        text=f"{log_id}: call 555-0199",
        received_at="2026-11-24T00:00:00.000Z",
        schema_version=1,
    )
    attributes: Any = {"reason": {"DataType": "String", "StringValue": reason}} if reason else {}
    sent = stack.place.sqs.send_message(
        QueueUrl=stack.stack.dlq_url, MessageBody=encode(message).decode(), MessageAttributes=attributes
    )
    return sent["MessageId"]


def test_the_dead_letter_queue_is_operated(
    stack: "LocalStack", rdp: Callable[..., str], eventually: "Eventually", tmp_path: Path
) -> None:
    """List, show, export, redrive one reason, then everything: what was healthy is a row at the end."""
    assert "0 dead letters" in rdp("dlq", "list")
    ids = [
        _dead(stack, "acme", "one", None),
        _dead(stack, "acme", "two", "unknown_schema_version"),
        _dead(stack, "zeta", "three", None),
    ]

    listed = rdp("dlq", "list")
    for message_id in ids:
        assert message_id in listed
    assert "3 dead letters: max_receives_exceeded 2, unknown_schema_version 1" in listed
    as_json = [json.loads(line) for line in rdp("dlq", "list", "--tenant", "acme", "--json").splitlines()]
    assert {line["log_id"] for line in as_json} == {"one", "two"}
    shown = rdp("dlq", "show", ids[1])
    assert "unknown_schema_version" in shown
    assert "two: call 555-0199" in shown
    assert stack.counts.dlq == 3  # A look takes nothing away.

    file = tmp_path / "dead.ndjson"
    assert "3 dead letters written" in rdp("dlq", "export", file)
    assert {json.loads(line)["message_id"] for line in file.read_text().splitlines()} == set(ids)
    assert file.stat().st_mode & 0o077 == 0  # It holds tenants' texts.
    rdp("dlq", "export", file, expect=1)  # And is never overwritten.

    assert "1 message sent back" in rdp("dlq", "redrive", "--reason", "unknown_schema_version")
    row = eventually(lambda: stack.row("acme", "two"))
    assert row["modified_data"] == {"S": "two: call [REDACTED]"}
    assert stack.row("acme", "one") is None

    assert "2 messages sent back" in rdp("dlq", "redrive")
    assert eventually(lambda: stack.row("acme", "one"))
    assert eventually(lambda: stack.row("zeta", "three"))
    assert stack.counts.dlq == 0


def test_poison_comes_back_and_does_not_go_round(
    stack: "LocalStack", rdp: Callable[..., str], eventually: "Eventually"
) -> None:
    """A redriven message that no retry can store lies in the dead-letter queue again, once."""
    stack.place.sqs.send_message(QueueUrl=stack.stack.queue_url, MessageBody="no log")
    eventually(lambda: stack.counts.dlq == 1)

    assert "1 message sent back" in rdp("dlq", "redrive", "--reason", "undecodable")

    eventually(lambda: stack.is_drained and stack.counts.dlq == 1)
    stack.place.sqs.purge_queue(QueueUrl=stack.stack.dlq_url)


def test_a_redrive_killed_between_send_and_delete_loses_nothing(
    stack: "LocalStack", rdp: Callable[..., str], eventually: "Eventually"
) -> None:
    """The messages are in both queues; each is one row; a second redrive ends it, and the copies are duplicates."""
    for number in range(7):
        _dead(stack, "killed", f"log{number}", None)

    rdp("dlq", "redrive", expect=-signal.SIGKILL, before=_KILLED)

    assert stack.counts.dlq == 7
    eventually(lambda: len(stack.rows("killed")) == 7)
    eventually(lambda: counts.queue_depth(stack.stack, stack.stack.dlq_url) == (7, 0))  # No longer hidden.
    assert "7 messages sent back" in rdp("dlq", "redrive")
    eventually(lambda: stack.is_drained)
    assert stack.counts.dlq == 0
    assert len(stack.rows("killed")) == 7


def test_tail_shows_both_functions(stack: "LocalStack", rdp: Callable[..., str], eventually: "Eventually") -> None:
    """A log's way through ingest and consumer in two lines, no text of it, and only warnings when asked so."""
    assert stack.post_text("tailed", "secret words", "t").status == 202
    assert eventually(lambda: stack.row("tailed", "t"))

    def lines() -> str:
        shown = rdp("tail", "--no-follow")
        return shown if '"tailed":1' in shown and "consumer" in shown else ""

    shown = eventually(lines)
    assert "secret words" not in shown
    assert "START RequestId" not in shown
    assert "START RequestId" in rdp("tail", "--no-follow", "--platform")
    assert "accepted=1" not in rdp("tail", "--no-follow", "--level", "error")
    assert "consumer" not in rdp("tail", "--no-follow", "--service", "ingest")


def test_a_tenants_session_reads_its_rows_only(
    stack: "LocalStack", rdp: Callable[..., str], eventually: "Eventually"
) -> None:
    """`--as-tenant` reads with the role; what the engine can't show, `verify-isolation` says and exits with 3 for."""
    assert stack.post_text("reader", "text", "r").status == 202
    assert eventually(lambda: stack.row("reader", "r"))
    row = json.loads(rdp("logs", "--tenant", "reader", "--as-tenant", "reader", "--json"))
    assert row["log_id"] == "r"
    told = rdp("verify-isolation", expect=3)
    hidden = [line for line in told.splitlines() if "not shown" in line]
    assert len(hidden) == 4
    assert all("another" in line for line in hidden)  # LeadingKeys, which only AWS evaluates.


def test_a_tenants_role_that_may_more_fails_the_proof(stack: "LocalStack", rdp: Callable[..., str]) -> None:
    """What does differ is 4 on the engine, too: the cases that it can't show hide no other."""
    role = stack.stack.outputs["TenantReaderRoleName"]
    statement = {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": stack.stack.outputs["TableArn"]}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    stack.place.iam.put_role_policy(RoleName=role, PolicyName="too-much", PolicyDocument=document)
    try:
        told = rdp("verify-isolation", expect=4)
    finally:
        stack.place.iam.delete_role_policy(RoleName=role, PolicyName="too-much")
    (wrong,) = [line for line in told.splitlines() if "denied" in line and "allowed" in line]
    assert "Scan" in wrong
