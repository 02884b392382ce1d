"""Handles the signals that ask a command to stop, the same way in all commands that must finish a step first."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def on_stop(act: Callable[[int], object], signals: tuple[signal.Signals, ...] = STOPPING) -> Iterator[None]:
    """Within the block each of the signals calls `act(number)` instead of ending the process.

    If `act` sets an event, a call that is under way can finish; if it raises, the block ends at once.
    """

    def answer(number: int, _frame: "FrameType | None") -> None:
        act(number)

    before = {number: signal.signal(number, answer) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
