"""The engine's own names for IAM actions, granted beside AWS's so that the template holds AWS's alone.

MiniStack 1.5.33 asks for a permission named like the API operation; AWS authorizes some operations under another
action's name (Service Authorization Reference of SQS and DynamoDB, November 2026).
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, NotRequired, TypedDict

import msgspec

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

POLICY_NAME: Final = "engine"

ROLES: Final = ("IngestRoleName", "ConsumerRoleName", "ReaderRoleName", "TenantReaderRoleName")
"""The outputs that name the roles which need grants. Without authentication there is no reader's."""


class Operation(NamedTuple):
    """What the engine asks for: an action, on `resource` or (None) on that of the statement which allows AWS's."""

    name: str
    resource: str | None


class Statement(TypedDict):
    """One statement of a role's policy, as far as it is looked at."""

    Effect: Literal["Allow", "Deny"]
    Action: str | list[str]
    Resource: str | list[str]
    Condition: NotRequired[dict[str, dict[str, str | list[str]]]]


class Policy(TypedDict):
    """A role's inline policy in IAM's own terms."""

    Version: str
    Statement: list[Statement]


OPERATIONS: Final[Mapping[str, Operation]] = {
    "sqs:SendMessage": Operation("sqs:SendMessageBatch", None),
    "sqs:DeleteMessage": Operation("sqs:DeleteMessageBatch", None),
    "sqs:ChangeMessageVisibility": Operation("sqs:ChangeMessageVisibilityBatch", None),
    "dynamodb:PartiQLInsert": Operation("dynamodb:BatchExecuteStatement", "*"),
    # What S3 Tables authorizes by the table is a bucket's there.
    "s3tables:GetTableData": Operation("s3:GetObject", "*"),
    "s3tables:PutTableData": Operation("s3:PutObject", "*"),
}

_ON_ANYTHING: Final = frozenset({"kinesis:GetRecords"})
"""Actions that the engine authorizes on nothing in particular: an iterator does not tell it the stream."""

_ANY_STREAM: Final = ":*"
"""How an ARN ends that means a log group's streams. The engine authorizes writing to them on the group."""

_KEY: Final = "dynamodb:LeadingKeys"
"""A condition key that the engine does not know: what depends on it is refused there, and must be granted without it.
Which tenant's rows a role reads is therefore not enforced on the engine (`rdp verify-isolation` says so)."""


def engine_policy(policy: Policy) -> Policy | None:
    """Return the policy that grants under the engine's names what `policy` allows under AWS's, or None if nothing.

    An action that the template no longer allows is so no longer allowed under the engine's name either.
    """
    statements: list[Statement] = []
    for statement in policy["Statement"]:
        allowed = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        for action in allowed:
            operation = OPERATIONS.get(action)
            if action in _ON_ANYTHING and statement["Effect"] == "Allow":
                statements.append({"Effect": "Allow", "Action": action, "Resource": "*"})
            if operation is not None and statement["Effect"] == "Allow":
                resource = operation.resource or statement["Resource"]
                statements.append({"Effect": "Allow", "Action": operation.name, "Resource": resource})
            if action.startswith("logs:") and str(statement["Resource"]).endswith(_ANY_STREAM):
                group = str(statement["Resource"]).removesuffix(_ANY_STREAM)
                statements.append({"Effect": "Allow", "Action": action, "Resource": group})
        if _KEY in statement.get("Condition", {}).get("Null", {}):
            statements.append({"Effect": "Allow", "Action": allowed, "Resource": statement["Resource"]})
    return {"Version": policy["Version"], "Statement": statements} if statements else None


def grant(iam: "IAMClient", role_name: str) -> None:
    """Give the role, beside each of its inline policies, the engine's equivalent of it."""
    for name in iam.list_role_policies(RoleName=role_name)["PolicyNames"]:
        if name.startswith(POLICY_NAME):
            continue
        document = iam.get_role_policy(RoleName=role_name, PolicyName=name)["PolicyDocument"]
        translated = engine_policy(msgspec.convert(document, Policy))
        if translated is not None:
            iam.put_role_policy(
                RoleName=role_name, PolicyName=f"{POLICY_NAME}-{name}", PolicyDocument=json.dumps(translated)
            )


def revoke(iam: "IAMClient", role_name: str) -> None:
    """Take away what `grant` gave the role."""
    for name in iam.list_role_policies(RoleName=role_name)["PolicyNames"]:
        if name.startswith(POLICY_NAME):
            iam.delete_role_policy(RoleName=role_name, PolicyName=name)
