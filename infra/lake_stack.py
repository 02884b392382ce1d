"""Deploys the lake's function in its own CloudFormation stack, beside the stack whose stream it reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.exceptions import ClientError, WaiterError

from infra import code_bucket, template_parameters
from infra.lake_where import BUCKET_OUTPUT
from infra.stack import Stack, StackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef, WaiterConfigTypeDef

TEMPLATE: Final = Path(__file__).parent / "cloudformation" / "lake.yaml"

_NO_CHANGES: Final = "No updates are to be performed"
_MOST_REASONS: Final = 10
_POLL: "Final[WaiterConfigTypeDef]" = {"Delay": 2, "MaxAttempts": 450}


class Code(NamedTuple):
    """The package, and the bucket that it is uploaded to."""

    bucket: str
    package: bytes


def name_of(stack: Stack) -> str:
    """Return the name of the lake's stack beside this one: that of its table bucket, NAME-lake.

    Terraform's outputs do not say the stack's own name. A fixed name would take another stack's lake over.

    Raises:
        StackError: the stack has no table bucket.
    """
    if BUCKET_OUTPUT not in stack.outputs:
        raise StackError(
            "The stack has no table bucket for its logs. Deploy it with Lake=true (in Terraform lake = true) first."
        )
    return stack.outputs[BUCKET_OUTPUT].rpartition("/")[2]


def runs_on(stack: Stack) -> tuple[str, str]:
    """Return Lambda's names of the runtime and architecture of the stack's functions; the lake's function uses both."""
    found = stack.place.lambda_.get_function_configuration(FunctionName=stack.outputs["ConsumerFunctionName"])
    return found["Runtime"], found["Architectures"][0]


def deploy(stack: Stack, name: str, code: Code, given: dict[str, str]) -> dict[str, str]:
    """Create the stack `name`, or update it to the template and the package; return its outputs.

    An update keeps the stack's value of each parameter that is not `given`: its key, its alarms' topic, its schedule.
    What a failed first deployment left of the stack `name` is deleted first: it holds nothing, and cannot be updated.

    Raises:
        StackError: CloudFormation failed and rolled back; the text names the resources and AWS's reasons.
    """
    runtime, architecture = runs_on(stack)
    key = code_bucket.upload_package(stack.place, code.bucket, "lake", code.package)
    values = {
        "CodeBucket": code.bucket,
        "CodeKey": key,
        "Runtime": runtime,
        "Architecture": architecture,
        "StreamName": stack.stream_name,
        "TableName": stack.table_name,
        "TableBucketArn": stack.outputs[BUCKET_OUTPUT],
        "ConsumerFunctionName": stack.outputs["ConsumerFunctionName"],
        **given,
    }
    cloudformation = stack.place.cloudformation
    body = TEMPLATE.read_text()
    try:
        found = _describe(stack, name)
        if found is not None and found["StackStatus"] == "ROLLBACK_COMPLETE":
            cloudformation.delete_stack(StackName=name)
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=_POLL)
            found = None
        kept = {} if found is None else {p["ParameterKey"]: p["ParameterValue"] for p in found.get("Parameters", [])}
        declared = template_parameters.read(body)
        parameters: list[ParameterTypeDef] = [
            {"ParameterKey": parameter, "ParameterValue": value}
            for parameter, value in (kept | values).items()
            if parameter in declared
        ]
        if found is not None:
            cloudformation.update_stack(
                StackName=name, TemplateBody=body, Parameters=parameters, Capabilities=["CAPABILITY_IAM"]
            )
            cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig=_POLL)
        else:
            cloudformation.create_stack(
                StackName=name, TemplateBody=body, Parameters=parameters, Capabilities=["CAPABILITY_IAM"]
            )
            cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=_POLL)
    except ClientError as error:
        if _NO_CHANGES not in error.response["Error"].get("Message", ""):
            raise
    except WaiterError as error:
        raise StackError(f"CloudFormation failed on stack {name}.{_reasons(stack, name)}") from error
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def _describe(stack: Stack, name: str) -> "StackTypeDef | None":
    try:
        return stack.place.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise


def _reasons(stack: Stack, name: str) -> str:
    """Return a line for each resource that failed, the newest first; of other deployments, too, if there were some."""
    pages = stack.place.cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
    failed = [
        f"\n  {event['LogicalResourceId']} {event['ResourceStatus']}: {event['ResourceStatusReason']}"
        for page in pages
        for event in page["StackEvents"]
        if event.get("ResourceStatus", "").endswith("FAILED") and event.get("ResourceStatusReason")
    ]
    return "".join(failed[:_MOST_REASONS]) or " CloudFormation names no failed resource."
