"""Whose request it is and what it may do, from its API key or from the token that API Gateway verified. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

import msgspec

from ingest.access.presented import presented_key
from ingest.contract.errors import Rejected
from ingest.contract.message import TenantId

Scope = Literal["write", "read"]

WRITE: Final[Scope] = "write"
READ: Final[Scope] = "read"

_SCOPE_CLAIMS: Final = ("scope", "scp")
_PREFIX: Final = "rdp/"  # Cognito allows no scope without the name of a resource server before it.


class Principal(NamedTuple):
    """Who sends: a tenant, what it may do, and the id of its API key (not the key; "" for a token)."""

    tenant_id: str
    scopes: frozenset[str]
    key_id: str = ""


class Credentials(NamedTuple):
    """The parts of a request that may hold its key. Header names are lower case; see `presented_key`."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    parameters: Mapping[str, str]


def principal_of(
    event: Mapping[str, Any],
    credentials: Credentials,
    *,
    scope: Scope,
    authentication: Literal["api_key", "jwt"],
    jwt_tenant_claim: str,
    find_key: Callable[[str], Principal],
) -> Principal:
    """Return whose request it is, if it has the scope. `find_key` is `Keys.find`.

    Raises:
        Rejected: `missing_credentials`, `unknown_credentials` or `credentials_unchecked` for an API key;
            `tenant_forbidden` if the token names no valid tenant; `forbidden_scope` if the scope is missing.
    """
    if authentication == "api_key":
        principal = find_key(presented_key(*credentials))
    else:
        principal = of_token(event, jwt_tenant_claim)
    if scope not in principal.scopes:
        raise Rejected("forbidden_scope")
    return principal


def of_token(event: Mapping[str, Any], tenant_claim: str) -> Principal:
    """Return the principal of the token that API Gateway's JWT authorizer let in.

    A token without a scope claim may write, as before there were scopes, and may not read.

    Raises:
        Rejected: `tenant_forbidden` if the token names no valid tenant. That is so, too, if authentication is on and no
            authorizer is attached to the route: the request must not choose its tenant itself.
    """
    claims = ((event["requestContext"].get("authorizer") or {}).get("jwt") or {}).get("claims") or {}
    try:
        tenant_id: str = msgspec.convert(claims.get(tenant_claim), TenantId)
    except msgspec.ValidationError as error:
        raise Rejected("tenant_forbidden") from error
    stated = [claims[name] for name in _SCOPE_CLAIMS if name in claims]
    scopes = {scope.removeprefix(_PREFIX) for claim in stated for scope in _words(claim)}
    return Principal(tenant_id, frozenset(scopes if stated else {WRITE}))


def _words(claim: Any) -> list[str]:
    """Return the words of a claim. API Gateway passes a list on as the text `[a b]`."""
    if isinstance(claim, list):
        return [word for word in claim if isinstance(word, str)]
    return claim.strip("[]").replace(",", " ").split() if isinstance(claim, str) else []
