"""The history on disk: bounded, readable by another process, and complete up to its last commit."""

from pathlib import Path
from uuid import UUID

from bench.judge.history import History, RequestRow, SentLog, digest, phones_left

LOGS = 20_000


def test_a_log_takes_less_than_600_bytes_of_disk(tmp_path: Path) -> None:
    """The ledger's size a log is known: sent row, item, stream record and indexes together."""
    path = tmp_path / "history.db"
    with History(str(path)) as history:
        for number in range(LOGS):
            log_id, text = str(UUID(int=number)), f"log {number}"
            sent = SentLog("tenant-07", log_id, digest(text), 202, 1.0, ("+1 415 555 2671",) if number % 4 == 0 else ())
            history.add_request(RequestRow("json", 1.0, 1.0, 2.0, 202, 1, 1, 120, "tenant-07"), [sent])
        history.index()
        for number in range(LOGS):
            log_id, text = str(UUID(int=number)), f"log {number}"
            history.add_item("tenant-07", log_id, text, text, received_ms=1.0, processed_ms=2.0)
            history.add_stream_record("tenant-07", log_id, text)
    assert path.stat().st_size / LOGS < 600


def test_another_process_reads_what_was_committed(tmp_path: Path) -> None:
    """The judge opens the file that the load generator wrote."""
    path = str(tmp_path / "history.db")
    with History(path) as writer:
        writer.add_sent([SentLog("acme", "a1", digest("x"), 202)])
        writer.commit()
        with History(path) as reader:
            assert reader.tenants() == ["acme"]
            assert [(tenant, log_id) for tenant, log_id, _ in reader.logs()] == [("acme", "a1")]


def test_phones_left_counts_numbers_not_their_parts() -> None:
    """Each planted number counts once, whether whole or in part."""
    assert phones_left(["555-0199", "+1 415 555 2671"], "[REDACTED] and [REDACTED]") == 0
    assert phones_left(["555-0199", "+1 415 555 2671"], "555-0199 and 415 555 2671") == 2
