"""The edges of a batch's work: in this process or, if the batch has a suspect log, in a child process."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from consumer.apart import Ended
from consumer.crash import Crasher
from consumer.outside import Outside
from consumer.process import Edges
from consumer.settings import Settings
from consumer.timestamps import rfc3339
from consumer.unpack import Log

_BUILD_SHARE: Final = 0.5
"""The share of the time until the last write that building the items may take: an operator's pattern may be slow."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def edges(settings: Settings, outside: Outside, give_up_at_s: float, logs: Sequence[Log]) -> Edges:
    """Return the edges of the work on `logs`; none of their calls starts at or after `give_up_at_s`.

    If one of the logs is a suspect, everything that may end the process runs in a child, for all logs.
    """
    suspicious = any(map(_is_suspect, logs))
    works_on_each = outside.apart if suspicious else outside.in_time

    def within_budget(work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result | Ended]:
        budget_s = _BUILD_SHARE * max(give_up_at_s - outside.monotonic(), 0)
        return works_on_each(work, items, budget_s=budget_s)

    def end_child(code: int) -> object:
        return within_budget(outside.end_process, [code])

    crasher = Crasher(
        probability=settings.crash_probability,
        point=settings.crash_point,
        mode=settings.crash_mode,
        seed=settings.crash_seed,
        end_process=end_child if suspicious else outside.end_process,
    )
    return Edges(
        crash=crasher.at,
        erased=partial(outside.erased, give_up_at_s=give_up_at_s),
        put_on_stream=partial(outside.put_on_stream, give_up_at_s=give_up_at_s),
        insert=partial(outside.table.insert, give_up_at_s=give_up_at_s),
        processed_at=lambda: rfc3339(outside.now_ms()),
        build_each=within_budget,
        together=not suspicious,
    )


def _is_suspect(log: Log) -> bool:
    """Return whether the log may have ended the process that worked on it: it was received before.

    Most such logs did no harm: they were deferred, or an outage or a neighbour's fault brought them back. To suspect
    them costs a child process. To trust the one that did end its process costs each of its neighbours a receive.
    """
    return log.delivery.receive_count > 1
