"""Parquet parts: partitions, types, and which parts a resumed replay deletes."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from consumer.replay.checkpoint import CheckpointMismatchError
from consumer.replay.parquet import SCHEMA, ParquetSink
from ingest.contract.message import InternalMessage
from tests.messages import message


def parts(folder: Path) -> list[str]:
    """Return the files below the folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_each_tenant_and_date_has_a_folder_and_each_commit_a_part(tmp_path: Path) -> None:
    """The folder's date is received_at's in UTC, and each commit writes its own part."""
    sink = ParquetSink(tmp_path / "lake")
    sink.resume(0)
    sink.write(message("1"))
    sink.write(message("2", tenant_id="globex"))
    sink.write(message("3", received_at="2025-11-24T00:30:00.000+02:00"))
    assert sink.commit() == 1
    sink.write(message("4"))
    assert (sink.commit(), sink.commit()) == (2, 2)
    assert parts(tmp_path / "lake") == [
        "tenant_id=acme/date=2025-11-23/part-000001.parquet",
        "tenant_id=acme/date=2025-11-24/part-000001.parquet",
        "tenant_id=acme/date=2025-11-24/part-000002.parquet",
        "tenant_id=globex/date=2025-11-24/part-000001.parquet",
    ]


def test_a_part_holds_the_logs(tmp_path: Path) -> None:
    """A part has times as UTC timestamps and fields as JSON, or null if there are none."""
    sink = ParquetSink(tmp_path)
    sink.resume(0)
    event_at = "2262-04-12T00:00:00.123456789Z"
    sink.write(
        message("1", text="é\n", fields={"a": Decimal("0.1234567890123456789")}, event_at=event_at, severity="warn")
    )
    sink.write(message("2"))
    sink.commit()
    table = pq.ParquetFile(tmp_path / "tenant_id=acme/date=2025-11-24/part-000001.parquet").read()
    assert table.schema.remove_metadata() == SCHEMA
    received_at = datetime(2025, 11, 24, 15, 59, tzinfo=UTC).replace(tzinfo=None)
    assert table.to_pylist() == [
        {
            "log_id": "1",
            "source": "json_upload",
            "received_at": received_at,
            "text": "é\n",
            "event_at": event_at,
            "severity": "warn",
            "fields": '{"a":0.1234567890123456789}',
        },
        {
            "log_id": "2",
            "source": "json_upload",
            "received_at": received_at,
            "text": "hello",
            "event_at": None,
            "severity": None,
            "fields": None,
        },
    ]


def test_resuming_deletes_the_parts_after_the_commit(tmp_path: Path) -> None:
    """A resumed replay deletes half-written parts and parts of commits that the checkpoint does not know."""
    sink = ParquetSink(tmp_path)
    sink.resume(0)
    for number in range(3):
        sink.write(message(f"{number}"))
        sink.commit()
    folder = tmp_path / "tenant_id=acme/date=2025-11-24"
    (folder / "part-000001.parquet.partial").touch()
    ParquetSink(tmp_path).resume(2)
    assert parts(folder) == ["part-000001.parquet", "part-000002.parquet"]
    ParquetSink(tmp_path).resume(0)
    assert parts(folder) == []


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    """A folder with other files is refused and not changed."""
    (tmp_path / "thesis.parquet").touch()
    with pytest.raises(
        CheckpointMismatchError,
        match=r"has files that no replay wrote, such as thesis\.parquet\. Name an empty or a new",
    ):
        ParquetSink(tmp_path).resume(0)
    assert parts(tmp_path) == ["thesis.parquet"]


@pytest.mark.parametrize("log", [message(text="12345"), message(text="1", fields={"a": 1})])
def test_much_text_asks_for_a_commit(tmp_path: Path, log: InternalMessage) -> None:
    """A commit is due after so many bytes of text and fields as well as after so many logs."""
    sink = ParquetSink(tmp_path, full_bytes=10)
    sink.resume(0)
    sink.write(log)
    assert not sink.full
    sink.write(log)
    assert sink.full
    sink.commit()
    assert not sink.full
