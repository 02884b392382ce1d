"""The tenant that the API's authorizer vouches for, when the stack has one. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ingest.errors import Rejected
from ingest.message import TenantId


def tenant_of(event: Mapping[str, Any], *, jwt_claim: str) -> str:
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
