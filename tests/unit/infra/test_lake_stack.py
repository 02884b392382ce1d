"""The stack of the lake's function, beside a stack that has a table bucket."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from infra import lake_stack
from infra.lake_stack import Code
from infra.lake_where import BUCKET_OUTPUT
from infra.stack import Place, Stack, StackError

_CODE = Code("bucket", b"zip")


class _CloudFormation:
    """One stack in `status` (None: absent); creating it ends with one of its resources failed if `fails`."""

    def __init__(self, status: str | None, *, fails: bool = False) -> None:
        self.status = status
        self.fails = fails
        self.called: list[str] = []
        self.deployed: dict[str, str] = {}

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        if self.status is None:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}}, "x")
        parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.deployed.items()]
        outputs = [{"OutputKey": "RoleName", "OutputValue": "r"}]
        return {"Stacks": [{"StackStatus": self.status, "Parameters": parameters, "Outputs": outputs}]}

    def _take(self, parameters: list[dict[str, str]]) -> None:
        self.deployed = {one["ParameterKey"]: one["ParameterValue"] for one in parameters}

    def create_stack(self, *, Parameters: Any, **_: Any) -> None:  # noqa: N803 - boto3's name
        self.called.append("create")
        self._take(Parameters)
        self.status = "ROLLBACK_COMPLETE" if self.fails else "CREATE_COMPLETE"

    def update_stack(self, *, Parameters: Any, **_: Any) -> None:  # noqa: N803 - boto3's name
        self.called.append("update")
        self._take(Parameters)

    def delete_stack(self, **_: Any) -> None:
        self.called.append("delete")
        self.status = None

    def get_waiter(self, _name: str) -> "_CloudFormation":
        return self

    def wait(self, **_: Any) -> None:
        if self.status == "ROLLBACK_COMPLETE":
            raise WaiterError("StackCreateComplete", "Waiter encountered a terminal failure state", {})

    def get_paginator(self, _operation: str) -> "_CloudFormation":
        return self

    def paginate(self, **_: Any) -> list[Any]:
        events = [
            {"LogicalResourceId": "lake", "ResourceStatus": "ROLLBACK_COMPLETE"},
            {"LogicalResourceId": "Key", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "No more secrets."},
        ]
        return [{"StackEvents": events}]


class _Others:
    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        return {"Runtime": "python3.13", "Architectures": ["arm64"]}

    def head_object(self, **_: Any) -> None:
        return None

    def put_object(self, **_: Any) -> None:
        return None


def _stack(cloudformation: _CloudFormation, bucket: str = "rdp-lake") -> Stack:
    place = Place(region="eu-west-1")
    vars(place).update({"cloudformation": cloudformation, "lambda_": _Others(), "s3": _Others()})
    arn = f"arn:aws:s3tables:eu-west-1:000000000000:bucket/{bucket}"
    named = ("QueueUrl", "TableName", "StreamName", "ConsumerFunctionName")
    return Stack(place, "https://api", {**dict.fromkeys(named, "x"), BUCKET_OUTPUT: arn})


def test_two_stacks_have_two_lakes() -> None:
    """Terraform's outputs do not say the stack's name; its bucket has it, so that none takes the other's lake over."""
    names = [lake_stack.name_of(_stack(_CloudFormation(None), bucket)) for bucket in ("rdp-lake", "other-lake")]
    assert names == ["rdp-lake", "other-lake"]


def test_a_stack_without_a_bucket_says_what_to_deploy() -> None:
    """By the parameter's name, and by the variable's."""
    with pytest.raises(StackError, match=r"Lake=true \(in Terraform lake = true\)"):
        lake_stack.name_of(Stack(Place(), "https://api", {}))


@pytest.mark.parametrize(
    ("status", "called"),
    [(None, ["create"]), ("CREATE_COMPLETE", ["update"]), ("ROLLBACK_COMPLETE", ["delete", "create"])],
)
def test_what_a_failed_first_deployment_left_is_replaced(status: str | None, called: list[str]) -> None:
    """It holds nothing, and CloudFormation does not update it; any other stack is updated."""
    cloudformation = _CloudFormation(status)
    assert lake_stack.deploy(_stack(cloudformation), "rdp-lake", _CODE, {}) == {"RoleName": "r"}
    assert cloudformation.called == called


def test_a_failure_names_the_resource_and_its_reason() -> None:
    """Instead of the waiter's own words."""
    with pytest.raises(StackError) as failure:
        lake_stack.deploy(_stack(_CloudFormation(None, fails=True)), "rdp-lake", _CODE, {})
    assert str(failure.value) == "CloudFormation failed on stack rdp-lake.\n  Key CREATE_FAILED: No more secrets."


def test_an_update_keeps_what_is_not_given() -> None:
    """Without its secret the lake would get a new key and refuse it; without its topic an alarm would call nobody."""
    cloudformation = _CloudFormation(None)
    on = _stack(cloudformation)
    lake_stack.deploy(on, "rdp-lake", _CODE, {"KeySecretArn": "secret", "AlarmTopicArn": "topic", "EveryMinutes": "9"})
    cloudformation.deployed["OfAnOlderTemplate"] = "x"
    lake_stack.deploy(on, "rdp-lake", _CODE, {"EveryMinutes": "2"})
    assert cloudformation.called == ["create", "update"]
    names = ("KeySecretArn", "AlarmTopicArn", "EveryMinutes", "OfAnOlderTemplate")
    assert [cloudformation.deployed.get(name) for name in names] == ["secret", "topic", "2", None]
