"""The list of what an operator's credentials need, against what `rdp` calls for the runbook's commands."""

import ast
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import botocore.session
import pytest
from botocore import xform_name
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]  # cfn-lint ships no types

from infra import lake_stack, reachable
from infra.cli import VERBS
from tests.infra import configuration

_ROOT: Final = Path(__file__).parents[2]
_RUNBOOK: Final = (_ROOT / "infra" / "RUNBOOK.md").read_text()
_POLICY: Final[Any] = json.loads((_ROOT / "infra" / "operator-policy.json").read_text())
_ALLOWED: Final = {action for statement in _POLICY["Statement"] for action in statement["Action"]}
_ARNS: Final = {arn for statement in _POLICY["Statement"] for arn in statement["Resource"] if arn != "*"}
_RESOURCES: Final[dict[str, Any]] = {
    **configuration.template()["Resources"],
    **cfn_yaml.load(str(lake_stack.TEMPLATE))["Resources"],
}
_MANAGED_POLICY_CHARS: Final = 6144
"""What a managed policy may have without white space. "IAM and AWS STS quotas", November 2026."""

_OPERATORS: Final = frozenset(
    {"status", "tail", "logs", "log", "dlq", "consumer", "audit", "rebuild", "replay", "erase", "lake", "console"}
    | {"keys", "send", "verify-isolation"}
)
_DEPLOYERS: Final = frozenset({"deploy", "destroy"})
_OFF_AWS: Final = frozenset({"up", "down", "redact", "cost", "package", "terraform"})
_OF_DEVELOPERS: Final = frozenset({"bench"})

_OTHERS_RIGHTS: Final = (
    "infra/code_bucket.py",  # `rdp lake deploy`: the deployer's rights.
    "infra/lake_stack.py",  # As above.
    "infra/deployment.py",  # As above. `rdp status` reads the parameters there, with DescribeStacks alone.
    "infra/local/",  # The engine.
    "infra/tenant_reader.py",  # All but AssumeRole are calls of the session that it gives.
)
_NO_CLIENT: Final = re.compile(r"catalog|.*table|super\(\)|self\._environment")
"""What has methods that are named as those of a client: Iceberg's catalog and tables, click's group, jinja."""

