"""Grants roles the engine's own names of IAM actions, so that the template has only AWS's names.

MiniStack 1.5.33 requires a permission with the name of the API operation. AWS authorizes some operations under the name
of another action (Service Authorization Reference of SQS and DynamoDB, November 2026).
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, NotRequired, TypedDict

import msgspec

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

POLICY_NAME: Final = "engine"

ROLES: Final = ("IngestRoleName", "ConsumerRoleName", "ReaderRoleName", "TenantReaderRoleName")
"""The outputs that name the roles which need grants. A stack without authentication has no reader role."""


class Operation(NamedTuple):
    """The permission that the engine requires: an action on `resource` (None: on the resource of AWS's statement)."""

    name: str
    resource: str | None


class Statement(TypedDict):
    """One statement of a role's policy, with the members that are used here."""

    Effect: Literal["Allow", "Deny"]
    Action: str | list[str]
    Resource: str | list[str]
    Condition: NotRequired[dict[str, dict[str, str | list[str]]]]


class Policy(TypedDict):
    """A role's inline policy, with IAM's member names."""

    Version: str
    Statement: list[Statement]


OPERATIONS: Final[Mapping[str, Operation]] = {
    "sqs:SendMessage": Operation("sqs:SendMessageBatch", None),
    "sqs:DeleteMessage": Operation("sqs:DeleteMessageBatch", None),
    "sqs:ChangeMessageVisibility": Operation("sqs:ChangeMessageVisibilityBatch", None),
    "dynamodb:PartiQLInsert": Operation("dynamodb:BatchExecuteStatement", "*"),
    # S3 Tables authorizes these on the table; the engine authorizes them as S3 actions on a bucket.
    "s3tables:GetTableData": Operation("s3:GetObject", "*"),
    "s3tables:PutTableData": Operation("s3:PutObject", "*"),
}

_ON_ANYTHING: Final = frozenset({"kinesis:GetRecords"})
"""Actions that the engine authorizes on no particular resource: it does not know the stream of a shard iterator."""

_ANY_STREAM: Final = ":*"
"""The end of an ARN that means all streams of a log group. The engine authorizes writing to them on the group."""

_KEY: Final = "dynamodb:LeadingKeys"
"""A condition key that the engine does not know. It refuses what depends on the key, so this is granted without the
condition: the engine does not enforce which tenant's rows a role reads (`rdp verify-isolation` says so)."""


def engine_policy(policy: Policy) -> Policy | None:
    """Return the policy that allows under the engine's names what `policy` allows under AWS's; None if it is empty.

    So an action that the template no longer allows is not allowed under the engine's name either.
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
    """Add to each inline policy of the role a second one with the engine's names."""
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
    """Remove the policies that `grant` gave the role."""
    for name in iam.list_role_policies(RoleName=role_name)["PolicyNames"]:
        if name.startswith(POLICY_NAME):
            iam.delete_role_policy(RoleName=role_name, PolicyName=name)
