"""The signals that ask a command to stop, answered in one way by all that must not end in the midst of something."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def on_stop(act: Callable[[int], object], signals: tuple[signal.Signals, ...] = STOPPING) -> Iterator[None]:
    """Within the block each of the signals calls `act(number)` in place of ending the process.

    An act that sets an event lets a call that is out come back; one that raises ends the block at once.
    """

    def answer(number: int, _frame: "FrameType | None") -> None:
        act(number)

    before = {number: signal.signal(number, answer) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
