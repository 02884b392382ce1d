"""Bisect on error: find which items of a batch fail when the batch is worked on as a unit. Pure.

The terms are those of AWS's `BisectBatchOnFunctionError`, which AWS has for streams only and not for SQS.

How it fits the consumer: an exception is for what breaks a *unit* - a simulated crash, a bug, a call that AWS refuses
as a whole. What the table says about single items is not an exception but a verdict that `work` records itself, and
`work` skips an item that has its verdict when a later, smaller unit brings it again. That is how every healthy item is
done exactly once although it may be in a failing unit first.
"""

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")


class Failed(NamedTuple, Generic[Item]):
    """An item that failed on its own, and how."""

    item: Item
    error: Exception


class Isolation(NamedTuple, Generic[Item]):
    """The failing items in the batch's order, and how many times a unit was halved."""

    failed: list[Failed[Item]]
    splits: int


def bisect(batch: Sequence[Item], work: Callable[[Sequence[Item]], None]) -> Isolation[Item]:
    """Return the items for which `work` fails alone.

    `work` is run on the batch as a unit; a unit that raises is halved, in order, down to single items. A failing unit
    must leave none of its items done, or `work` must be idempotent for them. Healthy items end in exactly one run that
    returns. For k failures among n items `work` runs at most `1 + 2k * ceil(log2 n)` times; an empty batch, never.
    """
    failed: list[Failed[Item]] = []
    splits = 0
    units = [batch] if batch else []
    while units:
        unit = units.pop()
        try:
            work(unit)
        except Exception as error:  # noqa: BLE001 - whatever a unit raises, its items must be told apart
            if len(unit) == 1:
                failed.append(Failed(unit[0], error))
                continue
            splits += 1
            middle = len(unit) // 2
            units += [unit[middle:], unit[:middle]]  # The first half is popped first: order holds.
    return Isolation(failed, splits)
