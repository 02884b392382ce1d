"""Bad input over real HTTP gets a 4xx with its reason, and leaves nothing behind."""

import gzip
import json
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import LocalStack

_JSON: Final = {"Content-Type": "application/json"}
_TEXT: Final = {"Content-Type": "text/plain", "X-Tenant-ID": "bad"}
_NDJSON: Final = {"Content-Type": "application/x-ndjson", "X-Tenant-ID": "bad"}
_XML: Final = {"Content-Type": "application/xml", "X-Tenant-ID": "bad"}


def _log(**members: object) -> bytes:
    return json.dumps({"tenant_id": "bad", "text": "x"} | members).encode()


_CASES: Final = {
    "not JSON": (b"{nope", _JSON, 400, "invalid_json"),
    "a number": (b"7", _JSON, 400, None),
    "tenant of the wrong type": (_log(tenant_id=7), _JSON, 400, None),
    "no text": (b'{"tenant_id": "bad"}', _JSON, 400, "missing_text"),
    "empty text": (_log(text=""), _JSON, 400, "empty_text"),
    "empty plain text": (b"", _TEXT, 400, "empty_text"),
    "no tenant": (b'{"text": "x"}', _JSON, 400, "missing_tenant"),
    "no tenant header": (b"x", {"Content-Type": "text/plain"}, 400, "missing_tenant"),
    "tenant with a path": (_log(tenant_id="a b/../c#"), _JSON, 400, "invalid_tenant"),
    "two tenants in the header": (b"x", _TEXT | {"X-Tenant-ID": "a,b"}, 400, "invalid_tenant"),
    "tenant too long": (_log(tenant_id="t" * 65), _JSON, 400, "invalid_tenant"),
    "tenants that disagree": (_log(), _JSON | {"X-Tenant-ID": "other"}, 400, "tenant_mismatch"),
    "NUL in the tenant": (_log(tenant_id="a\x00"), _JSON, 400, "invalid_tenant"),
    "deep nesting": (b"[" * 100_000, _JSON, 400, None),
    "body too large": (gzip.compress(bytes(11_000_000)), _NDJSON | {"Content-Encoding": "gzip"}, 413, "body_too_large"),
    "text too large": (_log(text="x" * 170_001), _JSON, 413, "text_too_large"),
    "wrong content type": (b"<x/>", _XML, 400, "unsupported_content_type"),
    "a form of many parts": (b"a=b", {"Content-Type": "multipart/form-data"}, 400, "unsupported_content_type"),
    "empty form": (b"", _TEXT | {"Content-Type": "application/x-www-form-urlencoded"}, 400, "empty_text"),
    "gzip cut short": (b"\x1f\x8b\x08", _NDJSON | {"Content-Encoding": "gzip"}, 400, "invalid_gzip"),
    "bad UTF-8": (b'{"text": "\xff"}\n', _NDJSON, 400, None),
    "log_id with a space": (_log(log_id="a b"), _JSON, 400, "invalid_log_id"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "headers", "status", "reason"), _CASES.values(), ids=_CASES.keys())
def test_bad_input_is_refused_with_its_reason(
    local_stack: "LocalStack", body: bytes, headers: dict[str, str], status: int, reason: str | None
) -> None:
    """The answer is the 4xx, never a 500 or a 502, and says in `detail` and `reason` what is wrong."""
    answer = local_stack.request("POST", "/ingest", body, headers)

    assert answer.status == status
    assert answer.body["detail"]
    assert answer.body["reason"]
    assert reason in {None, answer.body["reason"]}
    assert local_stack.rows("bad") == []


def test_nul_in_the_text_is_a_log_like_any_other(local_stack: "LocalStack") -> None:
    """NUL is a character: the log is accepted, or refused with a reason, never a 5xx."""
    answer = local_stack.post_json({"tenant_id": "nul", "text": "a\x00b\ufffe"})
    assert answer.status in {202, 400}


@pytest.mark.parametrize("path", ["/ingest/x", "/nope", "/t/bad/nope", "/t/../ingest"])
def test_an_unknown_path_is_a_404(local_stack: "LocalStack", path: str) -> None:
    """Each path reaches the function, which knows its own."""
    assert local_stack.request("POST", path, b"x").status == 404
