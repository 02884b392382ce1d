"""A log as the table's item, and the items of a call. Pure."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from consumer.attributes import attribute_value
from consumer.redact import Redactor
from ingest.aws import packing
from ingest.contract.message import InternalMessage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import BatchStatementRequestTypeDef

MAX_STATEMENTS: Final = 25
"""Statements a BatchExecuteStatement call (API reference, November 2026)."""

MAX_CALL_BYTES: Final = 16 * 1024 * 1024 // 6
"""Bytes of rows, as UTF-8 JSON, a call. The API reference names no size for BatchExecuteStatement; BatchWriteItem, with
the same 25, takes 16 MB over the network, and 25 items of 400 KB can be more once botocore has written them as ASCII: a
byte becomes six at worst (`1,` is `{"N": "1"}, `; a letter of two bytes is `\\u00e9`). So a call is below 16 MB."""

_DAY_S: Final = 86_400

Row = dict[str, Any]
"""A table item as plain values: `tenant_id`, `log_id`, `source`, `original_text`, `modified_data`, `received_at`,
`processed_at`, `redaction_version`, and where they apply `fields` and `expires_at`."""

Key = tuple[str, str]


def build(
    message: InternalMessage, *, received_ms: int, redactor: Redactor, processed_at: str, retention_days: int
) -> Row:
    """Return the table's item for a log.

    `expires_at` (epoch s, DynamoDB's TTL) counts from `received_at`, not from the processing: retention is about the
    age of a tenant's data, and a table that is rebuilt from the stream gets the same value again.
    """
    row: Row = {
        "tenant_id": message.tenant_id,
        "log_id": message.log_id,
        "source": message.source,
        "original_text": message.text,
        "modified_data": redactor.text(message.text),
        "received_at": message.received_at,
        "processed_at": processed_at,
        "redaction_version": redactor.version,
    }
    if message.fields:
        row["fields"] = redactor.fields(message.fields)
    if retention_days > 0:
        row["expires_at"] = received_ms // 1000 + retention_days * _DAY_S
    return row


def key(row: Row) -> Key:
    """Return the row's primary key: tenant and log id."""
    return row["tenant_id"], row["log_id"]


def statement(table: str, row: Row) -> "BatchStatementRequestTypeDef":
    """Return the PartiQL INSERT of a row, its values as parameters."""
    names = ",".join(f"'{name}':?" for name in row)
    return {
        "Statement": f'INSERT INTO "{table}" VALUE {{{names}}}',
        "Parameters": [attribute_value(value) for value in row.values()],
    }


def calls(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Yield the rows' positions, in order, in groups that one call takes."""
    return packing.calls(
        range(len(rows)),
        lambda position: len(msgspec.json.encode(rows[position])),
        max_entries=MAX_STATEMENTS,
        max_bytes=MAX_CALL_BYTES,
    )
