"""A DynamoDB table in memory: PartiQL's INSERT with its errors, batched reads, Query and Scan."""

# ruff: noqa: N803 - boto3's names

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.faults.answers import client_error

MAX_STATEMENTS: Final = 25
MAX_KEYS: Final = 100
MAX_ITEM_BYTES: Final = 400 * 1024

_INSERT: Final = re.compile(r'INSERT INTO "([A-Za-z0-9_.-]+)" VALUE \{(.*)\}')
_NAME: Final = re.compile(r"'([^']+)': ?\?")

Item = dict[str, dict[str, Any]]
Key = tuple[str, str]


class Dynamodb:
    """The client methods that the code calls, on one table.

    A row whose text contains `refused_text` makes the whole call fail, like a row that breaks an unknown limit of AWS.
    """

    def __init__(self, table_name: str, *, refused_text: str) -> None:
        self._name = table_name
        self._refused_text = refused_text
        self.items: dict[Key, Item] = {}

    def batch_execute_statement(self, *, Statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Insert each item whose key is free; the responses of the other statements have errors."""
        items = [self._parsed(statement) for statement in Statements]
        if not 0 < len(items) <= MAX_STATEMENTS:
            raise client_error("BatchExecuteStatement", "ValidationException")
        if len({_key(item) for item in items}) < len(items):  # AWS refuses such a call; MiniStack accepts it.
            raise client_error("BatchExecuteStatement", "ValidationException")
        if any(self._refused_text in item["original_text"]["S"] for item in items):
            raise client_error("BatchExecuteStatement", "ValidationException")
        return {"Responses": [self._insert(item) for item in items]}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        """Return the items that exist, in no particular order."""
        keys = [(key["tenant_id"]["S"], key["log_id"]["S"]) for key in RequestItems[self._name]["Keys"]]
        if not 0 < len(keys) <= MAX_KEYS or len(set(keys)) < len(keys):
            raise client_error("BatchGetItem", "ValidationException")
        found = [self.items[key] for key in reversed(keys) if key in self.items]
        return {"Responses": {self._name: found}, "UnprocessedKeys": {}}

    def batch_write_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        """Put the items and replace older ones; only the mutation tests' code may call this."""
        for request in RequestItems[self._name]:
            item = request["PutRequest"]["Item"]
            self.items[_key(item)] = item
        return {"UnprocessedItems": {}}

    def query(self, *, ExpressionAttributeValues: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Return the items of the tenant in the request."""
        (tenant,) = ExpressionAttributeValues.values()
        return {"Items": [item for (tenant_id, _), item in sorted(self.items.items()) if tenant_id == tenant["S"]]}

    def scan(self, *, Segment: int = 0, TotalSegments: int = 1, **_: Any) -> dict[str, Any]:
        """Return the items of one segment."""
        return {"Items": [item for _, item in sorted(self.items.items())][Segment::TotalSegments]}

    def get_paginator(self, operation: str) -> "_OnePage":
        """Return a paginator of an operation, which gives a single page."""
        return _OnePage(getattr(self, operation))

    def _parsed(self, statement: Mapping[str, Any]) -> Item:
        parsed = _INSERT.fullmatch(statement["Statement"])
        if parsed is None or parsed[1] != self._name:
            raise client_error("BatchExecuteStatement", "ValidationException")
        return dict(zip(_NAME.findall(parsed[2]), statement["Parameters"], strict=True))

    def _insert(self, item: Item) -> dict[str, Any]:
        if _size(item) > MAX_ITEM_BYTES:
            return {"Error": {"Code": "ValidationError", "Message": "Item size has exceeded the maximum allowed size"}}
        if _key(item) in self.items:
            return {"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}}
        self.items[_key(item)] = item
        return {"TableName": self._name}


class _OnePage:
    def __init__(self, operation: Any) -> None:
        self._operation = operation

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        yield self._operation(**asked)


def _key(item: Item) -> Key:
    return item["tenant_id"]["S"], item["log_id"]["S"]


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(len(name) + _size(inner) for name, inner in value.items())
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(str(value).encode())
