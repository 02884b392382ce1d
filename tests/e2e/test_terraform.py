"""The Terraform configuration, really applied to the engine: a log on its way and read, the template's twin in detail.

With authentication, which makes all that there is; the template's values are those of the same parameter.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest

from infra import access
from infra.local import terraform
from infra.local.terraform import NAME
from infra.stack import StackError
from tests.infra import configuration

if TYPE_CHECKING:
    from concurrent.futures import Future

    from infra.local.state import State
    from tests.e2e.conftest import LocalStack

_TEMPLATE: Final = configuration.template()
_TEMPLATE["Parameters"]["Authentication"]["Default"] = "api_key"
_RESOURCES: Final = configuration.RESOURCES | dict(configuration.OPTIONAL_RESOURCES)


@pytest.fixture(scope="module")
def applied(local_stack: "LocalStack", terraform_apply: "Future[State] | None") -> Iterator["LocalStack"]:
    """The stack of the configuration, in the engine of the session; destroyed at the end."""
    if terraform_apply is None:
        assert "CI" not in os.environ, "CI must have terraform"
        pytest.skip("terraform is not installed")
    try:
        state = terraform_apply.result()
    except StackError as error:
        if "terraform init fails" in str(error) and "CI" not in os.environ:
            pytest.skip(f"the AWS provider can't be had: {error}")
        raise
    yield type(local_stack)(local_stack.data_dir / "terraform", state)
    try:
        terraform.destroy(local_stack.data_dir)
    except StackError:  # On a busy machine an answer is late, the provider deletes again, and finds nothing there.
        terraform.destroy(local_stack.data_dir)
    names = local_stack.place.dynamodb.list_tables()["TableNames"]
    assert not [name for name in names if name.startswith(NAME)]


@pytest.fixture(scope="module")
def resources(applied: "LocalStack") -> dict[str, dict[str, Any]]:
    """The applied resources by address, as terraform shows them."""
    shown = terraform.run(applied.data_dir, dict(os.environ), "show", "-json")
    renamed = shown.replace(NAME, configuration.STACK)
    return configuration.terraform_resources(json.loads(renamed))


@pytest.fixture(scope="module")
def compared(resources: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The same with references instead of ARNs, URLs and names."""
    return configuration.with_references(resources)


@pytest.mark.parametrize("stack_of", ["template", "terraform"])
def test_one_logs_life_is_the_same_on_both(
    stack_of: str, request: pytest.FixtureRequest, eventually: Callable[..., Any]
) -> None:
    """POST /ingest gives 202 and the redacted row follows, whichever of the two made the stack."""
    stack: LocalStack = request.getfixturevalue("local_stack" if stack_of == "template" else "applied")
    tenant = {"X-Tenant-ID": "both"} if stack_of == "template" else {"X-Api-Key": _key(stack, "both", "write")}

    headers = tenant | {"Content-Type": "text/plain", "X-Log-ID": "same"}
    answer = stack.request("POST", "/ingest", b"Call 555-0199", headers)

    assert answer.status == 202
    row = eventually(lambda: stack.row("both", "same"))
    assert row["modified_data"] == {"S": "Call [REDACTED]"}
    assert row["original_text"] == {"S": "Call 555-0199"}
    assert stack.request("GET", "/health").status == 200


def test_a_tenant_reads_its_logs(applied: "LocalStack", eventually: Callable[..., Any]) -> None:
    """Over the reader that the configuration made: its own, redacted, by filter, with a key that may read."""
    for tenant in ("reads", "reads2"):
        answer = applied.post_json(
            [{"text": f"{tenant} calls 555-0199", "level": level} for level in ("info", "error")],
            {"X-Api-Key": _key(applied, tenant, "write")},
        )
        assert answer.status == 202, answer.body
        eventually(lambda tenant=tenant: len(applied.rows(tenant)) == 2)
    key = {"X-Api-Key": _key(applied, "reads", "read")}
    answer = applied.request("GET", "/logs?severity=warn", headers=key)
    assert (answer.status, [log["text"] for log in answer.body["logs"]]) == (200, ["reads calls [REDACTED]"])
    assert len(applied.request("GET", "/logs", headers=key).body["logs"]) == 2
    head = applied.request("HEAD", "/logs", headers=key)
    assert head.status == 200
    assert head.body is None
    assert applied.request("GET", "/logs?tenant_id=reads2", headers=key).status == 403
    write_key = {"X-Api-Key": _key(applied, "reads", "write")}
    assert applied.request("GET", "/logs", headers=write_key).status == 403
    assert applied.request("GET", "/logs").status == 401


def _key(stack: "LocalStack", tenant: str, scope: Literal["write", "read"]) -> str:
    return access.create(stack.stack, tenant, "", [scope])[1]


