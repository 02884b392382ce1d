"""Lambda entry of the API-key authorizer: which tenant a key belongs to. Deployed only with `Authentication=api_key`.

Keys stand in the table as SHA-256 hashes: 32 random bytes need no salt and no slow hash, and a table that leaks opens
nothing. API Gateway keeps an answer for the authorizer's TTL (60 s), so a revoked key works at most that much longer.
"""

import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from ingest import aws
from ingest.metrics import log_line

KEY_HEADER: Final = "x-api-key"

_table = os.environ["ACCESS_TABLE_NAME"]
_dynamodb = aws.client(aws.DYNAMODB, os.environ, read_timeout_s=2.0)


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return API Gateway's simple authorizer response (payload format 2.0), with the tenant in its context."""
    key = presented_key(event.get("headers") or {})
    item = _dynamodb.get_item(TableName=_table, Key={"id": {"S": item_id(key)}}).get("Item") if key else None
    if item is None:
        print(log_line("warning", "key_refused", {"request_id": event["requestContext"]["requestId"]}), flush=True)  # noqa: T201 - Lambda's log is its standard output
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": {"tenant_id": item["tenant_id"]["S"], "key_id": item["key_id"]["S"]}}


def presented_key(headers: Mapping[str, str]) -> str:
    """Return the key of `X-Api-Key` or of `Authorization: Bearer`, or "" when there is none."""
    lower = {name.lower(): value for name, value in headers.items()}
    scheme, _, token = lower.get("authorization", "").partition(" ")
    return lower.get(KEY_HEADER, "").strip() or (token.strip() if scheme.lower() == "bearer" else "")


def item_id(key: str) -> str:
    """Return the id under which the table holds an API key."""
    return f"key#{sha256(key.encode()).hexdigest()}"
