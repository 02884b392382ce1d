"""A stack found by what made it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import stack
from infra.stack import StackError


def test_terraforms_outputs_have_the_templates_names() -> None:
    """Snake case becomes the template's; an output without a value is left out."""
    shown = {
        "api_endpoint": {"value": "https://api", "type": "string"},
        "dead_letter_queue_url": {"value": "https://dlq"},
        "access_table_name": {"value": None},
    }
    found = stack.from_terraform(stack.Place(), json.dumps(shown))
    assert found.ingest_url == "https://api/ingest"
    assert found.dlq_url == "https://dlq"
    assert set(found.outputs) == {"ApiEndpoint", "DeadLetterQueueUrl"}


@pytest.mark.parametrize("shown", ["", "[]", "{}", '{"api_endpoint": 1}', '{"other": {"value": "x"}}'])
def test_anything_else_is_refused_in_words(shown: str) -> None:
    """Another configuration's outputs, or no outputs at all."""
    with pytest.raises(StackError, match=r"terraform"):
        stack.from_terraform(stack.Place(), shown)


class _CloudFormation:
    def __init__(self, status: str, outputs: dict[str, str]) -> None:
        self._status = status
        self._outputs = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        if self._status in {"ABSENT", "EXPIRED"}:
            message = f"Stack with id {StackName} does not exist" if self._status == "ABSENT" else "Expired."
            raise ClientError({"Error": {"Code": "x", "Message": message}}, "DescribeStacks")
        return {"Stacks": [{"StackName": StackName, "StackStatus": self._status, "Outputs": self._outputs}]}


def _found(status: str, **outputs: str) -> stack.Stack:
    place = stack.Place(region="eu-west-1")
    vars(place)["cloudformation"] = _CloudFormation(status, outputs)
    return stack.from_cloudformation(place, "rdp")


@pytest.mark.parametrize(
    ("status", "outputs", "told"),
    [
        ("ABSENT", {}, "There is no stack 'rdp' in region eu-west-1. `rdp deploy --stack rdp` makes it."),
        ("ROLLBACK_COMPLETE", {}, "Its first deployment failed. `rdp deploy --stack rdp` deletes what is left"),
        ("CREATE_IN_PROGRESS", {}, "wait until that ends"),
        ("REVIEW_IN_PROGRESS", {}, "Deploy it first: `rdp deploy --stack rdp`."),
        ("CREATE_COMPLETE", {"Other": "x"}, "Name the stack that `rdp deploy` made"),
    ],
)
def test_a_stack_that_cannot_be_used_says_why_and_what_to_do(status: str, outputs: dict[str, str], told: str) -> None:
    """Absent, never deployed to its end, being deployed, or another program's."""
    with pytest.raises(StackError) as failure:
        _found(status, **outputs)
    assert told in str(failure.value)


def test_another_refusal_is_not_taken_for_an_absent_stack() -> None:
    """Expired credentials say nothing about the stack."""
    with pytest.raises(ClientError, match="Expired"):
        _found("EXPIRED")
    assert _found("UPDATE_ROLLBACK_COMPLETE", ApiEndpoint="https://api").ingest_url == "https://api/ingest"
