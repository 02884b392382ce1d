"""Whose request it is, when the stack has an authorizer: the key presented, and the tenant vouched for. Pure."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from ingest.contract.errors import Rejected
from ingest.contract.message import TenantId

_KEY_HEADER: Final = "x-api-key"


def tenant_of(event: Mapping[str, Any], jwt_claim: str) -> str:
    """Return the tenant of the API key (Lambda authorizer) or of the token's `jwt_claim` (JWT authorizer).

    Raises:
        Rejected: `tenant_forbidden`, the authorizer names no valid tenant. Authorization that is switched on and not
            wired to the route ends here too, and never in a request that names its tenant itself.
    """
    authorizer = event["requestContext"].get("authorizer") or {}
    vouched = (authorizer.get("lambda") or {}).get("tenant_id")
    if vouched is None:
        vouched = ((authorizer.get("jwt") or {}).get("claims") or {}).get(jwt_claim)
    try:
        return msgspec.convert(vouched, TenantId)
    except msgspec.ValidationError as error:
        raise Rejected("tenant_forbidden") from error


def presented_key(headers: Mapping[str, str]) -> str:
    """Return the API key that the request presents in `X-Api-Key`, or "" when there is none."""
    return next((value.strip() for name, value in headers.items() if name.lower() == _KEY_HEADER), "")


def access_id(key: str) -> str:
    """Return the id under which the table holds an API key."""
    return f"key#{sha256(key.encode()).hexdigest()}"
