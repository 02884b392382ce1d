"""Erases in the table: writes tombstones, deletes rows, and searches for rows that should be gone. Never by a Scan."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from consumer.erasures import ERASED_AT, TENANTS, Subject, asked_attribute, is_tombstone, listed, tenant_attribute
from consumer.insert import MAX_STATEMENTS
from consumer.item import (
    CONFLICT_OF,
    LOG_ID,
    TENANT_ID,
    Key,
    key_attributes,
    key_of,
    of_tenant,
    projection,
    sent_log_id,
    string,
)
from consumer.query.table import BY_ARRIVAL, BY_LATE
from consumer.timestamps import rfc3339
from infra.stack import Stack
from ingest.contract.log_ids import received_ms

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTRIBUTES: Final = f"{projection(TENANT_ID, LOG_ID, CONFLICT_OF, 'received_at')}, {ERASED_AT}"
_CONDITION_FAILED: Final = frozenset({"ConditionalCheckFailed", "ConditionalCheckFailedException"})


class Row(NamedTuple):
    """A row to erase. `is_conflict`: another row already had its log id, so it is stored beside that one."""

    key: Key
    received_at: str
    is_conflict: bool


class RefusedError(Exception):
    """DynamoDB did not delete a row. The text says why; called again, the erasure continues."""


def mark(client: "DynamoDBClient", table_name: str, subject: Subject, *, at: str) -> int:
    """Write the tombstones: from here on none of the subject's logs is stored, replayed, rebuilt or synced again.

    Return how many rows this replaced: a log's tombstone takes the place of the log's own row.

    A tenant's tombstone never moves back in time, even when two people erase at once. A log gets two: first the one
    that replays and syncs read, then one under the log's own key, where the consumer's conditional insert meets it.
    """
    if subject.log_id is None:
        try:
            client.update_item(
                TableName=table_name,
                Key=key_attributes(TENANTS),
                UpdateExpression=f"SET #tenant = :until, #asked = :at, {ERASED_AT} = :at",
                ConditionExpression="attribute_not_exists(#tenant) OR #tenant < :until",
                ExpressionAttributeNames={
                    "#tenant": tenant_attribute(subject.tenant_id),
                    "#asked": asked_attribute(subject.tenant_id),
                },
                ExpressionAttributeValues={":until": {"S": subject.until}, ":at": {"S": at}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _CONDITION_FAILED:
                raise
        return 0
    key = Key(subject.tenant_id, subject.log_id)
    replaced = 0
    for place in (listed(key), key):
        old = client.put_item(
            TableName=table_name, Item={**key_attributes(place), ERASED_AT: {"S": at}}, ReturnValues="ALL_OLD"
        ).get("Attributes", {})
        replaced += LOG_ID in old and not is_tombstone(old)
    return replaced


def rows(client: "DynamoDBClient", table_name: str, subject: Subject) -> Iterator[Sequence[Row]]:
    """Yield the rows to erase, page by page: by a Query of the tenant, or of the log id and of its conflicts.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: the table cannot be read.
    """
    for condition, values in _conditions(subject):
        for page in client.get_paginator("query").paginate(
            TableName=table_name,
            ProjectionExpression=_ATTRIBUTES,
            ConsistentRead=True,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
        ):
            yield [_row(attributes) for attributes in page["Items"] if _is_meant(attributes, subject)]


def _conditions(subject: Subject) -> Iterator[tuple[str, Any]]:
    """Yield the conditions of the Queries. A conflict's key is the log id, a space and more; no other key begins so."""
    condition, values = of_tenant(subject.tenant_id)
    if subject.log_id is None:
        yield condition, values
        return
    yield f"{condition} AND {LOG_ID} = :log_id", {**values, ":log_id": {"S": subject.log_id}}
    yield f"{condition} AND begins_with({LOG_ID}, :log_id)", {**values, ":log_id": {"S": f"{subject.log_id} "}}


def delete(
    client: "DynamoDBClient", table_name: str, subject: Subject, *, tell: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """Delete the rows to erase; return how many, and how many of them were conflicts.

    A row stays if its key has meanwhile come to hold a log that was received at another time.

    Raises:
        RefusedError: DynamoDB did not delete a row.
    """
    deleted = conflicts = 0
    for page in rows(client, table_name, subject):
        for start in range(0, len(page), MAX_STATEMENTS):
            call = page[start : start + MAX_STATEMENTS]
            answers = client.batch_execute_statement(Statements=[_deletion(table_name, row) for row in call])
            codes = [answer.get("Error", {}).get("Code") for answer in answers["Responses"]]
            if left := {code for code in codes if code and code not in _CONDITION_FAILED}:
                raise RefusedError(f"DynamoDB did not delete all rows: {', '.join(sorted(left))}. Run it again.")
            deleted += sum(code is None for code in codes)
            conflicts += sum(code is None and row.is_conflict for row, code in zip(call, codes, strict=True))
            tell(deleted)
    return deleted, conflicts


def find(stack: Stack, subject: Subject) -> Iterator[str]:
    """Yield where rows to erase are still found: in the table, and in its indexes."""
    client, table_name = stack.place.dynamodb, stack.table_name
    found = [row for page in rows(client, table_name, subject) for row in page]
    if found:
        yield f"{len(found)} rows in the table {table_name}"
    condition = of_tenant(subject.tenant_id)
    for index in (BY_ARRIVAL, BY_LATE):
        pages = client.get_paginator("query").paginate(
            TableName=table_name,
            IndexName=index,
            KeyConditionExpression=condition.condition,
            ExpressionAttributeValues=condition.values,
        )
        keys = [key for page in pages for key in page["Items"] if _is_indexed(key, subject)]
        if keys:
            yield f"{len(keys)} keys in the index {index}"


def _is_indexed(attributes: Mapping[str, Any], subject: Subject) -> bool:
    """Say whether an index entry is of a log to erase.

    An entry has no `received_at`. `arrived_at` contains it, and `late_at` is never earlier.
    """
    if subject.log_id is not None:
        log_id = string(attributes, LOG_ID)
        return log_id == subject.log_id or log_id.startswith(f"{subject.log_id} ")
    if "arrived_at" in attributes:
        at_ms = received_ms(string(attributes, "arrived_at"))
        return at_ms is not None and rfc3339(at_ms) <= subject.until
    return string(attributes, "late_at") <= subject.until  # Stored by then, so received before.


def _is_meant(attributes: Mapping[str, Any], subject: Subject) -> bool:
    if is_tombstone(attributes):
        return False
    return subject.covers(subject.tenant_id, sent_log_id(attributes), string(attributes, "received_at"))


def _row(attributes: Mapping[str, Any]) -> Row:
    return Row(key_of(attributes), string(attributes, "received_at"), CONFLICT_OF in attributes)


def _deletion(table_name: str, row: Row) -> Any:
    where = f'DELETE FROM "{table_name}" WHERE {TENANT_ID}=? AND {LOG_ID}=? AND received_at=?'  # noqa: S608 - the stack's own name
    return {"Statement": where, "Parameters": [{"S": value} for value in (*row.key, row.received_at)]}
