"""`rdp erase` on the engine: planted words are found nowhere but on the stream, and nothing brings them back."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra import dead_letters
from infra.cli import main
from tests.e2e.conftest import Eventually, LocalStack, StartStack

_TENANT, _OTHER = "forgotten", "neighbour"
_WORD = "xyzzyplugh"  # In every text that is to be found nowhere.
_KEPT = "frobozz"


@pytest.fixture(scope="module")
def stack(start_stack: StartStack) -> LocalStack:
    """A stack whose consumer takes six seconds at most: what an erasure waits for."""
    return start_stack({"ConsumerTimeoutSeconds": "6"})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the replays write."""
    return tmp_path_factory.mktemp("home")


def rdp(stack: LocalStack, *arguments: str, exit_code: int = 0) -> Result:
    """Run the operator's command on the stack."""
    result = CliRunner().invoke(main, [*arguments, "--data-dir", str(stack.data_dir)])
    assert result.exit_code == exit_code, result.output
    return result


def certificate(result: Result) -> dict[str, Any]:
    """Return what an erasure printed."""
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def dead_letter(stack: LocalStack, tenant: str, text: str) -> None:
    """Put a dead letter of a tenant."""
    body = {"tenant_id": tenant, "log_id": f"dead-{tenant}", "source": "json_upload", "text": text}
    body |= {"received_at": "2026-11-24T05:40:00.000Z", "schema_version": 2}  # type: ignore[dict-item] # JSON
    stack.place.sqs.send_message(QueueUrl=stack.stack.dlq_url, MessageBody=json.dumps(body))


def files_with(stack: LocalStack, word: str) -> list[Path]:
    """Return the files of the lake that hold the word, in Parquet by its rows and in all others by their bytes."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import

    found = []
    for path in (stack.data_dir / "lake").rglob("*"):
        if path.suffix == ".parquet":
            if word in str(pq.ParquetFile(path).read().to_pylist()):
                found.append(path)
        elif path.is_file() and word.encode() in path.read_bytes():
            found.append(path)
    return found


def rows(stack: LocalStack, *tenants: str) -> Sequence[dict[str, Any]]:
    """Return the tenants' items, tombstones too."""
    return [row for tenant in tenants for row in stack.rows(tenant)]


@pytest.fixture(scope="module")
def erased(stack: LocalStack, eventually: Eventually) -> dict[str, Any]:
    """Two tenants' logs everywhere, and one of them erased: give the certificate."""
    for tenant, word in ((_TENANT, _WORD), (_OTHER, _KEPT)):
        for number in range(3):
            assert stack.post_text(tenant, f"{word} {number}").status == 202
        for text in (f"{word} first", f"{word} second"):
            assert stack.post_text(tenant, text, "own-id").status == 202
            eventually(lambda: stack.is_drained)
        dead_letter(stack, tenant, word)
    eventually(lambda: len(rows(stack, _TENANT, _OTHER)) == 10 and stack.is_drained)
    rdp(stack, "lake", "sync")
    rdp(stack, "lake", "sync", "--raw")
    assert files_with(stack, _WORD)
    before = rows(stack, _OTHER)
    asked = rdp(stack, "erase", "--tenant", _TENANT)
    assert "5 rows, 1 of them conflicts" in asked.stdout
    assert "dead letters   1" in asked.stdout
    assert len(rows(stack, _TENANT)) == 5
    told = certificate(rdp(stack, "erase", "--tenant", _TENANT, "--yes"))
    assert rows(stack, _OTHER) == before
    return told


def test_planted_words_are_found_nowhere(stack: LocalStack, erased: dict[str, Any]) -> None:
    """Not in table, indexes, dead letters or any file of the lake; the certificate says what went and what remains."""
    assert erased["outcome"] == "gone"
    assert erased["found"] == []
    assert (erased["erased"]["rows"], erased["erased"]["conflicts"], erased["erased"]["dead_letters"]) == (5, 1, 1)
    assert [(part["table"], part["rows"]) for part in erased["erased"]["lake"]] == [
        ("rdp.logs", 5),
        ("rdp.logs_raw", 5),
    ]
    assert {part["place"] for part in erased["remains"]} >= {"stream"}
    assert "arn:aws:" in erased["asked_by"]
    assert files_with(stack, _WORD) == []
    assert files_with(stack, _KEPT)
    assert _WORD not in str(rows(stack, _TENANT))
    assert [letter.tenant_id for letter in dead_letters.look(stack.place.sqs, stack.stack.dlq_url)] == [_OTHER]


