"""A deployment's steps against a CloudFormation that answers from a script."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import deployment
from infra.changeset import Change, Event
from infra.deployment import Proposal, Target
from infra.stack import StackError
from infra.template_parameters import Parameter

_DECLARED = {"BatchSize": Parameter("BatchSize", True, "5", None, None, None, None)}  # noqa: FBT003 - a row
_TARGET = Target(values={"BatchSize": "5"}, declared=_DECLARED, deployed={"BatchSize": "7"})
_SUCCESS = (("Queue", "CREATE_COMPLETE", ""), ("s", "CREATE_COMPLETE", ""))


class _CloudFormation:
    """One stack in `status` (None: absent). Executing or deleting brings the scripted events, one a look."""

    def __init__(self, status: str | None, *script: tuple[str, str, str], change_set: str = "CREATE_COMPLETE") -> None:
        self.status = status
        self.script = list(script)
        self.change_set = change_set
        self.happened: list[dict[str, str]] = [
            {"EventId": "0", "LogicalResourceId": "s", "ResourceStatus": "CREATE_COMPLETE"}
        ]
        self.running = False
        self.called: list[str] = []
        self.created: dict[str, Any] = {}

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        if self.status is None:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}}, "x")
        parameters = [{"ParameterKey": "BatchSize", "ParameterValue": "7"}]
        return {
            "Stacks": [{"StackId": "arn:s", "StackName": "s", "StackStatus": self.status, "Parameters": parameters}]
        }

    def create_change_set(self, **request: Any) -> dict[str, str]:
        self.created = request
        return {"Id": "cs"}

    def describe_change_set(self, **_request: str) -> dict[str, Any]:
        reason = "The submitted information didn't contain changes." if self.change_set == "FAILED" else ""
        return {"Status": self.change_set, "StatusReason": reason, "Changes": []}

    def execute_change_set(self, **_request: str) -> None:
        self.running = True

    def delete_stack(self, **_request: str) -> None:
        self.called.append("delete_stack")
        self.running = True

    def delete_change_set(self, **_request: str) -> None:
        self.called.append("delete_change_set")

    def get_paginator(self, operation: str) -> Any:
        return self if operation == "describe_stack_events" else _Pages(self.describe_change_set())

    def paginate(self, **_request: str) -> list[dict[str, Any]]:
        if self.running and self.script:
            logical_id, status, reason = self.script.pop(0)
            event = {"LogicalResourceId": logical_id, "ResourceStatus": status, "ResourceStatusReason": reason}
            self.happened.append({"EventId": str(len(self.happened)), **event})
        return [{"StackEvents": self.happened[::-1]}]


class _Pages:
    def __init__(self, page: dict[str, Any]) -> None:
        self._page = page

    def paginate(self, **_request: str) -> list[dict[str, Any]]:
        return [self._page]


class _Place:
    def __init__(self, cloudformation: _CloudFormation) -> None:
        self.cloudformation = cloudformation


def _execute(
    cloudformation: _CloudFormation, tell: Callable[[Event], None] = lambda _: None, *, timeout_s: float = 60
) -> None:
    place: Any = _Place(cloudformation)
    proposal = Proposal("s", "cs", creates=False, changes=[])
    deployment.execute(place, proposal, tell=tell, timeout_s=timeout_s, poll_s=0.001)


def _propose(cloudformation: _CloudFormation, **options: Any) -> Proposal | None:
    place: Any = _Place(cloudformation)
    return deployment.propose(place, "s", {"New": "1"}, _TARGET, template_url="https://b/t", timeout_s=60, **options)


def test_the_end_is_the_stacks_own_new_event() -> None:
    """Neither the status that the stack had before, nor an old event, ends the wait; each new event is told once."""
    told: list[str] = []
    _execute(_CloudFormation("UPDATE_COMPLETE", *_SUCCESS), lambda event: told.append(event.logical_id))
    assert told == ["Queue"]


def test_a_failure_is_told_with_resource_and_reason() -> None:
    """What was only cancelled is left out."""
    script = (
        ("Queue", "CREATE_FAILED", "Invalid value."),
        ("Table", "CREATE_FAILED", "Resource creation cancelled"),
        ("s", "ROLLBACK_IN_PROGRESS", ""),
        ("s", "ROLLBACK_COMPLETE", ""),
    )
    with pytest.raises(StackError) as failure:
        _execute(_CloudFormation("REVIEW_IN_PROGRESS", *script))
    assert str(failure.value) == "Stack 's' is ROLLBACK_COMPLETE.\n  Queue CREATE_FAILED: Invalid value."


def test_a_protected_table_says_what_to_do() -> None:
    """The hint follows AWS's own reason."""
    reason = "Resource cannot be deleted as it is currently protected. Disable deletion protection first."
    script = (("Table", "DELETE_FAILED", reason), ("s", "DELETE_FAILED", ""))
    place: Any = _Place(_CloudFormation("CREATE_COMPLETE", *script))
    with pytest.raises(StackError, match="DeletionProtection=false"):
        deployment.destroy(place, "s", tell=lambda _: None, timeout_s=60, poll_s=0.001)


