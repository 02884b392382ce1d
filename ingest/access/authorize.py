"""Lambda entry of the API-key authorizer: which tenant a key belongs to. Deployed only with `Authentication=api_key`.

Keys stand in the table as SHA-256 hashes: 32 random bytes need no salt and no slow hash, and a table that leaks opens
nothing. API Gateway keeps an answer for the authorizer's TTL (60 s), so a revoked key works at most that much longer.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple, Protocol

from ingest.access.principal import access_id, presented_key
from ingest.aws import clients
from ingest.contract.metrics import log_line


class GetsItems(Protocol):
    """`ingest.aws.clients.DynamoDb`, or boto3's client."""

    def get_item(self, **request: Any) -> Mapping[str, Any]:
        """Call GetItem."""


class Outside(NamedTuple):
    """What the authorizer touches."""

    dynamodb: GetsItems
    table_name: str
    write_line: Callable[[str], object]


def authorize(event: Mapping[str, Any], outside: Outside) -> dict[str, Any]:
    """Return API Gateway's simple authorizer response (payload format 2.0), with the tenant in its context.

    Raises:
        Exception: the table does not answer. API Gateway then answers 500, and lets nobody in.
    """
    key = presented_key(event.get("headers") or {})
    found = outside.dynamodb.get_item(TableName=outside.table_name, Key={"id": {"S": access_id(key)}}) if key else {}
    item = found.get("Item")
    if item is None:
        outside.write_line(log_line("warning", "key_refused", {"request_id": event["requestContext"]["requestId"]}))
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": {"tenant_id": item["tenant_id"]["S"], "key_id": item["key_id"]["S"]}}


@cache
def _outside() -> Outside:
    return Outside(
        clients.dynamodb(os.environ, read_timeout_s=2.0), os.environ["ACCESS_TABLE_NAME"], partial(print, flush=True)
    )


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the authorizer's response to API Gateway's event."""
    return authorize(event, _outside())


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # In Lambda, while it initialises; a test imports this without AWS.
    _outside()
