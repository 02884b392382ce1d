"""Tombstones of erased logs: how the table holds them, and which logs they cover. Pure.

A tenant's tombstone covers the logs received up to a time. A log's tombstone covers every log with its id, for ever.
All tombstones are in one partition, which can hold no tenant's logs. A log has a second tombstone under the log's own
key, where the consumer's conditional insert finds it.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from consumer.item import LOG_ID, TENANT_ID, Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

TOMBSTONES: Final = "!erased"
"""The partition key of all tombstones. No tenant's id begins like this (`TENANT_ID_PATTERN`)."""

ERASED_AT: Final = "erased_at"
"""An attribute that only tombstones have: when the erasure was requested, as RFC 3339 (in `TENANTS`: the last one)."""

TENANTS: Final = Key(TOMBSTONES, "tenants")
"""The item with the tombstones of all tenants, two attributes per tenant. The consumer reads it."""

_OF_TENANT: Final = "t:"  # A prefix, because a tenant's id may equal another attribute's name.
_ASKED_FOR: Final = "a:"
_SEPARATOR: Final = " "  # In no tenant's id and no sender's log id.


class Subject(NamedTuple):
    """What one erasure is about: a tenant's logs received at or before `until` (RFC 3339), or one log id of it."""

    tenant_id: str
    log_id: str | None
    until: str

    def covers(self, tenant_id: str, log_id: str, received_at: str) -> bool:
        """Say whether this erasure covers a log; `log_id` is the id that the log arrived with."""
        if tenant_id != self.tenant_id:
            return False
        return received_at <= self.until if self.log_id is None else log_id == self.log_id


class Erasures(NamedTuple):
    """Every tombstone: the time up to which each tenant's logs are erased, and the keys of the erased logs."""

    tenants: Mapping[str, str]
    logs: frozenset[Key]

    def covers(self, tenant_id: str, log_id: str, received_at: str) -> bool:
        """Say whether a log was erased; `log_id` is the id that the log arrived with. Times compare as texts."""
        return received_at <= self.tenants.get(tenant_id, "") or Key(tenant_id, log_id) in self.logs


NONE: Final = Erasures({}, frozenset())


def is_tombstone(attributes: Mapping[str, Any]) -> bool:
    """Say whether an item of DynamoDB is a tombstone and not a log."""
    return ERASED_AT in attributes


def listed(key: Key) -> Key:
    """Return the key of a log's tombstone in the partition of all tombstones."""
    return Key(TOMBSTONES, f"{key.tenant_id}{_SEPARATOR}{key.log_id}")


def tenant_attribute(tenant_id: str) -> str:
    """Return the name of a tenant's attribute in the item `TENANTS`: up to which time its logs are erased."""
    return f"{_OF_TENANT}{tenant_id}"


def asked_attribute(tenant_id: str) -> str:
    """Return the name of the attribute in the item `TENANTS` that says when that erasure was requested."""
    return f"{_ASKED_FOR}{tenant_id}"


def tenants_of(attributes: "Mapping[str, AttributeValueTypeDef]") -> dict[str, str]:
    """Return the tenants in the item `TENANTS`, each with the time up to which its logs are erased."""
    return {
        name.removeprefix(_OF_TENANT): value["S"] for name, value in attributes.items() if name.startswith(_OF_TENANT)
    }


def erasures_of(items: "Iterable[Mapping[str, AttributeValueTypeDef]]") -> Erasures:
    """Return the erasures that the items of the tombstones' partition record."""
    tenants: dict[str, str] = {}
    logs: set[Key] = set()
    for attributes in items:
        log_id = attributes[LOG_ID]["S"]
        if Key(attributes[TENANT_ID]["S"], log_id) == TENANTS:
            tenants = tenants_of(attributes)
        else:
            logs.add(Key(*log_id.split(_SEPARATOR, 1)))
    return Erasures(tenants, frozenset(logs))
