"""Deploys the lake's function in its own CloudFormation stack, beside the stack whose stream it reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from botocore.exceptions import ClientError, WaiterError

from infra import code_bucket
from infra.lake_where import BUCKET_OUTPUT
from infra.stack import Stack, StackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, WaiterConfigTypeDef

TEMPLATE: Final = Path(__file__).parent / "cloudformation" / "lake.yaml"

_NO_CHANGES: Final = "No updates are to be performed"
_POLL: "Final[WaiterConfigTypeDef]" = {"Delay": 2, "MaxAttempts": 450}


class Code(NamedTuple):
    """The package, and the bucket that it is uploaded to."""

    bucket: str
    package: bytes


def name_of(stack_name: str) -> str:
    """Return the name of the lake's stack beside this one."""
    return f"{stack_name}-lake"


def runs_on(stack: Stack) -> tuple[str, str]:
    """Return Lambda's names of the runtime and architecture of the stack's functions; the lake's function uses both."""
    found = stack.place.lambda_.get_function_configuration(FunctionName=stack.outputs["ConsumerFunctionName"])
    return found["Runtime"], found["Architectures"][0]


def deploy(stack: Stack, name: str, code: Code, given: dict[str, str]) -> dict[str, str]:
    """Create the stack `name`, or update it to the template and the package; return its outputs.

    Raises:
        StackError: the stack has no table bucket, or CloudFormation failed and rolled back.
    """
    if BUCKET_OUTPUT not in stack.outputs:
        raise StackError("The stack has no table bucket: deploy it with Lake=true first.")
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
    parameters: list[ParameterTypeDef] = [
        {"ParameterKey": parameter, "ParameterValue": value} for parameter, value in values.items()
    ]
    cloudformation = stack.place.cloudformation
    body = TEMPLATE.read_text()
    try:
        if _is_there(stack, name):
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
        raise StackError(f"CloudFormation failed on {name}: look at its events. {error}") from error
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def _is_there(stack: Stack, name: str) -> bool:
    try:
        stack.place.cloudformation.describe_stacks(StackName=name)
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return False
        raise
    return True
