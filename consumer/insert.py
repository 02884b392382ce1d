"""The conditional INSERT of an item, and the items of a call. Pure."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec

from consumer.item import Item, attributes
from ingest.aws import packing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import BatchStatementRequestTypeDef

MAX_STATEMENTS: Final = 25
"""Statements per BatchExecuteStatement call (API reference, November 2026)."""

MAX_CALL_BYTES: Final = 16 * 1024 * 1024 // 6
"""Bytes of items, as UTF-8 JSON, per call. The API reference names no size for BatchExecuteStatement. BatchWriteItem,
also with 25 items, takes 16 MB over the network. 25 items of 400 KB can be more than that once botocore has written
them as ASCII: at worst a byte becomes six (`1,` is `{"N": "1"}, `; a letter of two bytes is `\\u00e9`). So a call
holds at most a sixth of 16 MB."""


def statement(table: str, item: Item) -> "BatchStatementRequestTypeDef":
    """Return the PartiQL INSERT of an item, its values as parameters."""
    values = attributes(item)
    return {"Statement": _insert(table, tuple(values)), "Parameters": list(values.values())}


@cache  # Few entries: items differ only in which optional attributes they have.
def _insert(table: str, names: tuple[str, ...]) -> str:
    members = ",".join(f"'{name}':?" for name in names)
    return f'INSERT INTO "{table}" VALUE {{{members}}}'


def calls(items: Sequence[Item]) -> Iterator[list[int]]:
    """Yield the items' positions, in order, in groups that one call takes."""
    return packing.calls(
        range(len(items)),
        lambda position: len(msgspec.json.encode(items[position])),
        max_entries=MAX_STATEMENTS,
        max_bytes=MAX_CALL_BYTES,
    )
