"""Items split into groups that fit into one call, by a limit of entries and a limit of bytes. Pure."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def calls(
    items: Iterable[Item], size: Callable[[Item], int], *, max_entries: int, max_bytes: int
) -> Iterator[list[Item]]:
    """Yield the items, in order, in as few groups as both limits allow; `size` returns an item's bytes.

    A single item that is larger than `max_bytes` has a group of its own: the service decides about it.
    """
    call: list[Item] = []
    call_bytes = 0
    for item in items:
        item_bytes = size(item)
        if call and (len(call) == max_entries or call_bytes + item_bytes > max_bytes):
            yield call
            call, call_bytes = [], 0
        call.append(item)
        call_bytes += item_bytes
    if call:
        yield call
