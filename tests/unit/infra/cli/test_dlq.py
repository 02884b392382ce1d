"""`rdp dlq` on two queues in memory: ids that fit together, and a purge that keeps and asks."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from infra.cli import dlq
from infra.options.locator import Locator
from infra.stack import Place, Stack
from infra.terminal.failures import PlainErrors
from ingest.contract.message import InternalMessage, encode
from ingest.contract.packed import joined
from tests.unit.infra.queues import Queues

_TENANT = "a-tenant-with-a-name-that-is-quite-long-0123456789"
_LOG_ID = "a-log-id-of-a-sender-who-likes-them-long-" + "0123456789" * 10


class Deep(Queues):
    """The queues, with their depth."""

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:
        """How many are visible and how many are not."""
        hidden = len(self.hidden(request["QueueUrl"]))
        return {
            "Attributes": {
                "ApproximateNumberOfMessages": str(len(self.bodies(request["QueueUrl"])) - hidden),
                "ApproximateNumberOfMessagesDelayed": "0",
                "ApproximateNumberOfMessagesNotVisible": str(hidden),
            }
        }


def body(tenant: str, log_id: str) -> str:
    """A log's message."""
    return encode(
        InternalMessage(
            tenant_id=tenant,
            log_id=log_id,
            source="text_upload",
            text=f"text of {log_id}",
            received_at="2026-11-24T00:00:00.000Z",
            schema_version=1,
        )
    ).decode()


@pytest.fixture
def queues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deep:
    """Twenty-five dead letters of two tenants, one of them of a reason, with long ids; an empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    queues = Deep()
    for number in range(24):
        queues.add("dlq", body(f"tenant{number % 2}", f"log{number}"))
    queues.add("dlq", body(_TENANT, _LOG_ID), reason="refused_by_table", original_message_id="its-id-in-the-queue")
    return queues


def rdp(queues: Queues, *arguments: str, says: str = "") -> Result:
    """Run the verb."""
    outputs = {
        "QueueUrl": "queue",
        "DeadLetterQueueUrl": "dlq",
        "QueueArn": "arn:queue",
        "DeadLetterQueueArn": "arn:dlq",
    }
    stack = Stack(cast("Place", SimpleNamespace(sqs=queues)), "http://127.0.0.1", outputs)
    group = PlainErrors(commands={"dlq": dlq.command})
    return CliRunner().invoke(group, ["dlq", *arguments], obj=Locator(lambda _where: stack), input=says)


def test_the_list_has_whole_ids_in_a_pipe(queues: Deep) -> None:
    """One dead letter a line, its columns apart by tabs."""
    shown = [line.split("\t") for line in rdp(queues, "list").output.splitlines()]
    assert shown[0] == ["message id", "reason", "tenant_id", "log_id", "received_at", "receives with looks"]
    assert [line[1:4] for line in shown if _LOG_ID in line] == [["refused_by_table", _TENANT, _LOG_ID]]
    assert len(shown) == 1 + 25 + 1


def test_a_look_is_not_taken_for_a_crash(queues: Deep) -> None:
    """SQS counts the looks, too: the number grows by looking, and what is shown says so."""
    seen = [rdp(queues, "show", _LOG_ID).output for _ in range(2)]
    first, second = (re.findall(r"receive_count +(\d+), with every look at the dead-letter queue", one) for one in seen)
    assert int(second[0]) == int(first[0]) + 1


def test_a_misspelt_reason_is_no_empty_queue(queues: Deep) -> None:
    """The list says that dead letters are there, and by which reasons they can be chosen."""
    shown = rdp(queues, "list", "--reason", "max_receive_exceeded").output
    assert shown.startswith(
        "None of 25 dead letters matches. Their reasons: max_receives_exceeded 24, refused_by_table 1"
    )
    assert "1 of 25 dead letters: refused_by_table 1" in rdp(queues, "list", "--reason", "refused_by_table").output


@pytest.mark.parametrize("verb", [["redrive"], ["purge", "--yes"], ["export", "new"]])
def test_a_reason_that_nothing_knows_is_refused(queues: Deep, tmp_path: Path, verb: list[str]) -> None:
    """With those that are known; nothing is moved, removed, written or kept hidden."""
    result = rdp(queues, *verb, "--reason", "nosuch")
    assert result.exit_code == 2
    said = " ".join(result.stderr.split())
    assert "No dead letter has the reason 'nosuch'. Known reasons: max_receives_exceeded, " in said
    assert len(queues.bodies("dlq")) == 25
    assert queues.hidden("dlq") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", [["redrive"], ["purge", "--yes", "--no-export"], ["export", "new"]])
def test_a_reason_that_is_known_or_that_a_dead_letter_has_is_taken(queues: Deep, verb: list[str]) -> None:
    """One that none has just now is no mistake, and neither is one that only an older release gave."""
    queues.add("dlq", body("acme", "l"), reason="of_an_older_release")
    assert rdp(queues, *verb, "--reason", "undecodable").exit_code == 0
    assert len(queues.bodies("dlq")) == 26
    Path("new").unlink(missing_ok=True)
    assert rdp(queues, *verb, "--reason", "of_an_older_release", "--tenant", "nobody").exit_code == 0
    Path("new").unlink(missing_ok=True)
    assert rdp(queues, *verb, "--reason", "of_an_older_release").exit_code == 0
    assert len(queues.bodies("dlq")) == (26 if verb[0] == "export" else 25)


def test_the_list_names_the_known_reasons_to_one_who_mistypes(queues: Deep) -> None:
    """And to nobody else."""
    assert "Known reasons: max_receives_exceeded, " in rdp(queues, "list", "--reason", "nosuch").stderr
    for reason in ("undecodable", "refused_by_table"):
        assert rdp(queues, "list", "--reason", reason).stderr == ""


def test_the_list_counts_logs_where_they_share_a_message(queues: Deep) -> None:
    """So many messages, of so many logs; the message's own line says how many it holds."""
    queues.add("dlq", joined([body("acme", "one").encode(), body("acme", "two").encode()]).decode())
    shown = rdp(queues, "list").output
    assert "26 dead letters with 27 logs: max_receives_exceeded 25" in shown
    assert "acme\t2 logs\t" in shown
    assert "2 logs" in rdp(queues, "show", "two").output


