"""The tenant of OpenTelemetry's logs by an attribute of their resource (`TenantAttribute`)."""

import json
from typing import Any

from google.protobuf import json_format

from tests.unit.ingest.api.otlp import published
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event

JSON = "application/json"
PROTOBUF = "application/x-protobuf"


def _resources(*attributes: list[dict[str, Any]]) -> bytes:
    logs = [{"logRecords": [{"body": {"stringValue": f"of resource {i}"}}]} for i in range(len(attributes))]
    resources = [{"resource": {"attributes": a}, "scopeLogs": [log]} for a, log in zip(attributes, logs, strict=True)]
    return json.dumps({"resourceLogs": resources}).encode()


def _named(tenant_id: Any, kind: str = "stringValue") -> list[dict[str, Any]]:
    return [{"key": "org", "value": {kind: tenant_id}}]


def test_each_resource_s_logs_go_to_the_tenant_that_it_names(ingest: Ingest) -> None:
    """Each resource's logs go to the tenant that it names, or else to the request's tenant."""
    ingest.with_settings(tenant_attribute="org")
    body = _resources(_named("globex"), [], _named("initech"), _named("a b"), _named(7, "intValue"), _named("a") * 2)
    answer = ingest(event(body, JSON, path="/v1/logs", headers={"x-tenant-id": ""}))
    assert answer["statusCode"] == 200
    said = json.loads(answer["body"])["partialSuccess"]
    assert (said["rejectedLogRecords"], "1 refused as missing_tenant" in said["errorMessage"]) == ("4", True)
    assert [(m.tenant_id, m.text) for m in ingest.enqueued] == [
        ("globex", "of resource 0"),
        ("initech", "of resource 2"),
    ]
    assert ingest.enqueued[0].fields == {"resource": {"attributes": {"org": "globex"}}}
    assert {record["PartitionKey"] for record in ingest.kinesis.records} == {"globex", "initech"}


def test_a_resource_s_tenant_agrees_with_the_request_s(ingest: Ingest) -> None:
    """A resource of another tenant than the request's is refused alone; without the parameter it is not."""
    body = _resources(_named("globex"), _named("acme"))
    ingest.with_settings(tenant_attribute="org")
    answer = json.loads(ingest(event(body, JSON, path="/v1/logs"))["body"])
    assert "tenant_mismatch, first record 0" in answer["partialSuccess"]["errorMessage"]
    assert [(m.tenant_id, m.text) for m in ingest.enqueued] == [("acme", "of resource 1")]
    plain = Ingest()
    plain(event(body, JSON, path="/v1/logs"))
    assert [m.tenant_id for m in plain.enqueued] == ["acme", "acme"]


def test_a_key_sends_for_no_other_tenant_s_resource(ingest: Ingest) -> None:
    """A resource of another tenant than the key's refuses the whole request with 403."""
    ingest.with_settings(tenant_attribute="org", authentication="api_key", access_table_name="access")
    for protobuf in (False, True):
        body = _resources(_named("acme"), _named("globex"))
        content_type = PROTOBUF if protobuf else JSON
        if protobuf:
            body = json_format.ParseDict(json.loads(body), published.Request()).SerializeToString()
        key = {"x-api-key": "acme-key", "x-tenant-id": ""}
        assert ingest(event(body, content_type, path="/v1/logs", headers=key))["statusCode"] == 403
    assert ingest.enqueued == []
    assert ingest(event(_resources(_named("acme")), JSON, path="/v1/logs", headers=key))["statusCode"] == 200
