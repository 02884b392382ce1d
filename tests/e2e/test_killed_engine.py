"""The engine killed as `kill -9` kills it: what it had saved by itself is there again."""

import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from infra import consumer_switch
from infra.local import lifecycle

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack


def _turn(own: "LocalStack", to: Literal["Enabled", "Disabled"]) -> None:
    consumer_switch.turn(own.stack, to, monotonic=time.monotonic, sleep=time.sleep)


def _is_newer(file: Path, than_ns: int) -> bool:
    return file.exists() and file.stat().st_mtime_ns > than_ns


def _await_save(own: "LocalStack", eventually: "Eventually") -> None:
    """Return when a save has ended that began after this call: two later, the first may have begun before."""
    file = own.data_dir / "engine" / "sqs.json"  # The last that a save writes.
    for _ in range(2):
        since_ns = time.time_ns()
        eventually(partial(_is_newer, file, since_ns))


def test_a_killed_engine_comes_back_as_it_last_saved(start_stack: "StartStack", eventually: "Eventually") -> None:
    """Rows, and logs that wait in the queue."""
    own = start_stack()
    assert own.post_text("killed", "a", "stored").status == 202
    eventually(lambda: own.row("killed", "stored"))
    _turn(own, "Disabled")
    assert own.post_text("killed", "b", "waits").status == 202
    _await_save(own, eventually)
    assert own.state.pid is not None
    os.kill(own.state.pid, signal.SIGKILL)

    again = start_stack({}, data_dir=own.data_dir)
    assert again.stack.outputs == own.stack.outputs
    assert again.row("killed", "stored")
    assert again.row("killed", "waits") is None
    _turn(again, "Enabled")
    assert eventually(lambda: again.row("killed", "waits"))


def test_an_orderly_stop_has_the_last_word(start_stack: "StartStack", eventually: "Eventually") -> None:
    """A log that was stored just before `rdp down` is there, whatever save was under way then."""
    own = start_stack()
    _await_save(own, eventually)
    assert own.post_text("stopped", "x", "last").status == 202
    eventually(lambda: own.row("stopped", "last"))
    lifecycle.down(own.data_dir)
    again = start_stack({}, data_dir=own.data_dir)
    assert again.row("stopped", "last")
