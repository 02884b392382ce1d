"""The engine's saved state: whole, and written by the stop."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local import saved
from infra.stack import StackError

_NAMES = ("cloudformation", "dynamodb", "kinesis", "lambda", "s3", "sqs")


def _save(data_dir: Path, content: str = '{"payload": {}}') -> None:
    (data_dir / "engine").mkdir(exist_ok=True)
    for name in _NAMES:
        (data_dir / "engine" / f"{name}.json").write_text(content)


def test_a_whole_state_is_readable_and_so_is_none(tmp_path: Path) -> None:
    """A new folder has none."""
    saved.check_readable(tmp_path)
    _save(tmp_path)
    saved.check_readable(tmp_path)


@pytest.mark.parametrize("left", ["", '{"payload": {"a": {}', "\x00\x00"])
def test_a_file_cut_off_is_refused_by_name(tmp_path: Path, left: str) -> None:
    """Before the engine starts without it."""
    _save(tmp_path)
    (tmp_path / "engine" / "kinesis.json").write_text(left)
    with pytest.raises(StackError, match=r"kinesis\.json is damaged"):
        saved.check_readable(tmp_path)


def test_what_a_stop_did_not_write_is_told(tmp_path: Path) -> None:
    """A file that is not there, and one of an earlier stop."""
    _save(tmp_path)
    now_ns = max(path.stat().st_mtime_ns for path in (tmp_path / "engine").iterdir())
    saved.check_written(tmp_path, since_ns=min(path.stat().st_mtime_ns for path in (tmp_path / "engine").iterdir()))
    with pytest.raises(StackError, match="could not save cloudformation, dynamodb"):
        saved.check_written(tmp_path, since_ns=now_ns + 1)
    (tmp_path / "engine" / "sqs.json").unlink()
    with pytest.raises(StackError, match="could not save sqs:"):
        saved.check_written(tmp_path, since_ns=1)


def test_the_last_stop_is_when_data_was_written(tmp_path: Path) -> None:
    """None for a folder whose engine was never stopped in order."""
    assert saved.last_stop(tmp_path) is None
    _save(tmp_path)
    os.utime(tmp_path / "engine" / "sqs.json", (2e9, 2e9))
    assert saved.last_stop(tmp_path) == datetime.fromtimestamp(2e9, UTC)
