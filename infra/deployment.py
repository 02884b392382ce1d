"""Deploys a stack by change set, which is proposed, shown, executed and watched; and deletes a stack."""

import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from infra import changeset, template_parameters
from infra.changeset import Change, Event
from infra.stack import Place, StackError
from infra.template_parameters import Parameter

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

TEMPLATE: Final = Path(__file__).parent / "cloudformation" / "template.yaml"

_NEVER_CREATED: Final = "ROLLBACK_COMPLETE"  # After a failed first deployment: empty, and can't be updated.
_STUCK: Final[Mapping[str, str]] = {
    "UPDATE_ROLLBACK_FAILED": "Mend the resource that the stack's events name. Then run "
    "`aws cloudformation continue-update-rollback --stack-name {name}`, and deploy again.",
} | dict.fromkeys(
    ("CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_FAILED"),
    "It can only be deleted, with every log in it: `rdp destroy --stack {name}`. Then deploy again.",
)
"""What to do with a stack in a state that no deployment can change.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html (November 2026)"""

_NO_CHANGES: Final = ("didn't contain changes", "No updates are to be performed")


class Target(NamedTuple):
    """The parameters' values after the deployment, their declarations, and their values now (None: no stack)."""

    values: dict[str, str]
    declared: Mapping[str, Parameter]
    deployed: dict[str, str] | None


class Proposal(NamedTuple):
    """A change set that is not executed yet."""

    stack_name: str
    change_set_id: str
    creates: bool
    changes: list[Change]


def target(place: Place, name: str, given: Mapping[str, str], *, reset: bool = False) -> Target:
    """Return the parameters of a deployment with the `given` ones. With `reset` the others take their defaults."""
    declared = template_parameters.read(TEMPLATE.read_text())
    defaults = {parameter.name: parameter.default or "" for parameter in declared.values()}
    stack = _describe(place, name)
    deployed = None
    if stack is not None and stack["StackStatus"] not in {_NEVER_CREATED, "REVIEW_IN_PROGRESS"}:
        deployed = {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", [])}
    kept = {} if reset else {n: v for n, v in (deployed or {}).items() if n in defaults}
    return Target(defaults | kept | dict(given), declared, deployed)


def propose(
    place: Place,
    name: str,
    given: Mapping[str, str],
    goal: Target,
    *,
    template_url: str,
    reset: bool = False,
    dry_run: bool = False,
    revert_drift: bool = False,
    timeout_s: float = 300,
    poll_s: float = 0.5,
) -> Proposal | None:
    """Return the change set that brings the stack `name` to the template, or None when there is nothing to change.

    `template_url` is where `code_bucket.upload_template` put `TEMPLATE`, which is too large for a call's body. What a
    failed first deployment left of the stack is deleted first, but not for a dry run. With `revert_drift` changes made
    by hand are undone too ("Using drift-aware change sets", CloudFormation's user guide, November 2026). Without it
    CloudFormation compares with the last template, and not with the resources as they are.

    Raises:
        StackError: CloudFormation refuses it, another deployment runs, or a dry run would have to delete.
    """
    stack = _describe(place, name)
    status = stack["StackStatus"] if stack else None
    if status == _NEVER_CREATED:
        if dry_run:
            raise StackError(
                f"Stack {name!r} is {status} and must be deleted first: use `rdp destroy`, or deploy without "
                f"--dry-run, which "
                f"deletes it."
            )
        destroy(place, name, tell=lambda _: None, timeout_s=timeout_s)
        status = None
    elif status is not None and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise StackError(f"Stack {name!r} is {status}: another deployment is running. Wait until it ends.")
    creates = status in {None, "REVIEW_IN_PROGRESS"}
    deployed = () if creates or reset else (goal.deployed or ())
    mode: dict[str, Any] = {} if creates or not revert_drift else {"DeploymentMode": "REVERT_DRIFT"}
    try:
        change_set_id = place.cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=f"rdp-{uuid.uuid4().hex}",
            ChangeSetType="CREATE" if creates else "UPDATE",
            TemplateURL=template_url,
            Parameters=changeset.parameters(given, declared=goal.declared, deployed=deployed),
            Capabilities=["CAPABILITY_IAM"],
            **mode,
        )["Id"]
    except ClientError as error:
        way_out = _STUCK.get(status or "", "").format(name=name)
        hint = f" Stack {name!r} is {status}. {way_out}" if way_out else ""
        refused = str(error.response["Error"].get("Message")).rstrip(".")
        raise StackError(f"CloudFormation refused the change set: {refused}.{hint}") from error
    described = _await_change_set(place, name, change_set_id, timeout_s, poll_s)
    if described["Status"] == "FAILED":
        withdraw(place, Proposal(name, change_set_id, creates, []))
        reason = described.get("StatusReason", "no reason given")
        if any(words in reason for words in _NO_CHANGES):
            return None
        raise StackError(f"CloudFormation could not make the change set: {reason}")
    return Proposal(name, change_set_id, creates, changeset.changes(_all_changes(place, name, change_set_id)))


def withdraw(place: Place, proposal: Proposal) -> None:
    """Delete the change set, and the empty stack that CloudFormation made to hold it."""
    place.cloudformation.delete_change_set(StackName=proposal.stack_name, ChangeSetName=proposal.change_set_id)
    if proposal.creates:
        place.cloudformation.delete_stack(StackName=proposal.stack_name)