_SERVICES: Final = ("cloudformation", "cloudwatch", "dynamodb", "iam", "kinesis", "lambda", "logs", "s3", "sqs", "sts")
_ACTIONS: Final = {
    "dynamodb:BatchExecuteStatement": "dynamodb:PartiQLDelete",
    "lambda:Invoke": "lambda:InvokeFunction",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
"""The calls whose action has another name. "Service Authorization Reference", November 2026."""

_NEEDS_NO_RIGHT: Final = "sts:GetCallerIdentity"  # GetCallerIdentity, AWS STS API reference, November 2026.
_AS_TENANT: Final = {"sts:AssumeRole", "sts:TagSession"}
_DASHBOARD: Final = {"cloudwatch:GetDashboard", "cloudwatch:GetMetricData"}


def _operations() -> dict[str, str]:
    """Return the clients' methods, each with its service and operation."""
    session = botocore.session.get_session()
    return {
        xform_name(operation): f"{service}:{operation}"
        for service in _SERVICES
        for operation in session.get_service_model(service).operation_names
    }


def _calls(path: Path) -> Iterator[str]:
    """Yield the methods that a module calls, of whatever may be a client, and the paginators that it gets."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if _NO_CLIENT.fullmatch(ast.unparse(node.func.value)):
            continue
        if node.func.attr == "get_paginator":
            yield ast.literal_eval(node.args[0])
        yield node.func.attr


def _called() -> set[str]:
    """Return the actions of what the operator's verbs call with the operator's rights."""
    operations = _operations()
    files = reachable.files(_ROOT, [VERBS[verb] for verb in sorted(_OPERATORS)])
    ours = [path for path in files if not path.relative_to(_ROOT).as_posix().startswith(_OTHERS_RIGHTS)]
    called = {operations[name] for path in ours for name in _calls(path) if name in operations}
    return {_ACTIONS.get(call, call) for call in called} - {_NEEDS_NO_RIGHT}


def _of_the_lake_role() -> set[str]:
    (policy,) = _RESOURCES["LakeRole"]["Properties"]["Policies"]
    (fill,) = [s for s in policy["PolicyDocument"]["Statement"] if s["Sid"] == "FillLake"]
    return set(fill["Action"])


def _told() -> set[str]:
    """Return the actions of AWS's own commands in the runbook, but for those that change or remove a resource."""
    told = set(re.findall(r"\baws (?!dynamodb|s3tables|cloudformation)([a-z0-9]+) ([a-z-]+)", _RUNBOOK))
    assert len(told) >= 3
    return {f"{service}:{name.title().replace('-', '')}" for service, name in told}


def test_every_verb_is_somebodys() -> None:
    """A new verb is given to the operator or to somebody else."""
    assert set(VERBS) == _OPERATORS | _DEPLOYERS | _OFF_AWS | _OF_DEVELOPERS


def test_it_allows_what_the_runbook_needs_and_no_more() -> None:
    """Each call of the operator's verbs, the lake's, those of AWS's own command, and the dashboard."""
    called = _called()
    assert len(called) >= 20
    assert called | _of_the_lake_role() | _told() | _AS_TENANT | _DASHBOARD == _ALLOWED


def test_a_redrive_may_do_what_sqs_does_for_it() -> None:
    """StartMessageMoveTask needs the rights to receive and delete here, and to send there."""
    assert {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:SendMessage"} <= _ALLOWED


@pytest.mark.parametrize("stack", ["rdp", "rdp-eu"])
def test_it_reaches_what_the_templates_name(stack: str) -> None:
    """Queues, functions, log groups and the table bucket of any stack whose name begins with rdp."""
    names = [
        (kind, str(value["Fn::Sub"]).replace("${AWS::StackName}", stack))
        for resource in _RESOURCES.values()
        for kind, value in resource["Properties"].items()
        if kind in {"QueueName", "FunctionName", "LogGroupName", "TableBucketName"} and "Fn::Sub" in value
    ]
    assert {kind for kind, _ in names} == {"QueueName", "FunctionName", "LogGroupName", "TableBucketName"}
    before = {"QueueName": "", "FunctionName": "function:", "LogGroupName": "log-group:", "TableBucketName": "bucket/"}
    for kind, name in names:
        assert any(fnmatchcase(f"{before[kind]}{name}", arn.split(":", 5)[5]) for arn in _ARNS), name


def test_only_dead_letters_are_received_and_deleted() -> None:
    """The queue's own messages are the consumer's alone."""
    for statement in _POLICY["Statement"]:
        if {"sqs:ReceiveMessage", "sqs:DeleteMessage"} & set(statement["Action"]):
            assert statement["Resource"] == ["arn:aws:sqs:*:*:rdp*-dlq"]


def test_it_reaches_no_stack_of_another_name() -> None:
    """Every resource has the stack's name in it, a mapping its function's, or AWS takes no name for the action."""
    nameless = {"lambda:ListEventSourceMappings", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"}
    for statement in _POLICY["Statement"]:
        assert statement["Effect"] == "Allow"
        if statement["Resource"] == "*":
            assert set(statement["Action"]) <= nameless
        elif statement["Action"] == ["lambda:UpdateEventSourceMapping"]:
            function = "arn:aws:lambda:*:*:function:rdp*-consumer"
            assert statement["Condition"] == {"ArnLike": {"lambda:FunctionArn": function}}
        else:
            assert all(re.search(r"[:/]rdp", arn) for arn in statement["Resource"]), statement


def test_it_makes_and_removes_no_resource() -> None:
    """Who is called at night cannot deploy, change a role or delete a table; a sync may make the lake's own tables."""
    assert {
        action for action in _ALLOWED if re.search(r":(Create|Delete|Put|Update)(?!Item|Message|EventSource)", action)
    } == {"s3tables:CreateNamespace", "s3tables:CreateTable", "s3tables:PutTableData"} | {
        "s3tables:UpdateTableMetadataLocation"
    }


def test_it_fits_into_one_managed_policy() -> None:
    """A person pastes it once."""
    assert len(re.sub(r"\s", "", json.dumps(_POLICY))) <= _MANAGED_POLICY_CHARS
