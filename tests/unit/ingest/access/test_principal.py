"""The tenant that the authorizer vouches for."""

from typing import Any

import pytest

from ingest.access.principal import tenant_of
from ingest.api.dialects.plain import DIALECT
from ingest.api.parse import parse
from ingest.api.request import Request
from ingest.contract.errors import Rejected


def _event(authorizer: Any) -> dict[str, Any]:
    return {"requestContext": {"authorizer": authorizer}}


def test_tenant_of_an_api_key() -> None:
    """A Lambda authorizer's context names the tenant."""
    assert tenant_of(_event({"lambda": {"tenant_id": "acme"}}), "tenant_id") == "acme"


def test_tenant_of_a_token() -> None:
    """A JWT authorizer's claims name the tenant under the claim that the settings name."""
    event = _event({"jwt": {"claims": {"custom:tenant": "acme", "tenant_id": "other"}, "scopes": None}})
    assert tenant_of(event, "custom:tenant") == "acme"


@pytest.mark.parametrize(
    "authorizer",
    [
        None,
        {},
        {"lambda": None},
        {"lambda": {}},
        {"lambda": {"tenant_id": ""}},
        {"lambda": {"tenant_id": "a b"}},
        {"jwt": {"claims": {"tenant_id": 7}}},
        {"jwt": {"claims": {"sub": "acme"}}},
        {"iam": {"tenant_id": "acme"}},
    ],
)
def test_tenant_forbidden_without_a_voucher(authorizer: Any) -> None:
    """An authorizer that names no valid tenant opens nothing: never fall back to what the client says."""
    with pytest.raises(Rejected) as caught:
        tenant_of(_event(authorizer), "tenant_id")
    assert (caught.value.reason, caught.value.status) == ("tenant_forbidden", 403)


def test_event_without_authorizer_is_forbidden() -> None:
    """A route that authorization was forgotten on is closed, not public."""
    with pytest.raises(Rejected, match="tenant_forbidden"):
        tenant_of({"requestContext": {}}, "tenant_id")


def _parse(body: str, **headers: str) -> list[str]:
    request = Request({"content-type": "application/json"} | headers, {}, body.encode())
    parsed = parse(request, DIALECT, received_at="2026-11-24T00:00:00.000Z", log_id_at=lambda _: "x", principal="acme")
    return [message.tenant_id for message in parsed.messages]


def test_principal_is_the_tenant_of_what_names_none() -> None:
    """Records that name no tenant, and those that name the principal, are the principal's."""
    assert _parse('[{"text": "a"}, {"text": "b", "tenant_id": "acme"}, "c"]') == ["acme"] * 3


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ('{"text": "a", "tenant_id": "other"}', {}),
        ('[{"text": "a"}, {"text": "b", "tenant_id": "other"}]', {}),
        ('{"logs": ["a"], "tenant_id": "other"}', {}),
        ('{"text": "a"}', {"x-tenant-id": "other"}),
        ('{"text": "a"}', {"x-scope-orgid": "other"}),
    ],
)
def test_tenant_forbidden_wherever_another_is_named(body: str, headers: dict[str, str]) -> None:
    """Another tenant anywhere in the request refuses all of it with 403: nothing of it is taken."""
    with pytest.raises(Rejected) as caught:
        _parse(body, **headers)
    assert (caught.value.reason, caught.value.status) == ("tenant_forbidden", 403)
