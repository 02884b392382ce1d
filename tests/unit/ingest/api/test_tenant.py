"""The tenant of a log: where it may be given, and which values are refused."""

import pytest

from tests.unit.ingest.api.parsing import reason_of, record_with
from tests.unit.ingest.fakes import only, parsed


@pytest.mark.parametrize(
    ("record", "tenant_header", "scope", "query"),
    [
        ("acme", None, None, None),
        (None, "acme", None, None),
        (None, None, "acme", None),
        (None, None, None, "acme"),
        ("acme", "acme", "acme", "acme"),
        (None, " acme ", None, "acme"),
        ("", "acme", None, None),
        ("acme", "", "", ""),
    ],
)
def test_tenant_may_stand_in_the_record_the_headers_or_the_query(
    record: str | None, tenant_header: str | None, scope: str | None, query: str | None
) -> None:
    """The tenant may be in any place, or in several that agree; an empty one counts as absent."""
    headers = {} if scope is None else {"x-scope-orgid": scope}
    found = parsed(
        record_with() if record is None else record_with(tenant_id=record),
        tenant_id=tenant_header,
        headers=headers,
        query={} if query is None else {"tenant_id": query},
    )
    assert only(found).tenant_id == "acme"


@pytest.mark.parametrize(
    ("record", "headers", "query"),
    [
        ("a", {"x-tenant-id": "b"}, None),
        ("a", {"x-scope-orgid": "b"}, None),
        ("a", {}, "b"),
        (None, {"x-tenant-id": "a", "x-scope-orgid": "b"}, None),
        (None, {"x-tenant-id": "a"}, "b"),
        (None, {"x-scope-orgid": "a"}, "b"),
        ("a", {"x-tenant-id": "a", "x-scope-orgid": "a"}, "b"),
        ("A", {"x-tenant-id": "a"}, None),
    ],
)
def test_tenant_mismatch(record: str | None, headers: dict[str, str], query: str | None) -> None:
    """Two places that name different tenants are refused, whichever they are; tenants are case-sensitive."""
    given_query = {} if query is None else {"tenant_id": query}
    assert (
        reason_of(record_with(tenant_id=record), tenant_id=None, headers=headers, query=given_query)
        == "tenant_mismatch"
    )
    if record is None:
        assert reason_of(b"x", "text/plain", tenant_id=None, headers=headers, query=given_query) == "tenant_mismatch"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (record_with(), "application/json"),
        (record_with(tenant_id=""), "application/json"),
        (record_with(tenant_id=None), "application/json"),
        (b'"hello"', "application/json"),
        (b"hello", "text/plain"),
    ],
)
@pytest.mark.parametrize("header", [None, "", "  "])
def test_missing_tenant(body: bytes, content_type: str, header: str | None) -> None:
    """A log without a tenant, or with an empty or blank one, is refused."""
    assert reason_of(body, content_type, tenant_id=header) == "missing_tenant"


_BAD_TENANTS = [
    "a b/../c#",
    "../acme",
    "a,b",
    "acme,acme",
    "a" * 65,
    "-acme",
    ".acme",
    "_acme",
    "acmé",
    "ac\x00me",
    "acme\n",
    "a/b",
    "a:b",
    "\uff41cme",
]


@pytest.mark.parametrize("tenant_id", [*_BAD_TENANTS, 7, 0, 1.5, True, False, ["acme"], {"id": "acme"}, []])
def test_invalid_tenant(tenant_id: object) -> None:
    """A tenant outside the pattern, or of another type than text, is refused."""
    assert reason_of(record_with(tenant_id=tenant_id), tenant_id=None) == "invalid_tenant"


@pytest.mark.parametrize("tenant_id", [tenant for tenant in _BAD_TENANTS if tenant != "acme\n"])
def test_invalid_tenant_in_header_scope_and_query(tenant_id: str) -> None:
    """The tenant's pattern is checked in each place; duplicate headers arrive joined by a comma."""
    assert reason_of(b"hello", "text/plain", tenant_id=tenant_id) == "invalid_tenant"
    assert reason_of(b"hello", "text/plain", tenant_id=None, headers={"x-scope-orgid": tenant_id}) == "invalid_tenant"
    assert reason_of(b"hello", "text/plain", tenant_id=None, query={"tenant_id": tenant_id}) == "invalid_tenant"


@pytest.mark.parametrize("tenant_id", ["a", "A" * 64, "0", "a.b_c-D9"])
def test_valid_tenants(tenant_id: str) -> None:
    """The extreme values that the pattern allows are accepted."""
    assert only(parsed(record_with(tenant_id=tenant_id), tenant_id=None)).tenant_id == tenant_id
