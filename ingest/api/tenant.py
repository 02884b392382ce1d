"""Which tenant a log belongs to: record, path, headers, query and credentials must agree. Pure."""

from functools import lru_cache
from typing import Any, Final

from ingest.api.convert import checked
from ingest.api.request import Request
from ingest.contract.errors import Rejected
from ingest.contract.message import TenantId

_TENANT_HEADERS: Final = ("x-tenant-id", "x-scope-orgid")


def of_request(request: Request, principal: str | None) -> str | None:
    """Return the tenant that the request names, `principal` (the credentials' tenant) included, or None.

    Raises:
        Rejected: `invalid_tenant`, `tenant_mismatch`, or `tenant_forbidden` if it is not the principal.
    """
    tenant_id = principal
    if request.parameters:
        tenant_id = agreed(request.parameters.get("tenant"), tenant_id, principal)
    for name in _TENANT_HEADERS:
        stated = request.headers.get(name)
        if stated:
            tenant_id = agreed(stated.strip(), tenant_id, principal)
    return agreed(request.query.get("tenant_id"), tenant_id, principal) if request.query else tenant_id


def agreed(stated: Any, default: str | None, principal: str | None) -> str | None:
    """Return the tenant on which `stated` (from the client, of any type) and `default` agree; None when neither is one.

    Raises:
        Rejected: as `of_request`.
    """
    if stated is None or stated == "":
        return default
    if stated == default:
        return default
    tenant_id = _tenant_id(stated) if isinstance(stated, str) else checked(stated, TenantId, "invalid_tenant")
    if default is not None:
        raise Rejected("tenant_forbidden" if principal else "tenant_mismatch")
    return tenant_id


@lru_cache(maxsize=1024)  # Caches valid names only: no result is cached when it raises.
def _tenant_id(stated: str) -> str:
    tenant_id: str = checked(stated, TenantId, "invalid_tenant")
    return tenant_id
