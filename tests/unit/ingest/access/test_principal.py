"""The tenant of a request: from its API key, or from the claims of API Gateway's JWT authorizer."""

from typing import Any, Literal

import pytest

from ingest.access.principal import Credentials, Principal, Scope, of_token, principal_of
from ingest.api.dialects.plain import DIALECT
from ingest.api.parse import parse
from ingest.api.request import Request
from ingest.contract.errors import Rejected

_NOTHING = Credentials({}, {}, {})


def _event(authorizer: Any) -> dict[str, Any]:
    return {"requestContext": {"authorizer": authorizer}}


def _token(**claims: Any) -> dict[str, Any]:
    return _event({"jwt": {"claims": claims, "scopes": None}})


def _sender(
    event: Any, scope: Scope = "write", authentication: Literal["api_key", "jwt"] = "jwt", key: str = ""
) -> Principal:
    keys = {"k": Principal("acme", frozenset({"write"}), "id"), "r": Principal("acme", frozenset({"read"}), "id")}
    return principal_of(
        event,
        Credentials({"x-api-key": key}, {}, {}) if key else _NOTHING,
        scope=scope,
        authentication=authentication,
        jwt_tenant_claim="tenant_id",
        find_key=keys.__getitem__,
    )


def test_claims_name_the_tenant_under_the_claim_of_the_settings() -> None:
    """The tenant is read from the claim that the settings name, since issuers name it differently."""
    event = _token(**{"custom:org": "acme", "tenant_id": "x"})
    assert of_token(event, "custom:org").tenant_id == "acme"
    assert of_token(event, "tenant_id").tenant_id == "x"


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({}, {"write"}),
        ({"scope": ""}, set()),
        ({"scope": "openid profile"}, {"openid", "profile"}),
        ({"scope": "write"}, {"write"}),
        ({"scope": "read  write"}, {"read", "write"}),
        ({"scp": ["read", "write", 7]}, {"read", "write"}),
        ({"scp": "[read write]"}, {"read", "write"}),
        ({"scp": "[read, write]"}, {"read", "write"}),
        ({"scope": "openid", "scp": "read"}, {"openid", "read"}),
        ({"scope": "rdp/read rdp/write"}, {"read", "write"}),
        ({"scope": "billing/read"}, {"billing/read"}),
        ({"scope": 7}, set()),
        ({"scope": None}, set()),
    ],
)
def test_scopes_of_a_token(claims: dict[str, Any], scopes: set[str]) -> None:
    """Scopes are a text or a list, in `scope` or `scp`; a token without either claim may write but not read."""
    assert of_token(_token(tenant_id="acme", **claims), "tenant_id") == Principal("acme", frozenset(scopes))


@pytest.mark.parametrize(
    "authorizer",
    [
        None,
        {},
        {"jwt": None},
        {"jwt": {"claims": None}},
        {"jwt": {"claims": {}}},
        {"jwt": {"claims": {"tenant_id": ""}}},
        {"jwt": {"claims": {"tenant_id": "a b"}}},
        {"jwt": {"claims": {"tenant_id": 7}}},
        {"jwt": {"claims": {"tenant_id": "[a b]"}}},
        {"lambda": {"tenant_id": "acme"}},
    ],
)
def test_tenant_forbidden_without_a_voucher(authorizer: Any) -> None:
    """If the authorizer gives no valid tenant, the request is refused, whatever tenant the client names."""
    with pytest.raises(Rejected, match="tenant_forbidden"):
        _sender(_event(authorizer))


def test_event_without_authorizer_is_forbidden() -> None:
    """A route without an authorizer refuses each request: it is not open to everybody by mistake."""
    with pytest.raises(Rejected, match="tenant_forbidden"):
        _sender({"requestContext": {}})


def test_claims_open_nothing_where_keys_are_asked_for() -> None:
    """A stack that asks for keys accepts no token, and one that asks for tokens accepts no key."""
    with pytest.raises(Rejected, match="missing_credentials"):
        _sender(_token(tenant_id="acme"), authentication="api_key")
    with pytest.raises(Rejected, match="tenant_forbidden"):
        _sender(_event(None), authentication="jwt", key="k")


def test_forbidden_scope() -> None:
    """A key or token with only the scope `read` cannot write, and one with only `write` cannot read."""
    event = _event(None)
    assert _sender(event, "write", "api_key", "k").key_id == "id"
    assert _sender(event, "read", "api_key", "r").tenant_id == "acme"
    for scope, authentication, key, claims in (
        ("read", "api_key", "k", {}),
        ("write", "api_key", "r", {}),
        ("read", "jwt", "", {}),
        ("read", "jwt", "", {"scope": "write"}),
        ("write", "jwt", "", {"scope": "read"}),
    ):
        with pytest.raises(Rejected) as caught:
            _sender(_token(tenant_id="acme", **claims), scope, authentication, key)  # type: ignore[arg-type] # a table
        assert (caught.value.reason, caught.value.status) == ("forbidden_scope", 403)


def _parse(body: str, **headers: str) -> list[str]:
    request = Request({"content-type": "application/json"} | headers, {}, body.encode())
    parsed = parse(request, DIALECT, received_at="2026-11-24T00:00:00.000Z", log_id_at=lambda _: "x", principal="acme")
    return [message.tenant_id for message in parsed.messages]


def test_principal_is_the_tenant_of_what_names_none() -> None:
    """Records that name no tenant or the principal's own belong to the principal's tenant."""
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
    """A request that names another tenant anywhere is refused whole with 403."""
    with pytest.raises(Rejected) as caught:
        _parse(body, **headers)
    assert (caught.value.reason, caught.value.status) == ("tenant_forbidden", 403)
