"""Taking changed items out: each is kept on the disk before it goes, and goes only as it was seen."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO, cast

from botocore.exceptions import ClientError

from consumer.replay import private
from infra.audit import rebuild
from infra.audit.ledger import ChangedItem, Ledger
from infra.stack import Stack

_Item = dict[str, dict[str, str]]


def _item(text: str) -> _Item:
    return {"tenant_id": {"S": "acme"}, "log_id": {"S": "1"}, "original_text": {"S": text}}


class _Table:
    """A table of one item, which somebody may change between a query and a deletion."""

    def __init__(self, item: _Item, kept_in: Path) -> None:
        self.item: _Item | None = item
        self.becomes: _Item | None = None
        self.kept_at_deletion = b""
        self._kept_in = kept_in

    def get_paginator(self, operation: str) -> "_Table":
        assert operation == "query"
        return self

    def paginate(self, **_request: object) -> Iterator[dict[str, list[_Item]]]:
        assert self.item is not None
        yield {"Items": [self.item]}
        self.item = self.becomes or self.item

    def delete_item(self, **request: Any) -> None:
        self.kept_at_deletion = self._kept_in.read_bytes()
        assert self.item is not None
        seen = request.get("ExpressionAttributeValues", {}).get(":seen", self.item["original_text"])
        if seen != self.item["original_text"]:
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "DeleteItem")
        self.item = None


class _Ledger:
    """Every item is changed, none is on the stream."""

    def __init__(self) -> None:
        self.missed: list[tuple[str, str]] = []

    def is_changed(self, *_: str) -> bool:
        return True

    def is_streamed(self, *_: str) -> bool:
        return False

    def miss(self, tenant_id: str, log_id: str) -> None:
        self.missed.append((tenant_id, log_id))


def _take_out(table: _Table, export: BinaryIO) -> int:
    stack = Stack(cast("Any", SimpleNamespace(dynamodb=table)), "", {"TableName": "table"})
    return rebuild.take_out(stack, cast("Ledger", _Ledger()), [ChangedItem(tenant_id="acme", log_id="1")], export)


def test_an_item_is_on_the_disk_before_it_is_deleted(tmp_path: Path) -> None:
    """A kill between the two leaves it in both places, never in neither."""
    table = _Table(_item("forged"), tmp_path / "kept")
    with private.opened(tmp_path / "kept", anew=True) as export:
        assert _take_out(table, export) == 1
    assert table.item is None
    assert b'"forged"' in table.kept_at_deletion


def test_an_item_that_has_become_another_is_left(tmp_path: Path) -> None:
    """Between the look and the deletion somebody has put it right, or forged it anew."""
    table = _Table(_item("forged"), tmp_path / "kept")
    table.becomes = _item("what was sent")
    with private.opened(tmp_path / "kept", anew=True) as export:
        assert _take_out(table, export) == 0
    assert table.item == _item("what was sent")
