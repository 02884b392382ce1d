"""The look-up of API keys in the table, and how long they stay in memory."""

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ingest.access.keys import KNOWN_S, MAX_KEPT, UNKNOWN_S, Keys
from ingest.access.principal import Principal
from ingest.contract.errors import Rejected
from tests.unit.ingest.fakes import Clock

_THROTTLED = ClientError({"Error": {"Code": "ThrottlingException"}}, "GetItem")


class Table:
    """The table of keys in memory: it answers as DynamoDB does, or fails with the next of `errors`."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.errors: list[Exception] = []
        self.asked = 0

    def add(self, key: str, tenant_id: str, *scopes: str) -> None:
        """Add a key, with scopes if any are given."""
        item: dict[str, Any] = {"tenant_id": {"S": tenant_id}, "key_id": {"S": f"id of {tenant_id}"}}
        digest = hashlib.sha256(key.encode()).hexdigest()
        self.items[f"key#{digest}"] = item | ({"scopes": {"SS": list(scopes)}} if scopes else {})

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Answer."""
        self.asked += 1
        assert request["TableName"] == "access"
        if self.errors:
            raise self.errors.pop(0)
        item = self.items.get(request["Key"]["id"]["S"])
        return {} if item is None else {"Item": item}


def _keys() -> tuple[Keys, Table, Clock]:
    table, clock = Table(), Clock()
    return Keys(table, "access", monotonic=clock.monotonic), table, clock


def test_a_key_is_its_tenants_with_its_scopes() -> None:
    """A key gives its tenant and the scopes in its item; a key from before there were scopes may write."""
    keys, table, _ = _keys()
    table.add("old", "acme")
    table.add("both", "globex", "read", "write")
    assert keys.find("old") == Principal("acme", frozenset({"write"}), "id of acme")
    assert keys.find("both") == Principal("globex", frozenset({"read", "write"}), "id of globex")


def test_unknown_credentials_of_a_key_in_no_table() -> None:
    """A key that is not in the table is refused as unknown."""
    keys, *_ = _keys()
    with pytest.raises(Rejected, match="unknown_credentials"):
        keys.find("nobody's")


def test_a_key_is_looked_up_once_a_minute() -> None:
    """A key stays in memory for a minute, so a revoked key works for at most that minute."""
    keys, table, clock = _keys()
    table.add("k", "acme")
    for _ in range(100):
        assert keys.find("k").tenant_id == "acme"
    assert table.asked == 1
    table.items.clear()
    clock.now_s += KNOWN_S - 1
    assert keys.find("k").tenant_id == "acme"
    clock.now_s += 1
    with pytest.raises(Rejected, match="unknown_credentials"):
        keys.find("k")
    assert table.asked == 2


def test_a_wrong_key_is_looked_up_once_in_ten_seconds() -> None:
    """An unknown key is looked up once in ten seconds, so a key made meanwhile soon works."""
    keys, table, clock = _keys()
    for _ in range(100):
        with pytest.raises(Rejected):
            keys.find("k")
    assert table.asked == 1
    table.add("k", "acme")
    clock.now_s += UNKNOWN_S
    assert keys.find("k").tenant_id == "acme"


def test_a_flood_of_wrong_keys_takes_no_memory_and_drives_out_no_right_one() -> None:
    """Known and unknown keys have separate caches, each of bounded size; the oldest entry is dropped first."""
    keys, table, _ = _keys()
    table.add("k", "acme")
    keys.find("k")
    for number in range(3 * MAX_KEPT):
        with pytest.raises(Rejected):
            keys.find(f"wrong {number}")
    asked = table.asked
    assert keys.find("k").tenant_id == "acme"
    with pytest.raises(Rejected):
        keys.find(f"wrong {3 * MAX_KEPT - 1}")
    assert table.asked == asked
    with pytest.raises(Rejected):
        keys.find("wrong 0")
    assert table.asked == asked + 1
    for number in range(MAX_KEPT):
        table.add(str(number), "many")
        keys.find(str(number))
    asked = table.asked
    keys.find("k")
    assert table.asked == asked + 1


def test_a_failure_is_tried_once_more() -> None:
    """A read that fails once, as by a throttle or a closed connection, is repeated."""
    keys, table, _ = _keys()
    table.add("k", "acme")
    table.errors = [ReadTimeoutError(endpoint_url="http://x")]
    assert keys.find("k").tenant_id == "acme"


def test_credentials_unchecked_let_nobody_in() -> None:
    """If the table fails, a key that is not in memory gets a 503 with Retry-After; one in memory still works."""
    keys, table, clock = _keys()
    table.add("k", "acme")
    keys.find("k")
    table.errors = [_THROTTLED] * 4
    with pytest.raises(Rejected) as caught:
        keys.find("other")
    assert (caught.value.reason, caught.value.status) == ("credentials_unchecked", 503)
    assert caught.value.retry_after_s == 5
    assert keys.find("k").tenant_id == "acme"
    clock.now_s += KNOWN_S
    with pytest.raises(Rejected, match="credentials_unchecked"):
        keys.find("k")
    assert keys.find("k").tenant_id == "acme"


def test_a_programming_error_is_no_refusal() -> None:
    """An exception that is not a failure of the table is raised to the caller."""
    keys, table, _ = _keys()
    table.errors = [KeyError("x")]
    with pytest.raises(KeyError):
        keys.find("k")
