"""Lambda entry of the API-key authorizer: which tenant a key belongs to. Deployed only with `Authentication=api_key`.

Keys stand in the table as SHA-256 hashes: 32 random bytes need no salt and no slow hash, and a table that leaks opens
nothing. API Gateway keeps an answer for the authorizer's TTL (60 s), so a revoked key works at most that much longer.
"""

import os
from typing import Any

from ingest.access.principal import access_id, presented_key
from ingest.aws import client as aws
from ingest.contract.metrics import log_line

_table = os.environ["ACCESS_TABLE_NAME"]
_dynamodb = aws.client(aws.DYNAMODB, os.environ, read_timeout_s=2.0)


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return API Gateway's simple authorizer response (payload format 2.0), with the tenant in its context."""
    key = presented_key(event.get("headers") or {})
    item = _dynamodb.get_item(TableName=_table, Key={"id": {"S": access_id(key)}}).get("Item") if key else None
    if item is None:
        print(log_line("warning", "key_refused", {"request_id": event["requestContext"]["requestId"]}), flush=True)  # noqa: T201 - Lambda's log is its standard output
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": {"tenant_id": item["tenant_id"]["S"], "key_id": item["key_id"]["S"]}}
