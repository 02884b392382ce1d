"""The sinks: what the target holds after a commit, and what a resumed replay removes from it."""

import gzip
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from consumer.replay.checkpoint import CheckpointMismatchError
from consumer.replay.lines import LineFile
from consumer.replay.sinks import FileSink, QueueRefusedError, QueueSink, StreamSink
from ingest.contract.message import decode, encode
from tests.clock import Clock
from tests.messages import message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

GZ = [False, True]


def content(path: Path, *, gz: bool) -> bytes:
    """Return the file's lines."""
    return gzip.decompress(path.read_bytes()) if gz else path.read_bytes()


@pytest.mark.parametrize("gz", GZ)
def test_lines_are_there_after_a_commit(tmp_path: Path, *, gz: bool) -> None:
    """After a commit the file holds all lines, and the commit returns the file's length."""
    file = LineFile(tmp_path / "f", gz=gz)
    for number in range(2_500):
        file.write(b"%d" % number)
    first = file.commit()
    assert first == (tmp_path / "f").stat().st_size
    file.write(b"last")
    assert file.commit() == (tmp_path / "f").stat().st_size > first
    file.close()
    assert content(tmp_path / "f", gz=gz) == b"".join(b"%d\n" % n for n in range(2_500)) + b"last\n"


@pytest.mark.parametrize("gz", GZ)
def test_resuming_cuts_off_what_came_after_the_commit(tmp_path: Path, *, gz: bool) -> None:
    """A resumed replay removes the lines after its commit, and new lines follow directly."""
    file = LineFile(tmp_path / "f", gz=gz)
    file.write(b"kept")
    committed = file.commit()
    for _ in range(3_000):
        file.write(b"beyond")
    file.commit()
    file.close()
    resumed = LineFile(tmp_path / "f", gz=gz, resume_at=committed)
    resumed.close()
    assert content(tmp_path / "f", gz=gz) == b"kept\n"
    again = LineFile(tmp_path / "f", gz=gz, resume_at=committed)
    again.write(b"next")
    again.commit()
    again.close()
    assert content(tmp_path / "f", gz=gz) == b"kept\nnext\n"


def test_a_new_replay_begins_the_file_anew(tmp_path: Path) -> None:
    """A new replay removes the lines of an earlier one."""
    (tmp_path / "f").write_bytes(b"old\n")
    LineFile(tmp_path / "f").close()
    assert (tmp_path / "f").read_bytes() == b""


def test_a_file_shorter_than_its_checkpoint_is_refused(tmp_path: Path) -> None:
    """A file that is shorter than its checkpoint says is refused, because lines would be missing."""
    (tmp_path / "f").write_bytes(b"ab")
    with pytest.raises(CheckpointMismatchError, match="has 2 bytes, but 3 at the checkpoint"):
        LineFile(tmp_path / "f", resume_at=3)
    assert (tmp_path / "f").read_bytes() == b"ab"


def test_gz_carries_no_time(tmp_path: Path) -> None:
    """The same lines give the same bytes of gzip at any time, because the header's time is 0."""
    file = LineFile(tmp_path / "f", gz=True)
    file.write(b"x")
    file.commit()
    file.close()
    assert (tmp_path / "f").read_bytes()[4:8] == b"\0\0\0\0"


def test_a_file_sink_writes_messages(tmp_path: Path) -> None:
    """A file has one message on each line, which the contract's decoder reads."""
    sink = FileSink(tmp_path / "f")
    sink.resume(0)
    logs = [message("1", text="a\nb"), message("2", fields={"x": "￾"})]
    for log in logs:
        sink.write(log)
    sink.commit()
    sink.close()
    assert [decode(line) for line in (tmp_path / "f").read_bytes().splitlines()] == logs


def test_a_stream_gets_lines_and_cannot_take_back() -> None:
    """On standard output, a resumed replay continues after the lines already written."""
    out = io.BytesIO()
    sink = StreamSink(out)
    sink.write(message("1"))
    assert sink.commit() == 0
    sink.resume(0)
    sink.write(message("2"))
    assert [decode(line).log_id for line in out.getvalue().splitlines()] == ["1", "2"]


class FakeSqs:
    """Keeps bodies; refuses for ever those that hold `poison`."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Take the entries."""
        assert QueueUrl == "queue"
        refused = [entry for entry in Entries if "poison" in entry["MessageBody"]]
        self.sent += [entry for entry in Entries if entry not in refused]
        return {
            "Successful": [{"Id": entry["Id"]} for entry in Entries if entry not in refused],
            "Failed": [{"Id": e["Id"], "Code": "Throttled", "SenderFault": False} for e in refused],
        }


def queue_sink(fake: FakeSqs, clock: Clock) -> QueueSink:
    """Return a sink into the fake queue."""
    return QueueSink(cast("SQSClient", fake), "queue", time=clock.time())


def test_the_queue_gets_the_bytes_that_ingest_would_send() -> None:
    """The queue gets the body and group that ingest would send, so a replayed log is like a new one (I10)."""
    fake = FakeSqs()
    sink = queue_sink(fake, Clock())
    sink.resume(10)
    logs = [message(f"{n}", tenant_id=f"tenant-{n % 3}", fields={"n": n}) for n in range(1_203)]
    for log in logs:
        sink.write(log)
    assert sink.commit() == 1_213
    assert [entry["MessageBody"] for entry in fake.sent] == [encode(log).decode() for log in logs]
    assert [entry["MessageGroupId"] for entry in fake.sent] == [log.tenant_id for log in logs]


def test_a_queue_that_refuses_for_a_minute_ends_the_replay() -> None:
    """If the queue refuses for a minute, the commit fails and no checkpoint is written."""
    clock = Clock()
    sink = queue_sink(FakeSqs(), clock)
    sink.write(message("1", text="poison"))
    with pytest.raises(QueueRefusedError, match="refused 1 logs: Throttled"):
        sink.commit()
    assert 50 < clock.elapsed_s <= 61