def test_a_deployment_that_does_not_end_is_an_error() -> None:
    """After the time given."""
    with pytest.raises(StackError, match="still changes"):
        _execute(_CloudFormation("UPDATE_COMPLETE", ("Queue", "UPDATE_IN_PROGRESS", "")), timeout_s=0.2)


def test_an_update_keeps_the_stacks_values() -> None:
    """And with `reset` it does not."""
    cloudformation = _CloudFormation("CREATE_COMPLETE")
    assert _propose(cloudformation) == Proposal("s", "cs", creates=False, changes=[])
    assert cloudformation.created["ChangeSetType"] == "UPDATE"
    assert cloudformation.created["TemplateURL"] == "https://b/t"
    assert {"ParameterKey": "BatchSize", "UsePreviousValue": True} in cloudformation.created["Parameters"]
    _propose(cloudformation, reset=True)
    assert cloudformation.created["Parameters"] == [{"ParameterKey": "New", "ParameterValue": "1"}]


def test_what_was_changed_by_hand_is_put_back_on_request() -> None:
    """By CloudFormation's own mode, which only an update has."""
    for status, asked, mode in (
        ("CREATE_COMPLETE", True, "REVERT_DRIFT"),
        ("CREATE_COMPLETE", False, None),
        (None, True, None),
    ):
        cloudformation = _CloudFormation(status)
        _propose(cloudformation, revert_drift=asked)
        assert cloudformation.created.get("DeploymentMode") == mode


def test_what_will_hold_is_what_the_stack_has() -> None:
    """But for what is given; `reset` and a stack that was never created have the template's defaults."""
    place: Any = _Place(_CloudFormation("UPDATE_COMPLETE"))
    kept = deployment.target(place, "s", {"RetentionDays": "7"})
    assert (kept.values["BatchSize"], kept.values["RetentionDays"], kept.deployed) == ("7", "7", {"BatchSize": "7"})
    assert deployment.target(place, "s", {}, reset=True).values["BatchSize"] == "5"
    for status in (None, "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"):
        place = _Place(_CloudFormation(status))
        new = deployment.target(place, "s", {})
        assert (new.values["BatchSize"], new.deployed) == ("5", None)


def test_no_changes_is_no_proposal() -> None:
    """The empty change set is deleted again, the stack is not."""
    cloudformation = _CloudFormation("CREATE_COMPLETE", change_set="FAILED")
    assert _propose(cloudformation) is None
    assert cloudformation.called == ["delete_change_set"]


def test_another_deployment_is_waited_for() -> None:
    """By the operator: this one is refused."""
    with pytest.raises(StackError, match="another deployment is running"):
        _propose(_CloudFormation("UPDATE_IN_PROGRESS"))


def test_only_an_empty_failed_stack_is_replaced_and_not_in_a_dry_run() -> None:
    """ROLLBACK_COMPLETE holds nothing; a dry run must not even delete that."""
    failed = _CloudFormation("ROLLBACK_COMPLETE", ("s", "DELETE_COMPLETE", ""))
    with pytest.raises(StackError, match="ROLLBACK_COMPLETE"):
        _propose(failed, dry_run=True)
    assert failed.called == []
    proposal = _propose(failed)
    assert proposal is not None
    assert proposal.creates
    assert failed.called == ["delete_stack"]

    left = _CloudFormation("DELETE_FAILED")
    assert _propose(left) is not None
    assert left.called == []  # It may hold logs.


@pytest.mark.parametrize(
    ("status", "to_do"),
    [("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name s"), ("DELETE_FAILED", "rdp destroy")],
)
def test_a_stack_that_no_deployment_can_change_says_what_to_do(status: str, to_do: str) -> None:
    """AWS's own sentence names the state, and not the way out of it."""

    class Refuses(_CloudFormation):
        def create_change_set(self, **_request: Any) -> dict[str, str]:
            message = f"Stack:s is in {status} state and can not be updated."
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "CreateChangeSet")

    with pytest.raises(StackError, match=rf"can not be updated\. Stack 's' is {status}\..*{to_do}"):
        _propose(Refuses(status))


def test_withdrawing_a_first_deployment_removes_its_empty_stack() -> None:
    """A change set for a stack that exists leaves it alone."""
    for creates, called in ((True, ["delete_change_set", "delete_stack"]), (False, ["delete_change_set"])):
        cloudformation = _CloudFormation("REVIEW_IN_PROGRESS")
        place: Any = _Place(cloudformation)
        deployment.withdraw(place, Proposal("s", "cs", creates=creates, changes=[Change("Add", "Q", "T", "")]))
        assert cloudformation.called == called


def test_a_stack_that_is_not_there_is_said() -> None:
    """By name."""
    place: Any = _Place(_CloudFormation(None))
    with pytest.raises(StackError, match="no stack 's'"):
        deployment.resources(place, "s")
