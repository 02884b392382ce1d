"""The reader Lambda's wiring: credentials, scope, quota and the two reads of a page, over one DynamoDB client."""

import json
from typing import Any

import pytest

from consumer import item
from consumer.query.handler import outside
from consumer.query.invocation import respond
from consumer.query.settings import Settings
from ingest.aws.retry import Time
from tests.unit.consumer.query.memory_table import TENANT, log
from tests.unit.ingest.fakes import Clock, FakeDynamoDb

_NOW_MS = 1_795_833_985_000
_SETTINGS = Settings(table_name="logs", access_table_name="access", authentication="api_key", tenant_reads_per_minute=9)


class _DynamoDb(FakeDynamoDb):
    """The tables of keys, quotas and logs, with one log under a generated id and one under its own id."""

    def __init__(self) -> None:
        super().__init__()
        self.generated = log(_NOW_MS, 0, "generated", log_id=None)
        self.own = log(_NOW_MS, 1, "own", log_id="own-1")
        self.asked: list[dict[str, Any]] = []

    def query(self, **request: Any) -> dict[str, Any]:
        """Return the logs with generated ids, or from the index the key of the other log."""
        self.asked.append(request)
        if request["ExpressionAttributeValues"][":tenant_id"] != {"S": TENANT}:
            return {"Items": []}
        found = self.own if "IndexName" in request else self.generated
        return {"Items": [dict(item.attributes(found))]}

    def batch_get_item(self, **request: Any) -> dict[str, Any]:
        """Return the log with its own id."""
        self.asked.append(request)
        return {"Responses": {"logs": [dict(item.attributes(self.own))]}}


def _ask(
    dynamodb: _DynamoDb, headers: dict[str, str], settings: Settings = _SETTINGS, **claims: str
) -> tuple[int, Any]:
    clock = Clock()
    context: dict[str, Any] = {"requestId": "r", "http": {"method": "GET", "path": "/logs"}}
    if claims:
        context["authorizer"] = {"jwt": {"claims": claims}}
    answer = respond(
        {"requestContext": context, "headers": headers},  # type: ignore[typeddict-item] # these members
        remaining_s=10.0,
        lambda_request_id="l",
        stack="rdp",
        outside=outside(
            settings,
            dynamodb,
            Time(clock.monotonic, clock.sleep, lambda: 0.5),
            now_ms=lambda: _NOW_MS,
            write_line=lambda _: None,
        ),
    )
    return answer["statusCode"], json.loads(answer["body"])


def test_a_key_reads_its_tenant_s_logs() -> None:
    """A key reads its tenant's logs of table and index, and the read counts against the quota."""
    dynamodb = _DynamoDb()
    status, body = _ask(dynamodb, {"x-api-key": "acme-reads"})
    assert (status, [one["log_id"] for one in body["logs"]]) == (200, ["own-1", dynamodb.generated.log_id])
    assert {request.get("TableName", "logs") for request in dynamodb.asked} == {"logs"}
    (counted,) = dynamodb.updates
    assert (counted["TableName"], counted["Key"]["id"]["S"].rpartition("#")[0]) == ("access", "read#acme")


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, (401, "missing_credentials")),
        ({"x-api-key": "nobody"}, (401, "unknown_credentials")),
        ({"x-api-key": "acme-key"}, (403, "forbidden_scope")),
        ({"x-api-key": "acme-reads", "x-tenant-id": "globex"}, (403, "tenant_forbidden")),
    ],
)
def test_others_read_nothing(headers: dict[str, str], refused: tuple[int, str]) -> None:
    """Without a key, or with an unknown, write-only or other tenant's key, no log is read."""
    dynamodb = _DynamoDb()
    status, body = _ask(dynamodb, headers)
    assert ((status, body["reason"]), dynamodb.asked) == (refused, [])


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"org": TENANT, "scope": "read"}, 200),
        ({"org": TENANT, "scp": "[write rdp/read]"}, 200),
        ({"org": TENANT, "scope": "write"}, 403),
        ({"org": TENANT}, 403),
        ({"scope": "read"}, 403),
    ],
)
def test_a_token_reads_with_the_scope_alone(claims: dict[str, str], status: int) -> None:
    """A token's claim names the tenant, and a token without the scope reads nothing."""
    settings = Settings(table_name="logs", access_table_name="access", authentication="jwt", jwt_tenant_claim="org")
    assert _ask(_DynamoDb(), {"x-api-key": "acme-reads"}, settings, **claims)[0] == status