@pytest.mark.parametrize("role", ["IngestRole", "ConsumerRole", "TenantReaderRole", "ReaderRole"])
def test_the_policies_are_the_templates(role: str, compared: dict[str, dict[str, Any]]) -> None:
    """Both say the same of who may assume the role and of what it may do, statement by statement."""
    in_template = configuration.resolved(_TEMPLATE, _TEMPLATE["Resources"][role]["Properties"])
    address = _RESOURCES[role]
    (policy,) = in_template["Policies"]
    # The ARN of a log group ends with `:*` in CloudFormation and not in Terraform, which therefore writes it out.
    written = json.loads(json.dumps(compared[address.replace("aws_iam_role", "aws_iam_role_policy")]).replace(":*", ""))
    assert written["name"] == policy["PolicyName"]
    assert configuration.statements(written["policy"]) == configuration.statements(policy["PolicyDocument"])
    assert configuration.statements(compared[address]["assume_role_policy"]) == configuration.statements(
        in_template["AssumeRolePolicyDocument"]
    )


def test_the_alarms_are_the_templates(applied: "LocalStack", resources: dict[str, dict[str, Any]]) -> None:
    """Each has the same name, text, metric, statistic, threshold and periods.

    As the configuration means them: the engine does not keep all that the provider tells it of an alarm.
    """
    meant = terraform.evaluate(applied.data_dir, dict(os.environ), "local.alarms")
    in_terraform = {
        f"{configuration.STACK}-{name}": {
            "AlarmDescription": f"{alarm['description']} Runbook, {name}.",
            "Namespace": alarm["namespace"],
            "MetricName": alarm["metric"],
            "Dimensions": configuration.references(alarm["dimensions"], resources),
            "ExtendedStatistic" if alarm["statistic"].startswith("p") else "Statistic": alarm["statistic"],
            "Threshold": alarm["threshold"],
            "Period": alarm["period"],
            "DatapointsToAlarm": alarm["of"][0],
            "EvaluationPeriods": alarm["of"][1],
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }
        for name, alarm in json.loads(json.dumps(meant).replace(NAME, configuration.STACK)).items()
    }
    in_template, made = {}, set()
    for resource in _TEMPLATE["Resources"].values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            alarm = configuration.resolved(_TEMPLATE, resource["Properties"])
            alarm["Dimensions"] = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
            assert alarm.pop("AlarmActions") is alarm.pop("OKActions") is None
            name = alarm.pop("AlarmName")
            in_template[name] = alarm
            if resource.get("Condition", "Authenticated") == "Authenticated":
                made.add(name)
    assert in_terraform == in_template
    text = (terraform.CONFIGURATION / "alarms.tf").read_text()
    assert re.search(r'comparison_operator += "GreaterThanThreshold"', text)
    assert re.search(r'treat_missing_data += "notBreaching"', text)
    assert {values["alarm_name"] for address, values in resources.items() if ".alarm[" in address} == made


