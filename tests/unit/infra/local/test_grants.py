"""The engine's names for what the template allows."""

import pytest

from infra.local import grants
from infra.local.grants import Policy, Statement


def _policy(*statements: Statement) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("action", "engines", "resource"),
    [
        ("sqs:SendMessage", "sqs:SendMessageBatch", "arn:q"),
        ("sqs:DeleteMessage", "sqs:DeleteMessageBatch", "arn:q"),
        ("sqs:ChangeMessageVisibility", "sqs:ChangeMessageVisibilityBatch", "arn:q"),
        ("dynamodb:PartiQLInsert", "dynamodb:BatchExecuteStatement", "*"),
        ("kinesis:GetRecords", "kinesis:GetRecords", "*"),
        ("s3tables:PutTableData", "s3:PutObject", "*"),
    ],
)
def test_an_allowed_action_is_allowed_under_the_engines_name(action: str, engines: str, resource: str) -> None:
    """On the same resource, or on all where the engine asks for that."""
    policy = _policy({"Effect": "Allow", "Action": action, "Resource": "arn:q"})
    assert grants.engine_policy(policy) == _policy({"Effect": "Allow", "Action": engines, "Resource": resource})


def test_lists_of_actions_are_read() -> None:
    """One statement for each action that has an engine's name."""
    policy = _policy({"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"], "Resource": "arn:q"})
    translated = grants.engine_policy(policy)
    assert translated is not None
    assert [statement["Action"] for statement in translated["Statement"]] == ["sqs:DeleteMessageBatch"]


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Action": "kinesis:PutRecords", "Resource": "arn:s"},
        {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "arn:q"},
    ],
)
def test_nothing_is_granted_that_the_template_does_not_allow(statement: Statement) -> None:
    """No statement that allows such an action, no engine's policy."""
    assert grants.engine_policy(_policy(statement)) is None
