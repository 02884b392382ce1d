"""Authentication and quotas on the engine: who gets in, as which tenant, and how much of it."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
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
    """A request that names no tenant belongs to the key's tenant."""
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


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


_Form = Callable[[str], tuple[str, dict[str, str]]]

_FORMS: Final[dict[str, _Form]] = {
    "X-Api-Key": lambda key: ("/ingest", {"X-Api-Key": key}),
    "Bearer": lambda key: ("/ingest", {"Authorization": f"Bearer {key}"}),
    "Splunk": lambda key: ("/ingest", {"Authorization": f"Splunk {key}"}),
    "ApiKey": lambda key: ("/ingest", {"Authorization": f"ApiKey {base64.b64encode(f'id:{key}'.encode()).decode()}"}),
    "Basic, password": lambda key: ("/ingest", {"Authorization": _basic("acme", key)}),
    "Basic, user": lambda key: ("/ingest", {"Authorization": _basic(key, "")}),
    "DD-API-KEY": lambda key: ("/ingest", {"DD-API-KEY": key}),
    "Firehose": lambda key: ("/ingest", {"X-Amz-Firehose-Access-Key": key}),
    "New Relic": lambda key: ("/ingest", {"X-License-Key": key}),
    "Seq": lambda key: ("/ingest", {"X-Seq-ApiKey": key}),
    "query": lambda key: (f"/ingest?api_key={key}", {}),
    "path": lambda key: (f"/t/forms/k/{key}/ingest", {}),
    "tenant in the path": lambda key: ("/t/forms/ingest", {"X-Api-Key": key}),
}


@pytest.fixture(scope="module")
def forms_key(keyed: "LocalStack") -> str:
    """A key of the tenant `forms`."""
    return access.create(keyed.stack, "forms", "")[1]


@pytest.mark.parametrize("form", _FORMS.values(), ids=_FORMS)
def test_a_key_in_each_form(keyed: "LocalStack", forms_key: str, form: _Form) -> None:
    """Whatever a client can send lets it in as the key's tenant; the quota of the minute may be used up meanwhile."""
    path, headers = form(forms_key)
    answer = keyed.request("POST", path, b'{"text": "x"}', headers | {"Content-Type": "application/json"})
    assert answer.status in {202, 429}
    assert answer.body.get("tenant_id", "forms") == "forms"
    foreign = keyed.request("POST", path.replace("/forms/", "/other/"), b"x", headers | {"X-Tenant-ID": "other"})
    assert (foreign.status, foreign.body["reason"]) == (403, "tenant_forbidden")


def test_no_key_and_wrong_keys_are_refused(keyed: "LocalStack") -> None:
    """No, an unknown or a revoked key is a 401, one that only reads a 403, each with its reason. Health stays open."""
    key, text = access.create(keyed.stack, "gone", "")
    access.revoke(keyed.stack, key.key_id)
    _, reads = access.create(keyed.stack, "acme", "", {"read"})

    def refused(key: str | None) -> tuple[int, str]:
        answer = _post(keyed, key, {"text": "x", "log_id": "refused"})
        return answer.status, answer.body["reason"]

    assert refused(None) == (401, "missing_credentials")
    assert refused("rdp_nobody") == refused(text) == refused("a,b") == (401, "unknown_credentials")
    assert refused(reads) == (403, "forbidden_scope")
    assert keyed.row("acme", "refused") is None
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
    reads = post(issuer.token(org="acme", scope="read"), {"text": "x"})
    assert (reads.status, reads.body["reason"]) == (403, "forbidden_scope")
    assert post(issuer.token(org="acme", scope=["openid", "write"]), {"text": "x"}).status == 202
    nameless = post(issuer.token(), {"text": "x", "tenant_id": "acme"})
    assert (nameless.status, nameless.body["reason"]) == (403, "tenant_forbidden")
    assert post("", {"text": "x", "tenant_id": "acme"}).status == 401
    assert stack.request("POST", "/t/acme/ingest", b"x", {"Content-Type": "text/plain"}).status == 401
    assert stack.request("POST", "/", b"x").status == 401
    assert stack.request("GET", "/health").status == 200
    assert post(issuer.token(org="acme", aud="else"), {"text": "x"}).status == 401
    assert post(issuer.token(org="acme", exp=1), {"text": "x"}).status == 401
