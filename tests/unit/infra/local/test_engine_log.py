"""What the engine's log says of functions that did not start."""

import time
from datetime import datetime
from pathlib import Path

from infra.local.engine_log import Complaint, Reader

_STARTS = "2026-11-28 05:53:03 INFO [lambda_runtime] Lambda worker spawned for rdp-ingest (python3.13, cold start)\n"
_DIES = "2026-11-28 05:53:03 ERROR [lambda] Warm worker execution error for rdp-{}: Worker init failed: {}\n"
_STOPS = "2026-11-28 05:53:04 ERROR [lambda] ESM SQS poller error: '<=' not supported between 'str' and 'int'\n"
_OTHER = "2026-11-28 05:53:05 ERROR [kinesis] No space left on device\n"
_AT_MS = int(datetime(2026, 11, 28, 5, 53, 3).astimezone().timestamp() * 1000)


def test_errors_are_told_with_the_function_that_they_are_about(tmp_path: Path) -> None:
    """The reader of the queue is the consumer's; what is about neither is the engine's."""
    (tmp_path / "engine.log").write_text(
        _STARTS + _DIES.format("ingest", "x") + _DIES.format("consumer", "y") + "  File\n" + _STOPS + _OTHER
    )
    found = list(Reader(tmp_path, 0).new())
    assert [complaint.service for complaint in found] == ["ingest", "consumer", "consumer", "engine"]
    assert found[0] == Complaint(_AT_MS, "ingest", "Warm worker execution error for rdp-ingest: Worker init failed: x")


def test_a_line_is_told_once_and_whole(tmp_path: Path) -> None:
    """What is half written waits for its end; a new engine begins the file anew."""
    log = tmp_path / "engine.log"
    reader = Reader(tmp_path, 0)
    assert list(reader.new()) == []
    log.write_text(_DIES.format("ingest", "x") + _OTHER[:30])
    assert len(list(reader.new())) == 1
    assert list(reader.new()) == []
    log.write_text(_DIES.format("ingest", "x") + _OTHER)
    assert [complaint.service for complaint in reader.new()] == ["engine"]
    log.write_text(_OTHER)
    assert len(list(reader.new())) == 1


def test_only_what_came_since_is_told(tmp_path: Path) -> None:
    """And the log of a Terraform stack's engine lies a folder above."""
    (tmp_path / "engine.log").write_text(_DIES.format("ingest", "x") + _OTHER)
    assert len(list(Reader(tmp_path / "terraform", _AT_MS + 2000).new())) == 1
    assert list(Reader(tmp_path, int(time.time() * 1000)).new()) == []
