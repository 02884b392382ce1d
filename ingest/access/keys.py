"""Which tenant an API key belongs to: one GetItem, kept in memory for a minute. Only with `Authentication=api_key`.

Keys stand in the table as SHA-256 hashes: 32 random bytes need no salt and no slow hash, and a table that leaks opens
nothing. In memory they stand as hashes, too. A revoked key works at most `KNOWN_S` longer.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple, Protocol

from ingest.access.principal import WRITE, Principal
from ingest.aws.refusal import refusal_of
from ingest.contract.errors import Rejected

KNOWN_S: Final = 60.0
UNKNOWN_S: Final = 10.0
"""How long a key is known, and how long one that is in no table: a new key soon works where it was tried before."""

MAX_KEPT: Final = 1_000
"""Of each kind: a flood of wrong keys takes no memory, and drives no right one out."""

_TRIES: Final = 2
_RETRY_AFTER_S: Final = 5


class GetsItems(Protocol):
    """`ingest.aws.clients.DynamoDb`, or boto3's client."""

    def get_item(self, **request: Any) -> Mapping[str, Any]:
        """Call GetItem."""


class _Kept(NamedTuple):
    principal: Principal | None
    until_s: float


class Keys:
    """The table's keys, as far as they were asked for. Not for several threads at once."""

    def __init__(self, client: GetsItems, table_name: str, *, monotonic: Callable[[], float]) -> None:
        """Keep nothing yet; `monotonic` is a clock in seconds."""
        self._client = client
        self._table_name = table_name
        self._monotonic = monotonic
        self._known: dict[str, _Kept] = {}
        self._unknown: dict[str, _Kept] = {}

    def find(self, key: str) -> Principal:
        """Return whose the key is.

        Raises:
            Rejected: `unknown_credentials`; `credentials_unchecked`, the table does not answer: nobody is let in.
        """
        item_id = access_id(key)
        now_s = self._monotonic()
        kept = self._known.get(item_id) or self._unknown.get(item_id)
        if kept is None or kept.until_s <= now_s:
            kept = self._look_up(item_id, now_s)
        if kept.principal is None:
            raise Rejected("unknown_credentials")
        return kept.principal

    def _look_up(self, item_id: str, now_s: float) -> _Kept:
        item = self._item(item_id)
        for kept_before in (self._known, self._unknown):
            kept_before.pop(item_id, None)
        if item is None:
            kept, among = _Kept(None, now_s + UNKNOWN_S), self._unknown
        else:
            principal = Principal(item["tenant_id"]["S"], scopes_of(item), item["key_id"]["S"])
            kept, among = _Kept(principal, now_s + KNOWN_S), self._known
        if len(among) >= MAX_KEPT:
            del among[next(iter(among))]  # The one that was looked up longest ago.
        among[item_id] = kept
        return kept

    def _item(self, item_id: str) -> Mapping[str, Any] | None:
        for left in reversed(range(_TRIES)):
            try:
                found = self._client.get_item(TableName=self._table_name, Key={"id": {"S": item_id}})
            except Exception as error:
                refusal = refusal_of(error)
                if refusal is None:
                    raise
                if not left:
                    raise Rejected("credentials_unchecked", _RETRY_AFTER_S) from error
            else:
                return found.get("Item")
        raise AssertionError  # Not reached.


def access_id(key: str) -> str:
    """Return the id under which the table holds an API key."""
    return f"key#{sha256(key.encode()).hexdigest()}"


def scopes_of(item: Mapping[str, Any]) -> frozenset[str]:
    """Return what the key of this item may do: one from before there were scopes writes."""
    return frozenset(item.get("scopes", {}).get("SS", (WRITE,)))