@pytest.mark.parametrize("of", [lambda i: i, lambda _: "its-id-in-the-queue", lambda _: _LOG_ID])
def test_every_id_that_a_person_may_have_finds_it(queues: Deep, of: Any) -> None:
    """Of the list, of the consumer's lines, of the audit: to show, to list, to send back, to remove."""
    message_id = queues.queues["dlq"][-1].message_id
    shown = rdp(queues, "show", of(message_id))
    assert f"text of {_LOG_ID}" in shown.output
    assert len(rdp(queues, "list", "--json", "--id", of(message_id)).output.splitlines()) == 1
    assert "1 message sent back" in rdp(queues, "redrive", "--id", of(message_id)).output
    assert queues.bodies("queue") == [body(_TENANT, _LOG_ID)]
    assert rdp(queues, "show", "no-such-id").exit_code == 1


def test_a_purge_removes_what_matches_and_touches_nothing_else(queues: Deep, tmp_path: Path) -> None:
    """What it removed is in a private file, as `export` writes it; the rest is visible at once."""
    result = rdp(queues, "purge", "--tenant", "tenant1", says="y\n")
    assert result.exit_code == 0, result.output
    assert "12 of 25 dead letters: max_receives_exceeded 12" in result.output
    assert [json.loads(b)["tenant_id"] for b in queues.bodies("dlq")] == ["tenant0"] * 12 + [_TENANT]
    assert queues.hidden("dlq") == []
    (file,) = tmp_path.iterdir()
    kept = [json.loads(line) for line in file.read_text().splitlines()]
    assert sorted(json.loads(line["body"])["log_id"] for line in kept) == sorted(f"log{n}" for n in range(1, 24, 2))
    assert file.stat().st_mode & 0o777 == 0o600
    assert str(file.name) in result.output


def test_a_purge_by_reason_and_by_id(queues: Deep, tmp_path: Path) -> None:
    """Into a file of one's own name, or into none."""
    assert rdp(queues, "purge", "--reason", "refused_by_table", "--yes", "--export", "kept").exit_code == 0
    assert len((tmp_path / "kept").read_text().splitlines()) == 1
    assert rdp(queues, "purge", "--id", "log7", "--yes", "--no-export").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert len(queues.bodies("dlq")) == 23


def test_without_a_yes_nothing_goes(queues: Deep, tmp_path: Path) -> None:
    """A no, and nobody there to answer; no file is made."""
    for says in ("n\n", ""):
        assert rdp(queues, "purge", says=says).exit_code == 1
    assert len(queues.bodies("dlq")) == 25
    assert queues.hidden("dlq") == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stops_the_purge(queues: Deep, tmp_path: Path) -> None:
    """It is not overwritten, and nothing is removed."""
    (tmp_path / "kept").write_text("precious")
    assert rdp(queues, "purge", "--yes", "--export", "kept").exit_code == 1
    assert (tmp_path / "kept").read_text() == "precious"
    assert len(queues.bodies("dlq")) == 25
    assert rdp(queues, "purge", "--yes", "--export", "other", "--no-export").exit_code == 2


def test_nothing_to_remove_is_no_question(queues: Deep, tmp_path: Path) -> None:
    """And no file."""
    result = rdp(queues, "purge", "--tenant", "nobody")
    assert (result.exit_code, list(tmp_path.iterdir())) == (0, [])
    assert "None of 25 dead letters matches." in result.output


def test_what_sqs_does_not_delete_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in the file and still there; the exit status says that it is to be run again."""
    monkeypatch.chdir(tmp_path)
    queues = Deep(lambda operation, _entry: "Throttled" if operation == "delete" else None)
    queues.add("dlq", body("tenant", "log"))
    result = rdp(queues, "purge", "--yes")
    assert result.exit_code == 1
    assert "1 dead letter still there: Throttled 1" in result.output
    assert queues.hidden("dlq") == []
