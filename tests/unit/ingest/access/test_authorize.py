"""The API-key authorizer."""

import hashlib
import importlib
import json
from types import ModuleType
from typing import Any
from unittest import mock

import pytest


@pytest.fixture
def authorize(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the module as Lambda does, with its environment set."""
    for name, value in {
        "ACCESS_TABLE_NAME": "access",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    module = importlib.reload(importlib.import_module("ingest.access.authorize"))
    digest = hashlib.sha256(b"rdp_secret").hexdigest()
    table = {f"key#{digest}": {"tenant_id": {"S": "acme"}, "key_id": {"S": "k1"}}}

    def get_item(*, TableName: str, Key: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert TableName == "access"
        item = table.get(Key["id"]["S"])
        return {"Item": item} if item else {}

    monkeypatch.setattr(module, "_dynamodb", mock.Mock(get_item=get_item))
    return module


def _event(headers: dict[str, str] | None) -> dict[str, Any]:
    return {"version": "2.0", "headers": headers, "requestContext": {"requestId": "r1"}}


@pytest.mark.parametrize(
    "headers",
    [{"x-api-key": "rdp_secret"}, {"X-Api-Key": " rdp_secret "}],
)
def test_known_key_names_its_tenant(authorize: ModuleType, headers: dict[str, str]) -> None:
    """A key is authorized as its tenant, however the header's name is written."""
    response = authorize.handler(_event(headers), None)
    assert response == {"isAuthorized": True, "context": {"tenant_id": "acme", "key_id": "k1"}}


@pytest.mark.parametrize(
    "headers", [None, {}, {"x-api-key": ""}, {"x-api-key": "rdp_other"}, {"authorization": "Bearer rdp_secret"}]
)
def test_unknown_key_is_refused(
    authorize: ModuleType, headers: dict[str, str] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """No key, an unknown one, or one in another header is refused, and the line that says so does not hold the key."""
    assert authorize.handler(_event(headers), None) == {"isAuthorized": False}
    line = capsys.readouterr().out
    assert json.loads(line)["event"] == "key_refused"
    assert "rdp_" not in line


def test_table_that_fails_authorizes_nobody(authorize: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the table is raised: API Gateway answers 500, and lets nobody in."""
    monkeypatch.setattr(authorize, "_dynamodb", mock.Mock(get_item=mock.Mock(side_effect=RuntimeError)))
    with pytest.raises(RuntimeError):
        authorize.handler(_event({"x-api-key": "rdp_secret"}), None)
