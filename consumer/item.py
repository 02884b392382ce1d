"""The table's item: its key and attributes, how a log becomes an item, and how DynamoDB holds it. Pure.

All code that writes or reads the table takes the names from here.
"""

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec
from msgspec.structs import astuple, replace

from consumer.attributes import attribute_value, plain_value
from consumer.redact import Redactor
from consumer.timestamps import rfc3339
from ingest.contract.log_ids import arrival
from ingest.contract.log_ids import received_ms as generated_at_ms
from ingest.contract.message import InternalMessage, Severity, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

Attribute = Literal[
    "tenant_id",
    "log_id",
    "source",
    "original_text",
    "modified_data",
    "received_at",
    "processed_at",
    "redaction_version",
    "fields",
    "expires_at",
    "event_at",
    "severity",
    "arrived_at",
    "late_at",
    "conflict_of",
]
"""The names of an item's attributes: `Item`'s members (a test compares the two)."""

TENANT_ID: Final[Attribute] = "tenant_id"
"""The partition key, on which a tenant's role may read (IAM's `dynamodb:LeadingKeys`)."""

LOG_ID: Final[Attribute] = "log_id"
"""The sort key."""

OF_STORING: Final = frozenset[str]({"processed_at", "late_at"})
"""The attributes that say when an item was stored. A rebuild changes only these."""

CONFLICT_OF: Final[Attribute] = "conflict_of"
"""The log's own log id, if another text was stored under that id first. Other items do not have this attribute."""

LATE_AFTER_S: Final = 10
"""A log that is stored later than this after its receipt is marked with `late_at`, by which followers find it."""

_DAY_S: Final = 86_400


class Key(NamedTuple):
    """An item's primary key."""

    tenant_id: str
    log_id: str


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stored log. Times are RFC 3339; `expires_at` is DynamoDB's TTL, in s since the epoch.

    `arrived_at` is set only if `log_id` does not say when and in which place the log arrived. `late_at` is set only if
    the log was stored late. Each of them puts the item into an index. `conflict_of` is the log id that the log arrived
    with, if another text has it. An attribute that is None is not in the table.
    """

    tenant_id: str
    log_id: str
    source: Source
    original_text: str
    modified_data: str
    received_at: str
    processed_at: str
    redaction_version: str
    fields: dict[str, Any] | None = None
    expires_at: int | None = None
    event_at: str | None = None
    severity: Severity | None = None
    arrived_at: str | None = None
    late_at: str | None = None
    conflict_of: str | None = None

    @property
    def key(self) -> Key:
        """Its primary key."""
        return Key(self.tenant_id, self.log_id)


_NAMES: Final[tuple[Attribute, ...]] = Item.__struct_fields__  # type: ignore[assignment] # a test checks it


def build(
    message: InternalMessage,
    *,
    received_ms: int,
    redactor: Redactor,
    processed_at: str,
    retention_days: int,
    redacted: str | None = None,
) -> Item:
    """Return the table's item for a log. `redacted` is its text as the redactor gives it, if that is known.

    `expires_at` counts from `received_at`, not from the processing: retention is about the age of a tenant's data, and
    a table that is rebuilt from the stream gets the same value again.
    """
    return Item(
        tenant_id=message.tenant_id,
        log_id=message.log_id,
        source=message.source,
        original_text=message.text,
        modified_data=redactor.text(message.text) if redacted is None else redacted,
        received_at=message.received_at,
        processed_at=processed_at,
        redaction_version=redactor.version,
        fields=redactor.fields(message.fields) if message.fields else None,
        expires_at=received_ms // 1000 + retention_days * _DAY_S if retention_days > 0 else None,
        event_at=message.event_at,
        severity=message.severity,
        arrived_at=message.arrived_at,
    )


def marked(item: Item, now_ms: int) -> Item:
    """Return the item as it is stored at `now_ms`: with `late_at` if that is late."""
    # Compared as text, which sorts like the time: `received_at` has the form that `rfc3339` gives.
    late = item.received_at < rfc3339(now_ms - LATE_AFTER_S * 1000)
    return replace(item, late_at=rfc3339(now_ms)) if late else item


def beside(item: Item) -> Item:
    """Return the item for a log whose log id another text has: it is stored beside that text's item.

    It keeps the log's arrival time, even if only a generated log id held it, so that readers by time find both items.
    """
    generated = generated_at_ms(item.log_id) is not None
    return replace(
        item,
        log_id=beside_id(item.log_id, item.original_text),
        conflict_of=item.log_id,
        arrived_at=item.arrived_at or (arrival(item.log_id) if generated else None),
    )


def beside_id(log_id: str, text: str) -> str:
    """Return the sort key for a text whose log id another text has.

    The key depends only on the log id and the text, so that any number of deliveries, from the queue or a rebuild,
    make one item. No sender's log id holds a space (`LOG_ID_PATTERN`), so the key never equals another log's.
    """
    return f"{log_id} {blake2b(text.encode(), digest_size=16).hexdigest()}"


def sent_log_id(attributes: "Mapping[str, Any]") -> str:
    """Return the log id that an item's log arrived with; `attributes` are DynamoDB's `log_id` and `conflict_of`."""
    return string(attributes, CONFLICT_OF if CONFLICT_OF in attributes else LOG_ID)


def attributes(item: Item) -> "dict[str, AttributeValueTypeDef]":
    """Return the item as DynamoDB holds it."""
    return {
        name: {"S": value} if isinstance(value, str) else attribute_value(value)  # Nearly all are text.
        for name, value in zip(_NAMES, astuple(item), strict=True)
        if value is not None
    }


def read(attributes: "Mapping[str, AttributeValueTypeDef]") -> Item:
    """Return the `Item` that DynamoDB's attributes hold.

    Raises:
        msgspec.ValidationError, TypeError: the item is not one of ours, or is incomplete.
    """
    return msgspec.convert({name: plain_value(value) for name, value in attributes.items()}, Item)


def key_attributes(key: Key) -> "dict[str, AttributeValueTypeDef]":
    """Return an item's key as DynamoDB's calls name it."""
    return {TENANT_ID: {"S": key.tenant_id}, LOG_ID: {"S": key.log_id}}


def key_of(attributes: "Mapping[str, AttributeValueTypeDef]") -> Key:
    """Return the key of an item of DynamoDB."""
    return Key(string(attributes, TENANT_ID), string(attributes, LOG_ID))


def string(attributes: "Mapping[str, AttributeValueTypeDef]", name: Attribute) -> str:
    """Return a text attribute of an item of DynamoDB.

    Raises:
        KeyError: the attribute is missing or is not text: another program wrote the item.
    """
    return attributes[name]["S"]


def projection(*names: Attribute) -> str:
    """Return the ProjectionExpression of these attributes."""
    return ", ".join(names)


class OfTenant(NamedTuple):
    """A Query's condition for one tenant's items: the tenant's whole partition and nothing else."""

    condition: str
    values: "dict[str, AttributeValueTypeDef]"


def of_tenant(tenant_id: str) -> OfTenant:
    """Return KeyConditionExpression and ExpressionAttributeValues of a tenant's items."""
    return OfTenant(f"{TENANT_ID} = :tenant_id", {":tenant_id": {"S": tenant_id}})
