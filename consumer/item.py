"""The table's item: its key and attributes, a log made into one, and how both stand in DynamoDB. Pure.

Whoever writes or reads the table has its names from here.
"""

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import msgspec

from consumer.attributes import attribute_value
from consumer.redact import Redactor
from ingest.contract.message import InternalMessage, Source

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
]
"""The names of an item's attributes: `Item`'s members (a test compares the two)."""

TENANT_ID: Final[Attribute] = "tenant_id"
"""The partition key, on which a tenant's role may read (IAM's `dynamodb:LeadingKeys`)."""

LOG_ID: Final[Attribute] = "log_id"
"""The sort key."""

_DAY_S: Final = 86_400


class Key(NamedTuple):
    """What makes an item one of its kind."""

    tenant_id: str
    log_id: str


class Item(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stored log. Times are RFC 3339; `expires_at` is DynamoDB's TTL, in s since the epoch.

    An attribute that is None is not in the table.
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

    @property
    def key(self) -> Key:
        """Its primary key."""
        return Key(self.tenant_id, self.log_id)


_NAMES: Final[tuple[Attribute, ...]] = Item.__struct_fields__  # type: ignore[assignment] # a test holds it


def build(
    message: InternalMessage, *, received_ms: int, redactor: Redactor, processed_at: str, retention_days: int
) -> Item:
    """Return the table's item for a log.

    `expires_at` counts from `received_at`, not from the processing: retention is about the age of a tenant's data, and
    a table that is rebuilt from the stream gets the same value again.
    """
    return Item(
        tenant_id=message.tenant_id,
        log_id=message.log_id,
        source=message.source,
        original_text=message.text,
        modified_data=redactor.text(message.text),
        received_at=message.received_at,
        processed_at=processed_at,
        redaction_version=redactor.version,
        fields=redactor.fields(message.fields) if message.fields else None,
        expires_at=received_ms // 1000 + retention_days * _DAY_S if retention_days > 0 else None,
    )


def attributes(item: Item) -> "dict[str, AttributeValueTypeDef]":
    """Return the item as DynamoDB holds it."""
    return {
        name: {"S": value} if isinstance(value, str) else attribute_value(value)  # Nearly all are text.
        for name in _NAMES
        if (value := getattr(item, name)) is not None
    }


def key_attributes(key: Key) -> "dict[str, AttributeValueTypeDef]":
    """Return an item's key as DynamoDB's calls name it."""
    return {TENANT_ID: {"S": key.tenant_id}, LOG_ID: {"S": key.log_id}}


def key_of(attributes: "Mapping[str, AttributeValueTypeDef]") -> Key:
    """Return the key in what DynamoDB gave."""
    return Key(string(attributes, TENANT_ID), string(attributes, LOG_ID))


def string(attributes: "Mapping[str, AttributeValueTypeDef]", name: Attribute) -> str:
    """Return an attribute that is text, of what DynamoDB gave.

    Raises:
        KeyError: it is not there, or no text: another program wrote the item.
    """
    return attributes[name]["S"]


def projection(*names: Attribute) -> str:
    """Return the ProjectionExpression of these attributes."""
    return ", ".join(names)


class OfTenant(NamedTuple):
    """A Query's condition: the items of one tenant, whole partition and nothing else."""

    condition: str
    values: "dict[str, AttributeValueTypeDef]"


def of_tenant(tenant_id: str) -> OfTenant:
    """Return KeyConditionExpression and ExpressionAttributeValues of a tenant's items."""
    return OfTenant(f"{TENANT_ID} = :tenant_id", {":tenant_id": {"S": tenant_id}})
