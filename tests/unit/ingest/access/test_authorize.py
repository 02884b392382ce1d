"""The API-key authorizer."""

import hashlib
import json
from typing import Any

import pytest

from ingest.access.authorize import Outside, authorize

_DIGEST = hashlib.sha256(b"rdp_secret").hexdigest()


class Keys:
    """The table, with one key of tenant acme; fails with `error` if there is one."""

    error: Exception | None = None

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Answer as DynamoDB does."""
        if self.error is not None:
            raise self.error
        assert request["TableName"] == "access"
        if request["Key"] != {"id": {"S": f"key#{_DIGEST}"}}:
            return {}
        return {"Item": {"tenant_id": {"S": "acme"}, "key_id": {"S": "k1"}}}


def _event(headers: dict[str, str] | None) -> dict[str, Any]:
    return {"version": "2.0", "headers": headers, "requestContext": {"requestId": "r1"}}


@pytest.mark.parametrize(
    "headers",
    [{"x-api-key": "rdp_secret"}, {"X-Api-Key": " rdp_secret "}],
)
def test_known_key_names_its_tenant(headers: dict[str, str]) -> None:
    """A key is authorized as its tenant, however the header's name is written."""
    lines: list[str] = []
    response = authorize(_event(headers), Outside(Keys(), "access", lines.append))
    assert response == {"isAuthorized": True, "context": {"tenant_id": "acme", "key_id": "k1"}}
    assert lines == []


@pytest.mark.parametrize(
    "headers", [None, {}, {"x-api-key": ""}, {"x-api-key": "rdp_other"}, {"authorization": "Bearer rdp_secret"}]
)
def test_unknown_key_is_refused(headers: dict[str, str] | None) -> None:
    """No key, an unknown one, or one in another header is refused, and the line that says so does not hold the key."""
    lines: list[str] = []
    assert authorize(_event(headers), Outside(Keys(), "access", lines.append)) == {"isAuthorized": False}
    (line,) = lines
    assert json.loads(line)["event"] == "key_refused"
    assert "rdp_" not in line


def test_table_that_fails_authorizes_nobody() -> None:
    """An error of the table is raised: API Gateway answers 500, and lets nobody in."""
    keys = Keys()
    keys.error = RuntimeError()
    with pytest.raises(RuntimeError):
        authorize(_event({"x-api-key": "rdp_secret"}), Outside(keys, "access", lambda _: None))
