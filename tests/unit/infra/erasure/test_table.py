"""The table's part of an erasure: which rows are meant, how many a call, and what is told of a refusal."""

from typing import Any, cast

import pytest

from consumer.erasures import Subject
from consumer.insert import MAX_STATEMENTS
from consumer.item import Key
from infra.erasure import table
from tests.faults.erase_world import Erasable
from tests.faults.world import REFUSED_TEXT, TABLE_NAME

_UNTIL = "2025-11-24T15:59:00.000Z"
_LATER = "2025-11-24T15:59:00.001Z"


def _table(*rows: tuple[str, str, str]) -> Any:
    dynamodb = Erasable(TABLE_NAME, refused_text=REFUSED_TEXT)
    for tenant, log_id, at in rows:
        dynamodb.items[tenant, log_id] = {
            "tenant_id": {"S": tenant},
            "log_id": {"S": log_id},
            "received_at": {"S": at},
        } | ({"conflict_of": {"S": log_id.partition(" ")[0]}} if " " in log_id else {})
    return dynamodb


def test_a_tenants_rows_up_to_the_time_are_deleted() -> None:
    """In calls of as many as one takes; what came later stays, and so does a log's tombstone."""
    rows = [("acme", f"log-{number:03}", _UNTIL) for number in range(MAX_STATEMENTS + 1)]
    dynamodb = _table(*rows, ("acme", "log-000 0a1b", _UNTIL), ("acme", "later", _LATER), ("blue", "log-000", _UNTIL))
    table.mark(dynamodb, TABLE_NAME, Subject("acme", "tomb", ""), at=_UNTIL)
    assert table.delete(dynamodb, TABLE_NAME, Subject("acme", None, _UNTIL)) == (MAX_STATEMENTS + 2, 1)
    assert set(dynamodb.items) == {("acme", "later"), ("blue", "log-000"), ("acme", "tomb"), ("!erased", "acme tomb")}


def test_a_log_goes_with_what_stands_beside_it_and_no_other() -> None:
    """Ids that begin alike are other logs. Its own row is counted where the tombstone takes its place, and once."""
    dynamodb = _table(*(("acme", log_id, _UNTIL) for log_id in ("log", "log 0a1b", "log-1", "log.2 0a1b", "lo")))
    subject = Subject("acme", "log", "")
    assert [row.key for page in table.rows(dynamodb, TABLE_NAME, subject) for row in page] == [
        Key("acme", "log"),
        Key("acme", "log 0a1b"),
    ]
    assert [table.mark(dynamodb, TABLE_NAME, subject, at=_UNTIL) for _ in range(2)] == [1, 0]
    assert table.delete(dynamodb, TABLE_NAME, subject) == (1, 1)
    assert {log_id for tenant, log_id in dynamodb.items if tenant == "acme"} == {"log", "log-1", "log.2 0a1b", "lo"}
    assert "erased_at" in dynamodb.items["acme", "log"]


def test_of_ids_that_begin_alike_none_is_read_but_the_logs_own() -> None:
    """A thousand of them cost nothing."""
    read: list[str] = []

    class Read(Erasable):
        def query(self, **asked: Any) -> dict[str, Any]:
            answer = super().query(**asked)
            read.extend(item["log_id"]["S"] for item in answer["Items"])
            return answer

    dynamodb: Any = Read(TABLE_NAME, refused_text=REFUSED_TEXT)
    dynamodb.items = _table(*(("acme", log_id, _UNTIL) for log_id in ("log", "log 0a1b", "log-1", "log.2 0a1b"))).items
    assert sum(map(len, table.rows(dynamodb, TABLE_NAME, Subject("acme", "log", "")))) == 2
    assert read == ["log", "log 0a1b"]


def test_a_tenants_tombstone_never_goes_back() -> None:
    """An older erasure that comes late leaves the later time, and another tenant's alone."""
    dynamodb = _table()
    for tenant, until in (("acme", _LATER), ("acme", _UNTIL), ("blue", _UNTIL)):
        table.mark(dynamodb, TABLE_NAME, Subject(tenant, None, until), at=until)
    item = dynamodb.items["!erased", "tenants"]
    assert (item["t:acme"], item["t:blue"]) == ({"S": _LATER}, {"S": _UNTIL})


def test_a_row_that_is_not_deleted_is_told() -> None:
    """Throttled, it stays: who calls again goes on."""
    dynamodb = _table(("acme", "log", _UNTIL))
    throttled = {"Responses": [{"Error": {"Code": "ThrottlingError"}}]}

    class Throttled:
        def get_paginator(self, operation: str) -> Any:
            return dynamodb.get_paginator(operation)

        def batch_execute_statement(self, **_: Any) -> Any:
            return throttled

    with pytest.raises(table.RefusedError, match="ThrottlingError"):
        table.delete(cast("Any", Throttled()), TABLE_NAME, Subject("acme", None, _UNTIL))
