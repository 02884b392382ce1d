"""Says whether a log that is not stored was erased: by which erasure, and when."""

from typing import TYPE_CHECKING, Any, NamedTuple

from consumer.erasures import ERASED_AT, TENANTS, Subject, asked_attribute, tenants_of
from consumer.item import Key, key_attributes, key_of
from consumer.timestamps import rfc3339

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ErasureOfLog(NamedTuple):
    """An erasure that covers a log. `asked_at` is RFC 3339; None for a tenant's tombstone that does not have it yet.

    `until` is the time up to which an erasure of the tenant took the logs; None for an erasure of this log id alone.
    `received_at` is None if nobody knows when the log was received: then the tenant's erasure took it only if it was
    received by `until`.
    """

    tenant_id: str
    asked_at: str | None
    until: str | None
    received_at: str | None

    @property
    def is_certain(self) -> bool:
        """Say whether it is known that this erasure covers the log."""
        return self.until is None or self.received_at is not None

    @property
    def sentence(self) -> str:
        """Return what happened, in a sentence or two."""
        if self.until is None:
            return f"It was erased: the erasure of this log id was requested at {self.asked_at}."
        when = f", requested at {self.asked_at}," if self.asked_at else ""
        took = f"an erasure of tenant {self.tenant_id!r}{when} took all its logs received until {self.until}"
        if self.received_at is None:
            return f"It may have been erased: {took}. The log id does not say when this log was received."
        return f"It was erased: {took}. By its id, this log was received at {self.received_at}."


def find(client: "DynamoDBClient", table_name: str, key: Key, received_ms: int | None) -> ErasureOfLog | None:
    """Return the erasure that covers a log, or may cover it; None if there is no such erasure.

    `received_ms` is when the log was received, in ms since the epoch, if that is known. A further text under a log id
    is erased with it: its key is the log id, a space and a digest.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: the table cannot be read.
    """
    own = Key(key.tenant_id, key.log_id.partition(" ")[0])
    request: Any = {table_name: {"Keys": [key_attributes(one) for one in (own, TENANTS)], "ConsistentRead": True}}
    found = {key_of(item): item for item in client.batch_get_item(RequestItems=request)["Responses"][table_name]}
    if asked := found.get(own, {}).get(ERASED_AT):
        return ErasureOfLog(key.tenant_id, asked["S"], None, None)
    tenants = found.get(TENANTS, {})
    until = tenants_of(tenants).get(key.tenant_id)
    received_at = None if received_ms is None else rfc3339(received_ms)
    if until is None or (received_at is not None and received_at > until):
        return None
    asked_at = tenants.get(asked_attribute(key.tenant_id), {}).get("S")
    return ErasureOfLog(key.tenant_id, asked_at, until, received_at)


def requested_at(client: "DynamoDBClient", table_name: str, subject: Subject) -> str | None:
    """Return when the erasure of the subject was requested (RFC 3339); None if no tombstone says it.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: the table cannot be read.
    """
    key = TENANTS if subject.log_id is None else Key(subject.tenant_id, subject.log_id)
    name = asked_attribute(subject.tenant_id) if subject.log_id is None else ERASED_AT
    item = client.get_item(TableName=table_name, Key=key_attributes(key), ConsistentRead=True).get("Item", {})
    return item.get(name, {}).get("S")


def why_absent(erasure: ErasureOfLog | None) -> str:
    """Return why a log may not be stored, for a person; `erasure` is what `find` returned."""
    if erasure is None:
        return (
            "It may be on its way (`rdp status`) or waiting for its next try, or dead-lettered (`rdp dlq list`). "
            "Check the tenant and the id, too. If it was stored before, `rdp audit` and `rdp rebuild` find lost rows."
        )
    if erasure.is_certain:
        return erasure.sentence
    return f"{erasure.sentence} Or it may be on its way (`rdp status`), or dead-lettered (`rdp dlq list`)."
