"""Run work that may end the process in a child process: only the child ends, and the other results are kept.

A child is a fork, as AWS shows for Lambda (Compute Blog, "Parallel Processing in Python with AWS Lambda": processes and
pipes; Lambda has no shared memory, so no pools). It must touch no client: their connections are the parent's.
"""

import math
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_FORK: Final = get_context("fork")
_SHARES: Final = 10


class Ended(NamedTuple):
    """Stands in for the result of an item that gave none; `cause` is the error's class, or how the child ended."""

    cause: str


def share_s(left_s: float, left: int) -> float:
    """Return how many of the `left_s` seconds the next of `left` items may take.

    An equal share, but at least a tenth: an equal share among hundreds is so short that a long text would seem to hang.
    """
    return left_s / min(left, _SHARES)


def apart(
    work: Callable[[Item], Result], items: Sequence[Item], *, budget_s: float, monotonic: Callable[[], float]
) -> list[Result | Ended]:
    """Return what `work` makes of each item, in order, or how the item ended its child.

    One child works on all items. If an item ends the child, a new child continues after that item. Each item may take
    its `share_s` of what is left of `budget_s`, so that an item that never ends leaves time for the others.
    """
    ends_at_s = monotonic() + budget_s
    results: list[Result | Ended] = []
    while len(results) < len(items):
        rest = items[len(results) :]
        receiving, sending = _FORK.Pipe(duplex=False)
        child = _FORK.Process(target=_work_on_each, args=(work, rest, sending, math.ceil(budget_s) + 1))
        with receiving:
            with sending:
                child.start()
            try:
                for left in range(len(rest), 0, -1):
                    if not receiving.poll(share_s(max(ends_at_s - monotonic(), 0), left)):
                        results.append(Ended("TookTooLong"))
                        break
                    results.append(receiving.recv())
            except (EOFError, OSError):  # The child died, maybe in the middle of an answer.
                child.join()
                results.append(Ended(f"EndedProcess {child.exitcode}"))
            finally:
                child.kill()
                child.join()
    return results


def _work_on_each(work: Callable[[Item], object], items: Sequence[Item], sending: Connection, longest_s: int) -> None:
    """Be the child: Linux kills it first if memory is short, and an alarm ends it if the parent is gone."""
    with suppress(OSError):  # Only Linux has this file: proc(5), oom_score_adj.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(longest_s)
    for item in items:
        try:
            result: object = work(item)
        except Exception as error:  # noqa: BLE001 - any error belongs to this item alone
            result = Ended(type(error).__name__)
        sending.send(result)
