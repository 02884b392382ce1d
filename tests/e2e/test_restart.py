"""Down and up again: what the engine keeps is kept and processed."""

import os
import signal
from typing import TYPE_CHECKING

import pytest

from infra import counts
from infra.local import lifecycle, state
from infra.stack import StackError
from tests.e2e.conftest import QUIET

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, StartStack


def test_a_restart_in_mid_flight_loses_nothing(start_stack: "StartStack", eventually: "Eventually") -> None:
    """Stored rows stay; logs that were queued or in flight are stored by the engine that comes after."""
    # Three seconds a log, and twelve for one, so that the stop comes while some are in the works; they return after
    # the visibility timeout.
    slow = {"SecondsPerChar": "1", "ConsumerTimeoutSeconds": "6", "VisibilityTimeoutSeconds": "6"}
    first = start_stack({})
    assert first.post_text("restart", "stored", "stored").status == 202
    eventually(lambda: first.row("restart", "stored"))
    lifecycle.down(first.data_dir)

    second = start_stack(slow, data_dir=first.data_dir)
    assert second.stack.outputs == first.stack.outputs
    for number in range(40):
        assert second.post_text("restart", "abc" if number < 39 else "abcdefghijkl", str(number)).status == 202
    eventually(lambda: counts.queue_depth(second.stack, second.stack.queue_url)[1] > 0)
    lifecycle.down(first.data_dir)

    third = start_stack({}, data_dir=first.data_dir)
    # The queue is counted before the table: a log that moves meanwhile is counted twice, and never not at all.
    before = third.counts
    assert before.queued + before.in_flight + before.stored >= 41
    eventually(lambda: third.is_drained)
    assert third.counts == counts.Counts(queued=0, in_flight=0, dlq=0, stored=41)
    # The count that `rdp up` shows is the engine's own: right after both stops, a duplicate and a deletion.
    assert third.post_text("restart", "stored", "stored").status == 202
    eventually(lambda: third.is_drained)
    key = {"tenant_id": {"S": "restart"}, "log_id": {"S": "7"}}
    third.place.dynamodb.delete_item(TableName=third.stack.table_name, Key=key)
    assert counts.stored_estimate(third.stack) == counts.stored(third.stack) == 40


def test_a_second_up_deploys_what_changed(start_stack: "StartStack", eventually: "Eventually") -> None:
    """`up` on a running engine applies the parameters and leaves the data alone."""
    first = start_stack({})
    assert first.post_text("again", "kept", "kept").status == 202
    eventually(lambda: first.row("again", "kept"))

    second = start_stack({"RetentionDays": "7"}, data_dir=first.data_dir)

    assert second.state.pid == first.state.pid
    assert second.post_text("again", "expires", "expires").status == 202
    assert int(eventually(lambda: second.row("again", "expires"))["expires_at"]["N"]) > 0
    assert second.row("again", "kept") is not None


def test_parameters_are_kept_until_a_reset(start_stack: "StartStack", eventually: "Eventually") -> None:
    """Down and up changes nothing; what a function could not start with is refused and changes nothing either.

    A limit of consumers works: as the text that CloudFormation hands on, it would stop the engine's mapping.
    """
    own = start_stack({"RetentionDays": "7", "MaximumConcurrency": "2"})
    lifecycle.down(own.data_dir)
    lifecycle.up(own.data_dir)
    with pytest.raises(StackError, match="unknown redaction rule 'foo'"):
        lifecycle.up(own.data_dir, parameters={"RedactionRules": "phone,foo"})
    assert own.post_text("kept", "555-0199", "a").status == 202
    row = eventually(lambda: own.row("kept", "a"))
    assert ("expires_at" in row, row["modified_data"]) == (True, {"S": "[REDACTED]"})

    lifecycle.up(own.data_dir, parameters=QUIET, reset=True)
    assert own.post_text("kept", "x", "b").status == 202
    assert "expires_at" not in eventually(lambda: own.row("kept", "b"))


def test_down_leaves_a_state_that_names_no_process(start_stack: "StartStack") -> None:
    """After a stop the folder keeps its port and its data, and stopping again does nothing."""
    own = start_stack()
    assert lifecycle.down(own.data_dir) is not None
    kept = state.read(own.data_dir)
    assert kept is not None
    assert (kept.pid, kept.port) == (None, own.state.port)
    assert lifecycle.down(own.data_dir) is None


def test_a_state_that_is_not_whole_is_told(start_stack: "StartStack", eventually: "Eventually") -> None:
    """A half file starts nothing, a kill is told by the next start, and a stop that could not save fails."""
    own = start_stack()
    assert own.post_text("whole", "kept", "kept").status == 202
    eventually(lambda: own.row("whole", "kept"))
    lifecycle.down(own.data_dir)

    stream = own.data_dir / "engine" / "kinesis.json"
    content = stream.read_bytes()
    stream.write_bytes(content[: len(content) // 2])
    with pytest.raises(StackError, match=r"kinesis\.json is damaged"):
        lifecycle.up(own.data_dir)
    assert lifecycle.down(own.data_dir) is None
    stream.write_bytes(content)

    pid = lifecycle.up(own.data_dir).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    told: list[str] = []
    lifecycle.up(own.data_dir, tell=told.append)
    assert f"(process {pid}) was not stopped" in told[0]
    assert "Going on with the state saved at 20" in told[1]
    assert own.row("whole", "kept") is not None

    queue = own.data_dir / "engine" / "sqs.json"
    queue.unlink()
    queue.mkdir()  # Where the engine can't write its file.
    os.utime(queue, (0, 0))
    with pytest.raises(StackError, match="could not save sqs"):
        lifecycle.down(own.data_dir)
