"""`GET /logs` with a token: API Gateway's authorizer lets it in, its claims say whose logs, and whether it may read."""

from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_authentication import Issuer, issuer

if TYPE_CHECKING:
    from tests.e2e.conftest import Answer, Eventually, LocalStack, StartStack

__all__ = ["issuer"]  # A fixture, which pytest finds here.


@pytest.fixture(scope="module")
def stack(start_stack: "StartStack", issuer: Issuer) -> "LocalStack":
    """Give a stack that trusts the issuer."""
    return start_stack(
        {"Authentication": "jwt", "JwtIssuer": issuer.url, "JwtAudience": "rdp", "JwtTenantClaim": "org"}
    )


def test_a_token_reads_its_tenant_s_logs(
    stack: "LocalStack",
    issuer: Issuer,
    eventually: "Eventually",
) -> None:
    """With the scope `read`, redacted, and no other tenant's; one that writes, without a scope, or none does not."""

    def bearer(**claims: object) -> dict[str, str]:
        return {"Authorization": f"Bearer {issuer.token(**claims)}"}

    def read(headers: dict[str, str]) -> "Answer":
        return stack.request("GET", "/logs", headers=headers)

    for tenant in ("acme", "acme2"):
        sent = stack.post_json({"text": f"of {tenant}, call 555-0199"}, bearer(org=tenant, scope="write"))
        assert sent.status == 202
        eventually(lambda tenant=tenant: stack.rows(tenant))
    answer = read(bearer(org="acme", scope="read"))
    assert (answer.status, [log["text"] for log in answer.body["logs"]]) == (200, ["of acme, call [REDACTED]"])
    assert read(bearer(org="acme", scp=["openid", "rdp/read"])).status == 200
    for claims in ({"org": "acme", "scope": "write"}, {"org": "acme"}, {"org": "acme", "scope": "reader"}):
        refused = read(bearer(**claims))
        assert (refused.status, refused.body["reason"]) == (403, "forbidden_scope")
    foreign = read(bearer(org="acme", scope="read") | {"X-Tenant-ID": "acme2"})
    assert (foreign.status, foreign.body["reason"]) == (403, "tenant_forbidden")
    assert read(bearer(scope="read")).status == 403
    assert read({}).status == read(bearer(org="acme", scope="read", aud="else")).status == 401
    assert read(bearer(org="acme", scope="read", exp=1)).status == 401
