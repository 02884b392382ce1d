"""Which tenant an API key belongs to: one GetItem, kept in memory for a minute. Only with `Authentication=api_key`.

The table and the memory hold keys as SHA-256 hashes, so that a leaked table opens nothing. A key is 32 random bytes,
which need no salt and no slow hash. A revoked key works for at most `KNOWN_S` longer.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple, Protocol

from ingest.access.principal import WRITE, Principal
from ingest.aws.refusal import refusal_of
from ingest.contract.errors import Rejected

KNOWN_S: Final = 60.0
UNKNOWN_S: Final = 10.0
"""How long an answer is kept: `KNOWN_S` for a key that the table has, `UNKNOWN_S` for one that it does not have.

A key that was tried before it was made works after at most `UNKNOWN_S`."""

MAX_KEPT: Final = 1_000
"""Known keys kept, and unknown keys kept: a flood of wrong keys fills no memory and pushes out no valid key."""

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
    """The API keys that were looked up, kept for a while. Not for several threads at once."""

    def __init__(self, client: GetsItems, table_name: str, *, monotonic: Callable[[], float]) -> None:
        """Start with no key. `monotonic` is a clock in seconds."""
        self._client = client
        self._table_name = table_name
        self._monotonic = monotonic
        self._known: dict[str, _Kept] = {}
        self._unknown: dict[str, _Kept] = {}

    def find(self, key: str) -> Principal:
        """Return the principal that the key belongs to.

        Raises:
            Rejected: `unknown_credentials`; `credentials_unchecked` if the table does not answer, because no key is
                accepted unchecked.
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
    """Return the scopes of this item's key. A key made before there were scopes may write."""
    return frozenset(item.get("scopes", {}).get("SS", (WRITE,)))
