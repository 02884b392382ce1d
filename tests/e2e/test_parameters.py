"""Every parameter that the runbook lists, not at its default, on a stack that runs: it works, or it is refused."""

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from infra import template_parameters
from infra.deployment import TEMPLATE

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

_ROOT: Final = Path(__file__).parents[2]
_DECLARED: Final = template_parameters.read(TEMPLATE.read_text())

_WORKS: Final = {
    "Runtime": "python3.12",
    "Architecture": "x86_64",
    "StreamSubKeys": "4",
    "LogIdBuckets": "4",
    "LogsPerMessage": "5",
    "StreamBudgetMilliseconds": "5000",
    "IngestMemoryMegabytes": "256",
    "ThrottlingRateLimit": "500",
    "ThrottlingBurstLimit": "600",
    "Authentication": "api_key",
    "JwtIssuer": "https://issuer.example",
    "JwtAudience": "logs",
    "JwtTenantClaim": "customer",
    "TenantAttribute": "service.namespace",
    "TenantLogsPerMinute": "300",
    "TenantBytesPerMinute": "500000",
    "TenantReadsPerMinute": "300",
    "CorsAllowOrigin": "https://logs.example",
    "SecondsPerChar": "0.001",
    "CrashProbability": "0.000001",
    "CrashPoint": "after_write",
    "CrashMode": "exit",
    "CrashSeed": "7",
    "RedactionRules": "phone,email",
    "RedactionPatterns": '["sesame"]',
    "RetentionDays": "7",
    "BatchSize": "20",
    "BatchingWindowSeconds": "1",
    "VisibilityTimeoutSeconds": "120",
    "MaxReceiveCount": "4",
    "ConsumerTimeoutSeconds": "20",
    "ConsumerMemoryMegabytes": "256",
    "MaximumConcurrency": "2",
    "StreamMode": "PROVISIONED",
    "ShardCount": "2",
    "StreamRetentionHours": "48",
    "Lake": "true",
    "PointInTimeRecovery": "false",
    "DeletionProtection": "true",
    "RestoredTableName": "restored",
    "LogRetentionDays": "7",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:000000000000:alarms",
    "OldestMessageAlarmSeconds": "100",
    "IngestLatencyAlarmMilliseconds": "2000",
}
_REFUSED: Final = {
    "CodeBucket": ("mine", "where rdp itself has put the packages"),
    "IngestCodeKey": ("mine.zip", "where rdp itself has put the packages"),
    "ConsumerCodeKey": ("mine.zip", "where rdp itself has put the packages"),
    "RequireTls": ("true", "the engine speaks plain HTTP"),
}
"""Value, and the words of the reason."""


def _rdp(stack: "LocalStack", *arguments: str, expect: int = 0) -> str:
    finished = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", "from infra.cli import main; main()", *arguments, "--data-dir", str(stack.data_dir)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert finished.returncode == expect, finished.stdout + finished.stderr
    return finished.stdout + finished.stderr


def test_every_parameter_is_tried() -> None:
    """Each parameter of the template and of the runbook's table is tried, and with a value other than its default."""
    table = (_ROOT / "infra" / "RUNBOOK.md").read_text().partition("\n## Parameters\n")[2].partition("\n## ")[0]
    told = {
        name for names in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", names)
    }
    assert _WORKS.keys() | _REFUSED.keys() == told == _DECLARED.keys()
    tried = _WORKS | {name: value for name, (value, _) in _REFUSED.items() if name != "RequireTls"}
    assert [name for name, value in tried.items() if value == _DECLARED[name].default] == []


def test_logs_flow_with_every_parameter_changed(start_stack: "StartStack", eventually: "Eventually") -> None:
    """What was accepted before is kept, what comes after is stored as the parameters say."""
    own = start_stack()
    assert own.post_text("before", "555-0199 before", "b").status == 202
    eventually(lambda: own.row("before", "b"))
    table = own.place.dynamodb.describe_table(TableName=own.stack.table_name)["Table"]
    own.place.dynamodb.create_table(
        TableName=_WORKS["RestoredTableName"],
        KeySchema=table["KeySchema"],
        AttributeDefinitions=table["AttributeDefinitions"],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index["IndexName"],
                "KeySchema": index["KeySchema"],
                "Projection": index["Projection"],
            }
            for index in table["GlobalSecondaryIndexes"]
        ],
        BillingMode="PAY_PER_REQUEST",
    )

    _rdp(own, "up", "--detach", "--yes", *(f"--param={name}={value}" for name, value in _WORKS.items()))

    stack = own.place.cloudformation.describe_stacks(StackName="rdp")["Stacks"][0]
    holds = {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]}
    assert _WORKS.items() <= holds.items()
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    assert outputs["TableName"] == _WORKS["RestoredTableName"]
    key = _rdp(own, "keys", "create", "--tenant", "after").split()[0]
    own.sent.add(key)
    (own.data_dir / "lines").write_text("".join(f"sesame {n} 555-0199 a@b.example\n" for n in range(12)))
    _rdp(own, "send", str(own.data_dir / "lines"), "--tenant", "after", "--api-key", key)

    def stored() -> list[dict[str, Any]]:
        found = own.place.dynamodb.scan(TableName=_WORKS["RestoredTableName"], ConsistentRead=True)["Items"]
        return found if len(found) == 12 else []

    rows = eventually(stored)
    assert {row["modified_data"]["S"] for row in rows} == {f"[REDACTED] {n} [REDACTED] [REDACTED]" for n in range(12)}
    assert all(int(row["expires_at"]["N"]) > 0 for row in rows)
    replayed = _rdp(own, "replay", "--raw")
    assert "before" in replayed
    assert replayed.count("sesame") == 12


@pytest.mark.parametrize("name", _REFUSED)
def test_what_does_not_work_is_refused_with_its_reason(local_stack: "LocalStack", name: str) -> None:
    """And what runs goes on."""
    value, reason = _REFUSED[name]
    said = _rdp(local_stack, "up", "--detach", "--param", f"{name}={value}", expect=2)
    assert reason in said
    assert "Packaging" not in said
    assert "Deploying" not in said
    assert local_stack.request("GET", "/health").status == 200
