"""Reads the whole table: by a Scan in parallel segments, or by a Query for each tenant if tenants are named."""

import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Queue
from typing import TYPE_CHECKING, Final, NamedTuple

from consumer.erasures import ERASED_AT, is_tombstone
from consumer.item import CONFLICT_OF, LOG_ID, TENANT_ID, of_tenant, projection, sent_log_id, string

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

SEGMENTS: Final = 4
"""Scan segments read at a time; a page is at most 1 MB (Scan API reference), so memory stays at a few MB."""

_ATTRIBUTES: Final = f"{projection(TENANT_ID, LOG_ID, CONFLICT_OF, 'received_at', 'original_text')}, {ERASED_AT}"


class AuditedItem(NamedTuple):
    """What the audit needs of one stored log. `log_id` is the one that was sent, for a conflict too."""

    tenant_id: str
    log_id: str
    received_at: str
    text: str
    is_conflict: bool


def read_items(client: "DynamoDBClient", table_name: str, tenants: Sequence[str] = ()) -> Iterator[list[AuditedItem]]:
    """Yield the table's logs page by page, in no order; only those of `tenants` if any are given.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: the table cannot be read.
    """
    if tenants:
        for tenant_id in tenants:
            yield from _query(client, table_name, tenant_id)
        return
    yield from _scan(client, table_name)


def _query(client: "DynamoDBClient", table_name: str, tenant_id: str) -> Iterator[list[AuditedItem]]:
    for page in client.get_paginator("query").paginate(
        TableName=table_name,
        KeyConditionExpression=of_tenant(tenant_id).condition,
        ExpressionAttributeValues=of_tenant(tenant_id).values,
        ProjectionExpression=_ATTRIBUTES,
        ConsistentRead=True,
    ):
        yield _logs(page["Items"])


def _scan(client: "DynamoDBClient", table_name: str) -> Iterator[list[AuditedItem]]:
    done: Final = None
    pages: Queue[list[AuditedItem] | BaseException | None] = Queue(maxsize=SEGMENTS)
    stop = threading.Event()
    threads = [
        threading.Thread(target=_scan_segment, args=(client, table_name, segment, pages.put, stop), daemon=True)
        for segment in range(SEGMENTS)
    ]
    for thread in threads:
        thread.start()
    running = len(threads)
    try:
        while running:
            page = pages.get()
            if page is done:
                running -= 1
            elif isinstance(page, BaseException):
                raise page
            else:
                yield page
    finally:
        stop.set()
        while any(thread.is_alive() for thread in threads):
            while not pages.empty():
                pages.get_nowait()
            for thread in threads:
                thread.join(0.05)


def _scan_segment(
    client: "DynamoDBClient",
    table_name: str,
    segment: int,
    put: Callable[[list[AuditedItem] | BaseException | None], None],
    stop: threading.Event,
) -> None:
    try:
        for page in client.get_paginator("scan").paginate(
            TableName=table_name,
            ProjectionExpression=_ATTRIBUTES,
            ConsistentRead=True,
            Segment=segment,
            TotalSegments=SEGMENTS,
        ):
            put(_logs(page["Items"]))
            if stop.is_set():
                return
        put(None)
    except Exception as error:  # noqa: BLE001 - handed to the thread that reads the pages, which raises it
        put(error)


def _logs(found: "Sequence[dict[str, AttributeValueTypeDef]]") -> list[AuditedItem]:
    return [_item(attributes) for attributes in found if not is_tombstone(attributes)]


def _item(attributes: "dict[str, AttributeValueTypeDef]") -> AuditedItem:
    return AuditedItem(
        string(attributes, TENANT_ID),
        sent_log_id(attributes),
        string(attributes, "received_at"),
        string(attributes, "original_text"),
        "conflict_of" in attributes,
    )
