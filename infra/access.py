"""Creates, lists and revokes the API keys of a stack with `Authentication=api_key`. The table keeps hashes only."""

import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec
from botocore.exceptions import ClientError

from infra.stack import Stack, StackError
from ingest.access.keys import access_id, scopes_of
from ingest.access.principal import WRITE, Scope
from ingest.contract.message import TENANT_ID_FORM, TenantId

_TEXTS: Final = ("key_id", "tenant_id", "created_at", "note")


_UNTAKEN: Final = {
    "jwt": "This stack was deployed with Authentication=jwt: it takes only tokens of its issuer. "
    "To use API keys, deploy it with --param Authentication=api_key.",
    "none": "This stack takes everybody's logs, with any key or none (Authentication=none). Give everybody the "
    "keys first, then set Authentication=api_key: `rdp up` on this machine, `rdp deploy` on AWS, with --param. Until "
    "then a key names no tenant: send X-Tenant-ID as before.",
}


class ApiKey(NamedTuple):
    """A key without its secret, as in the table. `created_at` is RFC 3339; `scopes` say what the key may do."""

    key_id: str
    tenant_id: str
    created_at: str
    note: str
    scopes: tuple[str, ...]


def create(stack: Stack, tenant_id: str, note: str, scopes: Collection[Scope] = (WRITE,)) -> tuple[ApiKey, str]:
    """Store a new key of the tenant; return it and its text, which is not stored and cannot be shown again.

    Raises:
        StackError: the stack takes no keys, or `tenant_id` is no tenant id.
    """
    if authentication(stack) == "jwt":  # With "none" keys can be made ahead, for the day when the stack asks for them.
        raise StackError(f"No key was created: it would open nothing. {_UNTAKEN['jwt']}")
    try:
        msgspec.convert(tenant_id, TenantId)
    except msgspec.ValidationError as error:
        raise StackError(f"{tenant_id!r} is not a tenant id. {TENANT_ID_FORM}") from error
    created_at = datetime.now(UTC).isoformat(timespec="seconds")
    key = ApiKey(secrets.token_hex(4), tenant_id, created_at, note, tuple(sorted(scopes)))
    text = f"rdp_{key.key_id}_{secrets.token_urlsafe(32)}"
    stack.place.dynamodb.put_item(
        TableName=_table_name(stack),
        Item={
            "id": {"S": access_id(text)},
            **{name: {"S": getattr(key, name)} for name in _TEXTS},
            "scopes": {"SS": key.scopes},
        },
        ConditionExpression="attribute_not_exists(id)",
    )
    return key, text


def keys(stack: Stack, tenant_id: str | None = None) -> list[ApiKey]:
    """Return the keys of a tenant, or all keys, the oldest first.

    Raises:
        StackError: the stack has no keys.
    """
    found = [key for _, key in _scan(stack) if tenant_id is None or key.tenant_id == tenant_id]
    return sorted(found, key=lambda key: (key.created_at, key.key_id))


def revoke(stack: Stack, key_id: str) -> ApiKey:
    """Delete a key and return it.

    Raises:
        StackError: the stack has no keys, or no key with this id.
    """
    for item_id, key in _scan(stack):
        if key.key_id == key_id:
            stack.place.dynamodb.delete_item(TableName=_table_name(stack), Key={"id": {"S": item_id}})
            return key
    raise StackError(
        f"There is no key with the id {key_id!r}. Give the id that `rdp keys list` shows, not the key itself."
    )


def authentication(stack: Stack) -> str | None:
    """Return the value of Authentication that the stack's ingest function has: "none", "api_key" or "jwt".

    None if the function's settings cannot be read. A stack of an older version names no ingest function.
    """
    if "IngestFunctionName" not in stack.outputs:
        return None
    try:
        ingest = stack.place.lambda_.get_function_configuration(FunctionName=stack.outputs["IngestFunctionName"])
    except ClientError:
        return None
    return ingest.get("Environment", {}).get("Variables", {}).get("AUTHENTICATION")


def why_untaken(stack: Stack) -> str:
    """Return why the stack takes no API keys now, and what to do; "" if it takes them, or if nobody can say."""
    return _UNTAKEN.get(authentication(stack) or "", "")


def source_of_a_key(stack: Stack) -> str:
    """Return where a sender gets what the stack asks for, an API key or a token; "" if it asks for nothing."""
    sources = {"jwt": "a token of your issuer", "api_key": "from `rdp keys create --tenant acme`"}
    return sources.get(authentication(stack) or "", "")


def _scan(stack: Stack) -> list[tuple[str, ApiKey]]:
    pages = stack.place.dynamodb.get_paginator("scan").paginate(
        TableName=_table_name(stack),
        FilterExpression="begins_with(id, :key)",
        ExpressionAttributeValues={":key": {"S": "key#"}},
        ConsistentRead=True,
    )
    return [(item["id"]["S"], _key(item)) for page in pages for item in page["Items"]]


def _key(item: Mapping[str, Any]) -> ApiKey:
    key_id, tenant_id, created_at, note = (item[name]["S"] for name in _TEXTS)
    return ApiKey(key_id, tenant_id, created_at, note, tuple(sorted(scopes_of(item))))


def _table_name(stack: Stack) -> str:
    name = stack.outputs.get("AccessTableName")
    if not name:
        raise StackError(
            "This stack names no table of API keys: it was deployed by an older version with Authentication=none, and "
            "everybody may send. Deploy it again, and create keys then."
        )
    return name
