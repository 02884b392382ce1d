"""One deployed stack: its endpoint, its outputs, and AWS clients for it. Nothing here depends on the local engine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

STACK_NAME: Final = "rdp"

_CONFIG: Final = Config(
    connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 4}, s3={"addressing_style": "path"}
)


class StackError(Exception):
    """A failure with a message for a person: what happened, to which input, and what to do."""


class WrongParameterError(StackError):
    """A parameter of a deployment is wrong, and nothing was deployed. The text names each, and what would be right."""


@dataclass(frozen=True)
class Place:
    """An AWS account and region, or an engine that stands for one.

    Without keys the credentials come from the usual AWS sources (environment, profile, role).
    """

    region: str | None = None
    aws_endpoint_url: str | None = None
    profile: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)

    @cached_property
    def session(self) -> boto3.Session:
        """The boto3 session of this place."""
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            region_name=self.region,
            profile_name=self.profile,
        )

    @cached_property
    def account(self) -> str:
        """The id of the caller's account, from STS; that needs no permission."""
        return self.session.client("sts", endpoint_url=self.aws_endpoint_url).get_caller_identity()["Account"]

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """CloudFormation here."""
        return self.session.client("cloudformation", endpoint_url=self.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """CloudWatch here."""
        return self.session.client("cloudwatch", endpoint_url=self.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB here."""
        return self.session.client("dynamodb", endpoint_url=self.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def iam(self) -> "IAMClient":
        """IAM here."""
        return self.session.client("iam", endpoint_url=self.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def kinesis(self) -> "KinesisClient":
        """Kinesis here."""
        return self.session.client("kinesis", endpoint_url=self.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """Lambda here."""
        return self.session.client("lambda", endpoint_url=self.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """CloudWatch Logs here."""
        return self.session.client("logs", endpoint_url=self.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def s3(self) -> "S3Client":
        """S3 here."""
        return self.session.client("s3", endpoint_url=self.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        """SQS here."""
        return self.session.client("sqs", endpoint_url=self.aws_endpoint_url, config=_CONFIG)


@dataclass(frozen=True)
class Stack:
    """A deployed stack: `endpoint` is the HTTP API's base URL without a final slash, `outputs` are the template's."""

    place: Place
    endpoint: str
    outputs: Mapping[str, str]

    @property
    def ingest_url(self) -> str:
        """The URL that takes logs."""
        return f"{self.endpoint}/ingest"

    @property
    def queue_url(self) -> str:
        """The queue's URL."""
        return self.outputs["QueueUrl"]

    @property
    def dlq_url(self) -> str:
        """The dead-letter queue's URL."""
        return self.outputs["DeadLetterQueueUrl"]

    @property
    def stream_name(self) -> str:
        """The Kinesis stream's name."""
        return self.outputs["StreamName"]

    @property
    def table_name(self) -> str:
        """The DynamoDB table's name."""
        return self.outputs["TableName"]


def from_cloudformation(place: Place, name: str = STACK_NAME) -> Stack:
    """Return the stack `name` as CloudFormation describes it.

    Raises:
        StackError: there is no such stack here, or it is another stack than `rdp deploy` makes, or has no outputs.
    """
    outputs = read_outputs(place, name)
    if "ApiEndpoint" not in outputs:
        raise StackError(
            f"Stack {name!r} takes no logs: it has no output ApiEndpoint. Name the stack that `rdp deploy` made: "
            f"--stack."
        )
    return Stack(place=place, endpoint=outputs["ApiEndpoint"], outputs=outputs)


def from_terraform(place: Place, shown: str) -> Stack:
    """Return the stack whose outputs `terraform output -json` has shown.

    Raises:
        StackError: the text is not such output, or it is of another configuration.
    """
    outputs = terraform_outputs(shown)
    if "ApiEndpoint" not in outputs:
        raise StackError(
            "These are not the outputs of infra/terraform: api_endpoint is missing. Give FILE from its folder."
        )
    return Stack(place=place, endpoint=outputs["ApiEndpoint"], outputs=outputs)


def terraform_outputs(shown: str) -> dict[str, str]:
    """Return the outputs that `terraform output -json` has shown, under the template's names.

    Raises:
        StackError: the text is not such output.
    """
    try:
        outputs: dict[str, dict[str, str | None]] = json.loads(shown)
        values = {"".join(map(str.capitalize, name.split("_"))): output["value"] for name, output in outputs.items()}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise StackError(f"This is not what `terraform output -json` prints: {error!r}") from error
    return {name: value for name, value in values.items() if value is not None}


def read_outputs(place: Place, name: str) -> dict[str, str]:
    """Return the outputs of the stack `name`.

    Raises:
        StackError: there is no such stack here, or it has no outputs.
    """
    try:
        described = place.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in error.response["Error"].get("Message", ""):
            raise
        raise StackError(
            f"There is no stack {name!r} in region {place.session.region_name}. `rdp deploy --stack {name}` makes it. "
            f"If it is elsewhere, name its --region or --profile."
        ) from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    if not outputs:
        raise StackError(f"Stack {name!r} is {described['StackStatus']} and has no outputs. {_first(described)}")
    return outputs


def _first(described: "StackTypeDef") -> str:
    """Return what to do with a stack that was never deployed to its end."""
    name, status = described["StackName"], described["StackStatus"]
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        return "Another program changes it now: wait until that ends."
    if status == "ROLLBACK_COMPLETE":
        return (
            f"Its first deployment failed. `rdp deploy --stack {name}` deletes what is left, deploys it again, and "
            f"names the resource that fails."
        )
    return f"Deploy it first: `rdp deploy --stack {name}`."
