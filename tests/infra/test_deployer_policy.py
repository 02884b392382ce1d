"""The list of what a deployer's credentials need, against what CloudFormation's own handlers say that they call."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import cfnlint  # type: ignore[import-untyped]  # cfn-lint ships no types
import pytest
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from infra import code_bucket, deployment, function_start, lake_stack, protection, stack
from tests.infra import configuration

_INFRA: Final = Path(deployment.__file__).parent
_POLICY: Final[Any] = json.loads((_INFRA / "deployer-policy.json").read_text())
_ALLOWED: Final = {action for statement in _POLICY["Statement"] for action in statement["Action"]}
_TEMPLATES: Final = (configuration.template(), cfn_yaml.load(str(lake_stack.TEMPLATE)))
_TYPES: Final = sorted({resource["Type"] for template in _TEMPLATES for resource in template["Resources"].values()})
_MANAGED_POLICY_CHARS: Final = 6144
"""What a managed policy may have without white space. "IAM and AWS STS quotas", November 2026."""

_UNUSED: Final = re.compile(
    # Properties that the template does not have: networks, file systems, layers, code signing, capacity, imports, ...
    r"(ec2|elasticfilesystem|s3files|firehose):\w+|s3:(getObject|REST\.PUT\.OBJECT|GetObjectVersion|GetObjectMetadata|ListBucket)"
    r"|iam:(AttachRolePolicy|DetachRolePolicy|\w+PermissionsBoundary|CreateServiceLinkedRole)"
    # Keys that AWS manages: their own policies let every principal of the account use them through the service.
    r"|kms:\w+"
    r"|dynamodb:(\w*Import\w*|\w*Replica|\w+KinesisStreamingDestination|UpdateContributorInsights"
    r"|PutResourcePolicy|DeleteResourcePolicy)"
    r"|kinesis:(\w+EnhancedMonitoring|UpdateMaxRecordSize|UpdateStreamWarmThroughput"
    r"|UpdateStreamRecordDistributionStrategy|DescribeStream|PutRecords)"
    r"|lambda:(\w+FunctionConcurrency|GetCodeSigningConfig|PutFunctionCodeSigningConfig|DeleteFunctionCodeSigningConfig"
    r"|GetLayerVersion|PutRuntimeManagementConfig|PutFunctionRecursionConfig|PutFunctionScalingConfig"
    r"|PassCapacityProvider|AssociateRuntimeAlias|PublishVersion)"
    r"|logs:(PutDataProtectionPolicy|DeleteDataProtectionPolicy|PutIndexPolicy|DeleteIndexPolicy|DeleteResourcePolicy"
    r"|\w*AssociateKmsKey|DisassociateKmsKey|PutBearerTokenAuthentication|PutLogGroupDeletionProtection"
    r"|CreateLogStream|PutLogEvents|DescribeLogStreams)"
    r"|secretsmanager:(ReplicateSecretToRegions|RemoveRegionsFromReplication)"
    r"|s3tables:(\w+TableBucket(Encryption|MetricsConfiguration|Replication|StorageClass|MaintenanceConfiguration))"
)


def _handlers(kind: str) -> Iterable[str]:
    """Yield the actions that CloudFormation's handlers of a type say they call, listing apart."""
    for path in (Path(cfnlint.__file__).parent / "data" / "schemas" / "resources").glob("*.json"):
        text = path.read_text()
        if f'"{kind}"' in text and (schema := json.loads(text))["typeName"] == kind:
            for name, handler in schema["handlers"].items():
                if name != "list":
                    yield from handler["permissions"]


@pytest.mark.parametrize("kind", _TYPES)
def test_what_cloudformation_calls_is_allowed(kind: str) -> None:
    """Each action of the type's handlers, but for what only other properties need."""
    needed = set(_handlers(kind))
    assert needed
    assert {action for action in needed if not _UNUSED.fullmatch(action)} <= _ALLOWED


def test_what_rdp_calls_is_allowed() -> None:
    """Every call of `rdp deploy`, `rdp lake deploy` and `rdp destroy`, and what they tell a person to run.

    Of CloudFormation's it allows no other.
    """
    modules = (deployment, code_bucket, stack, protection, function_start, lake_stack)
    text = "".join(Path(str(module.__file__)).read_text() for module in modules)
    called = set(re.findall(r'cloudformation\.(?:get_paginator\(")?(\w+)["(]', text)) - {"get_paginator", "get_waiter"}
    assert len(called) >= 10
    told = {name.replace("-", "_") for name in re.findall(r"aws cloudformation ([a-z-]+)", text)}
    assert told
    assert {f"cloudformation:{name.title().replace('_', '')}" for name in called | told} == {
        action for action in _ALLOWED if action.startswith("cloudformation:")
    }
    functions = set(re.findall(r"lambda_\.(\w+)\(", text))
    assert functions == {"invoke", "get_function_configuration"}
    assert {"lambda:InvokeFunction", "lambda:GetFunctionConfiguration"} <= _ALLOWED
    s3 = set(re.findall(r's3\.(?:get_paginator\(")?(\w+)["(]', text)) - {"get_paginator"}
    actions = {"head_bucket": "ListBucket", "list_objects_v2": "ListBucket"} | {
        "put_public_access_block": "PutBucketPublicAccessBlock"
    }
    assert {f"s3:{actions.get(name, name.title().replace('_', ''))}" for name in s3} <= _ALLOWED


def test_what_follows_a_deployment_is_allowed() -> None:
    """README and runbook go on with `rdp status`, `rdp keys`, `rdp logs` and `rdp verify-isolation`."""
    status = {"lambda:ListEventSourceMappings", "sqs:GetQueueAttributes", "dynamodb:DescribeTable"}
    keys = {"dynamodb:PutItem", "dynamodb:Scan", "dynamodb:DeleteItem"}
    logs = {"dynamodb:Query", "dynamodb:BatchGetItem"}
    assert status | keys | logs | {"sts:AssumeRole", "sts:TagSession"} <= _ALLOWED


def test_it_reaches_no_stack_of_another_name() -> None:
    """Every resource has the stack's name in it, or AWS knows no name for its kind; roles go to Lambda alone."""
    nameless = {"Mapping", "Api", "AccessLogs", "Alarms", "LakeNewKey"}
    for statement in _POLICY["Statement"]:
        assert statement["Effect"] == "Allow"
        if statement["Sid"] not in nameless:
            assert all(re.search(r"[:/]rdp|event-source-mapping", arn) for arn in statement["Resource"]), statement
        if "iam:PassRole" in statement["Action"]:
            assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def test_it_fits_into_one_managed_policy() -> None:
    """A person pastes it once."""
    assert len(re.sub(r"\s", "", json.dumps(_POLICY))) <= _MANAGED_POLICY_CHARS
