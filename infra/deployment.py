"""Puts the packages into a bucket and the template into CloudFormation: create or update, in any place."""

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from infra.package import Function
from infra.stack import Place, StackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, TemplateParameterTypeDef

TEMPLATE: Final = Path(__file__).parent / "cloudformation" / "template.yaml"

_CODE_KEYS: Final[Mapping[Function, str]] = {"ingest": "IngestCodeKey", "consumer": "ConsumerCodeKey"}
_NEVER_CREATED: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})


def upload(place: Place, bucket: str, packages: Mapping[Function, bytes]) -> dict[str, str]:
    """Put the packages (function name -> zip) into `bucket`; return the template's code parameters.

    A key names its content, so that an update replaces a function's code exactly when the code changed.
    """
    parameters = code_parameters(bucket, packages)
    for name, package in packages.items():
        place.s3.put_object(Bucket=bucket, Key=parameters[_CODE_KEYS[name]], Body=package)
    return parameters


def code_parameters(bucket: str, packages: Mapping[Function, bytes]) -> dict[str, str]:
    """Return the template's code parameters for these packages in this bucket."""
    keys = {_CODE_KEYS[n]: f"{n}-{hashlib.sha256(p).hexdigest()[:32]}.zip" for n, p in packages.items()}
    return {"CodeBucket": bucket} | keys


def deploy(
    place: Place, name: str, parameters: Mapping[str, str], *, timeout_s: float = 900, poll_s: float = 2
) -> None:
    """Create or update the stack `name` from the template and wait until it is complete.

    A parameter that is not given takes the template's default, also in an update.

    Raises:
        StackError: CloudFormation refuses the template or a parameter, a resource fails, or it takes too long.
    """
    template = TEMPLATE.read_text()
    known = {parameter["ParameterKey"] for parameter in _declared(place, template)}
    for key in parameters:
        if key not in known:
            raise StackError(f"The template has no parameter {key!r}. It has: {', '.join(sorted(known))}.")
    arguments: Any = {
        "StackName": name,
        "TemplateBody": template,
        "Parameters": [_parameter(key, value) for key, value in parameters.items()],
        "Capabilities": ["CAPABILITY_IAM"],
    }
    deadline_s = time.monotonic() + timeout_s
    status = _status(place, name)
    if status in _NEVER_CREATED:
        place.cloudformation.delete_stack(StackName=name)
        _await_end(place, name, deadline_s, poll_s)
        status = None
    try:
        if status is None:
            place.cloudformation.create_stack(**arguments)
        else:
            place.cloudformation.update_stack(**arguments)
    except ClientError as error:
        message = error.response["Error"].get("Message", "")
        if "No updates are to be performed" in message:
            return
        raise StackError(f"CloudFormation refuses the deployment of stack {name!r}: {message}") from error
    status = _await_end(place, name, deadline_s, poll_s)
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        raise StackError(f"Stack {name!r} is {status}. {_first_failure(place, name)}")


def _declared(place: Place, template: str) -> "list[TemplateParameterTypeDef]":
    return place.cloudformation.validate_template(TemplateBody=template)["Parameters"]


def _parameter(key: str, value: str) -> "ParameterTypeDef":
    return {"ParameterKey": key, "ParameterValue": value}


def _status(place: Place, name: str) -> str | None:
    try:
        return place.cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise


def _await_end(place: Place, name: str, deadline_s: float, poll_s: float) -> str | None:
    while (status := _status(place, name)) is not None and status.endswith("_IN_PROGRESS"):
        if time.monotonic() > deadline_s:
            raise StackError(f"Stack {name!r} is still {status}. Look at its events in CloudFormation.")
        time.sleep(poll_s)
    return status


def _first_failure(place: Place, name: str) -> str:
    events = [
        event
        for page in place.cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
        for event in page["StackEvents"]
    ]
    # Newest first; the events before this operation's own start are an older one's.
    for i, event in enumerate(events):
        started = event.get("ResourceStatusReason") == "User Initiated"
        if started and event.get("LogicalResourceId") == name:
            events = events[: i + 1]
            break
    for event in reversed(events):
        if event.get("ResourceStatus", "").endswith("_FAILED"):
            return f"{event['LogicalResourceId']} failed: {event.get('ResourceStatusReason', 'no reason given')}"
    return "CloudFormation names no failed resource."