def execute(
    place: Place,
    proposal: Proposal,
    *,
    tell: Callable[[Event], None],
    timeout_s: float = 1800,
    poll_s: float = 2,
) -> None:
    """Execute the change set and wait for its end; `tell` gets each event.

    Raises:
        StackError: a resource fails (the text has its name and AWS's reason; CloudFormation rolls back), or it takes
            too long.
    """
    stack_id = _known(_describe(place, proposal.stack_name), proposal.stack_name)["StackId"]
    known = {event.event_id for event in _events(place, stack_id, set())}
    place.cloudformation.execute_change_set(StackName=proposal.stack_name, ChangeSetName=proposal.change_set_id)
    status, failures = _watch(
        place, stack_id, proposal.stack_name, known, tell=tell, timeout_s=timeout_s, poll_s=poll_s
    )
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        raise StackError(_told(proposal.stack_name, status, failures))


def destroy(
    place: Place, name: str, *, tell: Callable[[Event], None], timeout_s: float = 1800, poll_s: float = 2
) -> None:
    """Delete the stack and wait for its end; `tell` gets each event.

    Raises:
        StackError: there is no such stack, or a resource can't be deleted.
    """
    stack_id = _known(_describe(place, name), name)["StackId"]
    known = {event.event_id for event in _events(place, stack_id, set())}
    place.cloudformation.delete_stack(StackName=name)
    status, failures = _watch(place, stack_id, name, known, tell=tell, timeout_s=timeout_s, poll_s=poll_s)
    if status != "DELETE_COMPLETE":
        raise StackError(_told(name, status, failures))


def resources(place: Place, name: str) -> set[str]:
    """Return the logical ids of the stack's resources.

    Raises:
        StackError: there is no such stack.
    """
    stack_id = _known(_describe(place, name), name)["StackId"]
    pages = place.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    return {resource["LogicalResourceId"] for page in pages for resource in page["StackResourceSummaries"]}


def changed_parameters(place: Place, name: str) -> dict[str, str]:
    """Return the stack's parameters that differ from the template's defaults, in the template's order."""
    goal = target(place, name, {})
    deployed = goal.deployed or {}
    return {
        parameter.name: deployed[parameter.name]
        for parameter in goal.declared.values()
        if parameter.default is not None and deployed.get(parameter.name, parameter.default) != parameter.default
    }


def is_protected(place: Place, name: str) -> bool:
    """Say whether the stack was deployed with DeletionProtection.

    If it was, its table would refuse to be deleted when everything around it is gone already. A stack that does not
    exist is not protected.
    """
    stack = _describe(place, name)
    parameters = stack.get("Parameters", []) if stack else []
    return any((p["ParameterKey"], p["ParameterValue"]) == ("DeletionProtection", "true") for p in parameters)


def _watch(
    place: Place,
    stack_id: str,
    name: str,
    known: set[str],
    *,
    tell: Callable[[Event], None],
    timeout_s: float,
    poll_s: float,
) -> tuple[str, list[Event]]:
    """Wait for the end of the deployment; return the stack's last status and the resources that failed.

    It waits for the stack's own event, because the stack's status could still be that of the deployment before.
    """
    deadline_s = time.monotonic() + timeout_s
    failures: list[Event] = []
    while True:
        for event in _events(place, stack_id, known):
            known.add(event.event_id)
            if event.logical_id != name:
                tell(event)
                failures.extend([event] if event.failed else [])
            elif not event.status.endswith("_IN_PROGRESS"):
                return event.status, failures
        if time.monotonic() > deadline_s:
            raise StackError(f"Stack {name!r} still changes after {timeout_s:.0f} s. Look at its events.")
        time.sleep(poll_s)


def _told(name: str, status: str, failures: list[Event]) -> str:
    reasons = "".join(
        f"\n  {event.logical_id} {event.status}: {event.reason or 'no reason given'}" for event in failures
    )
    hint = "\nDeploy with DeletionProtection=false first." if "eletion protection" in reasons else ""
    return f"Stack {name!r} is {status}.{reasons or ' CloudFormation names no failed resource.'}{hint}"


def _describe(place: Place, name: str) -> "StackTypeDef | None":
    try:
        return place.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise


def _known(stack: "StackTypeDef | None", name: str) -> "StackTypeDef":
    if stack is None or "StackId" not in stack:
        raise StackError(f"There is no stack {name!r} here. Check --stack, --region and --profile.")
    return stack


def _events(place: Place, stack_id: str, known: set[str]) -> list[Event]:
    pages = place.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return changeset.events((event for page in pages for event in page["StackEvents"]), known)


def _await_change_set(place: Place, name: str, change_set_id: str, timeout_s: float, poll_s: float) -> Any:
    deadline_s = time.monotonic() + timeout_s
    while True:
        described = place.cloudformation.describe_change_set(StackName=name, ChangeSetName=change_set_id)
        if described["Status"] in {"CREATE_COMPLETE", "FAILED"}:
            return described
        if time.monotonic() > deadline_s:
            raise StackError(f"The change set of {name!r} is still {described['Status']} after {timeout_s:.0f} s.")
        time.sleep(poll_s)


def _all_changes(place: Place, name: str, change_set_id: str) -> list[Any]:
    pages = place.cloudformation.get_paginator("describe_change_set").paginate(
        StackName=name, ChangeSetName=change_set_id
    )
    return [change for page in pages for change in page.get("Changes", [])]
