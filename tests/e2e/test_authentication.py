"""Authentication and quotas on the engine: who gets in, as which tenant, and how much of it."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from infra import access

if TYPE_CHECKING:
    from tests.e2e.conftest import Answer, Eventually, LocalStack, StartStack

_QUOTA: Final = 5


@pytest.fixture(scope="module")
def keyed(start_stack: "StartStack") -> "LocalStack":
    """Give a stack that asks for API keys and lets each tenant send 5 logs a minute."""
    return start_stack({"Authentication": "api_key", "TenantLogsPerMinute": str(_QUOTA)})


def _post(stack: "LocalStack", key: str | None, record: dict[str, Any]) -> "Answer":
    return stack.post_json(record, {} if key is None else {"X-Api-Key": key})


def test_a_key_sends_as_its_tenant(keyed: "LocalStack", eventually: "Eventually") -> None:
    """A request that names no tenant is the key's tenant's."""
    _, key = access.create(keyed.stack, "acme", "")
    answer = _post(keyed, key, {"text": "call 555-0199", "log_id": "a"})
    assert (answer.status, answer.body["tenant_id"]) == (202, "acme")
    assert eventually(lambda: keyed.row("acme", "a"))["modified_data"] == {"S": "call [REDACTED]"}


def test_another_tenant_is_forbidden(keyed: "LocalStack") -> None:
    """A key of one tenant opens nothing of another, wherever the request names it."""
    _, key = access.create(keyed.stack, "mine", "")
    answer = _post(keyed, key, {"text": "x", "tenant_id": "other", "log_id": "a"})
    assert (answer.status, answer.body["reason"]) == (403, "tenant_forbidden")
    assert keyed.row("other", "a") is None


def test_no_key_and_wrong_keys_are_refused_by_the_gateway(keyed: "LocalStack") -> None:
    """Without a key 401, with an unknown or revoked one 403; ingest is never reached. Health stays open."""
    key, text = access.create(keyed.stack, "gone", "")
    access.revoke(keyed.stack, key.key_id)
    assert _post(keyed, None, {"text": "x", "tenant_id": "acme"}).status == 401
    assert _post(keyed, "rdp_nobody", {"text": "x", "tenant_id": "acme"}).status == 403
    assert _post(keyed, text, {"text": "x", "tenant_id": "gone"}).status == 403
    assert keyed.request("GET", "/health").status == 200


def test_the_quota_holds_and_says_when_it_ends(keyed: "LocalStack") -> None:
    """In each minute of the clock at most the quota is taken; the next log gets a 429 with its Retry-After."""
    _, key = access.create(keyed.stack, "busy", "")
    first_minute, accepted = time.time() // 60, 0
    while (answer := _post(keyed, key, {"text": "x", "log_id": str(accepted)})).status == 202:
        accepted += 1
        assert accepted <= _QUOTA * (time.time() // 60 - first_minute + 1)
    assert answer.status == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    larger = keyed.post_json([{"text": "x"}] * (_QUOTA + 1), {"X-Api-Key": key})
    assert (larger.status, larger.body["reason"]) == (413, "larger_than_quota")


class Issuer:
    """An OpenID issuer on loopback with one RSA key."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self._key.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        jwk = {"kid": "k", "kty": "RSA", "alg": "RS256", "use": "sig"}
        jwk |= {"n": _b64(numbers.n.to_bytes(size)), "e": _b64(numbers.e.to_bytes(3))}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # http.server's name
                discovery = {"jwks_uri": f"http://{self.headers['Host']}/jwks"}
                body = json.dumps({"keys": [jwk]} if self.path == "/jwks" else discovery).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def token(self, **claims: Any) -> str:
        """Return a signed token for the audience `rdp`, valid for an hour."""
        payload = {"iss": self.url, "aud": "rdp", "exp": int(time.time()) + 3600} | claims
        signed = f"{_b64(json.dumps({'alg': 'RS256', 'kid': 'k'}).encode())}.{_b64(json.dumps(payload).encode())}"
        return f"{signed}.{_b64(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """Run the issuer."""
    made = Issuer()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_token_sends_as_its_claims_tenant(start_stack: "StartStack", issuer: Issuer) -> None:
    """With a JWT authorizer the claim names the tenant; any other is a 403, no or a foreign token a 401."""
    stack = start_stack(
        {"Authentication": "jwt", "JwtIssuer": issuer.url, "JwtAudience": "rdp", "JwtTenantClaim": "org"}
    )

    def post(token: str, record: dict[str, Any]) -> "Answer":
        return stack.post_json(record, {"Authorization": f"Bearer {token}"} if token else {})

    sent = post(issuer.token(org="acme"), {"text": "x"})
    assert (sent.status, sent.body["tenant_id"]) == (202, "acme")
    forbidden = post(issuer.token(org="acme"), {"text": "x", "tenant_id": "other"})
    assert (forbidden.status, forbidden.body["reason"]) == (403, "tenant_forbidden")
    nameless = post(issuer.token(), {"text": "x", "tenant_id": "acme"})
    assert (nameless.status, nameless.body["reason"]) == (403, "tenant_forbidden")
    assert post("", {"text": "x", "tenant_id": "acme"}).status == 401
    assert post(issuer.token(org="acme", aud="else"), {"text": "x"}).status == 401
    assert post(issuer.token(org="acme", exp=1), {"text": "x"}).status == 401
