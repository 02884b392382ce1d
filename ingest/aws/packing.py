"""Items in groups that one call takes: so many entries and so many bytes. Pure."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def calls(
    items: Iterable[Item], size: Callable[[Item], int], *, max_entries: int, max_bytes: int
) -> Iterator[list[Item]]:
    """Yield the items, in order, in as few groups as keep both limits; `size` gives an item's bytes.

    An item that is larger than `max_bytes` by itself has a group of its own: the service judges it.
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