def test_nothing_brings_it_back(stack: LocalStack, erased: dict[str, Any], home: Path, eventually: Eventually) -> None:
    """A replay to the queue or a folder, a rebuild, a sync into a new lake, a message sent again: none has it."""
    assert erased["outcome"] == "gone"
    before = rows(stack, _OTHER)
    rdp(stack, "replay", "--to", "queue")
    rdp(stack, "rebuild", "--yes")
    rdp(stack, "replay", "--to", str(home / "all.ndjson"), "--raw")
    rdp(stack, "lake", "sync", "--warehouse", str(home / "lake"))
    dead_letter(stack, _TENANT, _WORD)
    rdp(stack, "dlq", "redrive", "--tenant", _TENANT)
    eventually(lambda: stack.is_drained)
    assert _WORD not in str(rows(stack, _TENANT))
    assert rows(stack, _OTHER) == before
    replayed = (home / "all.ndjson").read_text()
    assert _WORD not in replayed
    assert _KEPT in replayed
    asked = rdp(stack, "lake", "query", "SELECT text FROM logs", "--warehouse", str(home / "lake"))
    assert _WORD not in asked.stdout
    assert _KEPT in asked.stdout
    audit = json.loads(rdp(stack, "audit", "--json").stdout)
    assert audit["verdict"] == "complete"
    assert audit["erased_on_stream"] >= 5
    assert certificate(rdp(stack, "erase", "--tenant", _TENANT, "--check"))["outcome"] == "gone"
    assert _WORD not in rdp(stack, "logs", "--tenant", _TENANT).output


def test_what_comes_later_is_taken(stack: LocalStack, erased: dict[str, Any], eventually: Eventually) -> None:
    """A tenant that was erased sends again: the log is stored."""
    assert erased["outcome"] == "gone"
    assert stack.post_text(_TENANT, f"{_KEPT} later", "later").status == 202
    eventually(lambda: stack.row(_TENANT, "later"))


def test_an_erased_log_stays_erased_under_its_id(
    stack: LocalStack, erased: dict[str, Any], eventually: Eventually
) -> None:
    """Both texts under it go, its neighbours stay; sent again it is acknowledged and not stored; no reader shows it."""
    assert erased["outcome"] == "gone"
    kept = [row for row in rows(stack, _OTHER) if not row["log_id"]["S"].startswith("own-id")]
    told = certificate(rdp(stack, "erase", "--log", _OTHER, "own-id", "--yes"))
    assert (told["outcome"], told["erased"]["rows"], told["erased"]["conflicts"]) == ("gone", 2, 1)
    assert stack.post_text(_OTHER, f"{_KEPT} first", "own-id").status == 202
    assert stack.post_text(_OTHER, f"{_KEPT} third", "own-id").status == 202
    eventually(lambda: stack.is_drained)
    left = rows(stack, _OTHER)
    assert [row for row in left if "erased_at" not in row] == kept
    assert [row["log_id"]["S"] for row in left if "erased_at" in row] == ["own-id"]
    assert stack.counts.stored == len(kept) + len(rows(stack, _TENANT))
    assert rdp(stack, "logs", "--tenant", _OTHER, "--all").stdout.count(_KEPT) == len(kept)
    assert (
        "It was erased: the erasure of this log id was requested at"
        in rdp(stack, "log", _OTHER, "own-id", exit_code=1).output
    )
    assert "erased" in rdp(stack, "log", _OTHER, "own-id", "--life").output
    assert json.loads(rdp(stack, "audit", "--json").stdout)["verdict"] == "complete"