def test_the_dashboards_show_the_same(compared: dict[str, dict[str, Any]]) -> None:
    """Every graph has the same title, place, statistic and metrics."""
    text = configuration.resolved(_TEMPLATE, _TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"])
    text = text.replace(f'"{configuration.STACK}-reader"', '"<ReaderFunction>"')  # It may not be there to refer to.
    assert compared[configuration.RESOURCES["Dashboard"]]["dashboard_body"] == json.loads(text)


def _environment(template_function: str) -> dict[str, str]:
    properties = configuration.resolved(_TEMPLATE, _TEMPLATE["Resources"][template_function]["Properties"])
    return {name: str(value) for name, value in properties["Environment"]["Variables"].items()}


@pytest.mark.parametrize("function", ["IngestFunction", "ConsumerFunction", "ReaderFunction"])
def test_the_functions_are_the_templates(function: str, compared: dict[str, dict[str, Any]]) -> None:
    """Same handler, runtime, memory, time and environment; only what the test set differs."""
    properties = configuration.resolved(_TEMPLATE, _TEMPLATE["Resources"][function]["Properties"])
    made = compared[_RESOURCES[function]]
    assert made["handler"] == properties["Handler"]
    assert made["runtime"] == properties["Runtime"]
    assert made["architectures"] == properties["Architectures"]
    assert made["memory_size"] == properties["MemorySize"]
    assert made["timeout"] == properties["Timeout"]
    assert made["description"] == properties["Description"]
    assert made["logging_config"][0] == {
        "log_group": properties["LoggingConfig"]["LogGroup"],
        "log_format": properties["LoggingConfig"]["LogFormat"],
        "system_log_level": properties["LoggingConfig"]["SystemLogLevel"],
        "application_log_level": properties["LoggingConfig"]["ApplicationLogLevel"],
    }
    assert made["environment"][0]["variables"] == _environment(function) | (
        {"SECONDS_PER_CHAR": "0", "CRASH_PROBABILITY": "0"} if function == "ConsumerFunction" else {}
    )


def test_the_queues_the_stream_and_the_table_are_the_templates(compared: dict[str, dict[str, Any]]) -> None:
    """Same numbers, encryption, keys and protection."""

    def pair(name: str) -> tuple[Any, dict[str, Any]]:
        properties = configuration.resolved(_TEMPLATE, _TEMPLATE["Resources"][name]["Properties"])
        return properties, compared[configuration.RESOURCES[name]]

    for name, redrive in (("Queue", "RedrivePolicy"), ("DeadLetterQueue", "RedriveAllowPolicy")):
        properties, made = pair(name)
        assert made["sqs_managed_sse_enabled"] is properties["SqsManagedSseEnabled"] is True
        assert made["message_retention_seconds"] == properties["MessageRetentionPeriod"]
        assert configuration.terraform_variables()["maximum_message_bytes"] == properties["MaximumMessageSize"]
        wanted = json.loads(
            json.dumps(properties[redrive]).replace("arn:aws:sqs:us-east-1:000000000000:rdp-queue", "<Queue>")
        )
        assert made["redrive_policy" if name == "Queue" else "redrive_allow_policy"] == wanted
    assert pair("Queue")[1]["visibility_timeout_seconds"] == pair("Queue")[0]["VisibilityTimeout"]

    properties, made = pair("Stream")
    assert made["retention_period"] == properties["RetentionPeriodHours"]
    assert made["stream_mode_details"] == [{"stream_mode": properties["StreamModeDetails"]["StreamMode"]}]
    assert made["encryption_type"] == properties["StreamEncryption"]["EncryptionType"]
    assert made["kms_key_id"] == properties["StreamEncryption"]["KeyId"]

    properties, made = pair("Table")
    assert [made["hash_key"], made["range_key"]] == [key["AttributeName"] for key in properties["KeySchema"]]
    assert made["billing_mode"] == properties["BillingMode"]
    assert made["deletion_protection_enabled"] is properties["DeletionProtectionEnabled"] is False
    assert made["ttl"][0]["attribute_name"] == properties["TimeToLiveSpecification"]["AttributeName"]
    assert made["ttl"][0]["enabled"] is properties["TimeToLiveSpecification"]["Enabled"] is True
    assert made["server_side_encryption"][0]["enabled"] is properties["SSESpecification"]["SSEEnabled"] is True
    recovery = properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert made["point_in_time_recovery"][0]["enabled"] is recovery is True


def test_the_api_and_the_mapping_are_the_templates(compared: dict[str, dict[str, Any]]) -> None:
    """Same routes, integration, limits, access log and batches."""

    def pair(name: str) -> tuple[Any, dict[str, Any]]:
        properties = configuration.resolved(_TEMPLATE, _TEMPLATE["Resources"][name]["Properties"])
        return properties, compared[_RESOURCES[name]]

    properties, made = pair("ApiStage")
    settings = made["default_route_settings"][0]
    assert settings["throttling_rate_limit"] == properties["DefaultRouteSettings"]["ThrottlingRateLimit"]
    assert settings["throttling_burst_limit"] == properties["DefaultRouteSettings"]["ThrottlingBurstLimit"]
    access_log = made["access_log_settings"][0]
    assert access_log["format"] == json.loads(properties["AccessLogSettings"]["Format"])
    assert access_log["destination_arn"] == properties["AccessLogSettings"]["DestinationArn"]
    for route in ("PathsRoute", "RootRoute", "HealthRoute", "LogsRoute", "LogsHeadRoute", "LogsPreflightRoute"):
        properties, made = pair(route)
        assert made["route_key"] == properties["RouteKey"]
        assert made["target"] == properties["Target"]
    properties, made = pair("ApiIntegration")
    assert made["timeout_milliseconds"] == properties["TimeoutInMillis"]
    assert made["payload_format_version"] == properties["PayloadFormatVersion"]
    assert made["integration_type"] == properties["IntegrationType"]
    properties, made = pair("ApiInvokePermission")
    assert made["principal"] == properties["Principal"]
    assert made["action"] == properties["Action"]
    properties, made = pair("QueueMapping")
    assert made["batch_size"] == properties["BatchSize"]
    assert made["maximum_batching_window_in_seconds"] == properties["MaximumBatchingWindowInSeconds"]
    assert made["function_response_types"] == properties["FunctionResponseTypes"]
    assert made["scaling_config"][0]["maximum_concurrency"] == properties["ScalingConfig"]["MaximumConcurrency"]
    for group in ("IngestLogGroup", "ConsumerLogGroup", "ApiLogGroup"):
        properties, made = pair(group)
        assert made["retention_in_days"] == properties["RetentionInDays"]
