"""The engine enforces the template's roles: each function can do its work and nothing else."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.e2e.conftest import LocalStack

_KEY: Final = {"tenant_id": {"S": "t"}, "log_id": {"S": "l"}}


def _as_role(local_stack: "LocalStack", role_output: str) -> Callable[[str], Any]:
    """Return a factory of clients that have the role's permissions. Only root may assume it here besides Lambda."""
    place = local_stack.place
    role = place.iam.get_role(RoleName=local_stack.stack.outputs[role_output])["Role"]
    sts = place.session.client("sts", endpoint_url=place.aws_endpoint_url)
    credentials = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    session = boto3.Session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"], place.region
    )
    return lambda service: session.client(service, endpoint_url=place.aws_endpoint_url)  # type: ignore[call-overload]


_DENIED: Final[dict[str, tuple[str, Callable[[Callable[[str], Any], "LocalStack"], Any]]]] = {
    "ingest reads the table": (
        "IngestRoleName", lambda client, s: client("dynamodb").get_item(TableName=s.stack.table_name, Key=_KEY)),
    "ingest writes the table": (
        "IngestRoleName", lambda client, s: client("dynamodb").put_item(TableName=s.stack.table_name, Item=_KEY)),
    "ingest receives from the queue": (
        "IngestRoleName", lambda client, s: client("sqs").receive_message(QueueUrl=s.stack.queue_url)),
    "ingest sends to the DLQ": (
        "IngestRoleName", lambda client, s: client("sqs").send_message(QueueUrl=s.stack.dlq_url, MessageBody="x")),
    "ingest reads the stream": (
        "IngestRoleName", lambda client, s: client("kinesis").list_shards(StreamName=s.stack.stream_name)),
    "consumer purges the queue": (
        "ConsumerRoleName", lambda client, s: client("sqs").purge_queue(QueueUrl=s.stack.queue_url)),
    "consumer receives from the DLQ": (
        "ConsumerRoleName", lambda client, s: client("sqs").receive_message(QueueUrl=s.stack.dlq_url)),
    "consumer scans the table": (
        "ConsumerRoleName", lambda client, s: client("dynamodb").scan(TableName=s.stack.table_name)),
    "consumer overwrites in the table": (
        "ConsumerRoleName", lambda client, s: client("dynamodb").put_item(TableName=s.stack.table_name, Item=_KEY)),
    "consumer deletes from the table": (
        "ConsumerRoleName", lambda client, s: client("dynamodb").delete_item(TableName=s.stack.table_name, Key=_KEY)),
    "consumer reads another table": (
        "ConsumerRoleName", lambda client, _: client("dynamodb").batch_get_item(RequestItems={"x": {"Keys": [_KEY]}})),
    "consumer reads the stream": (
        "ConsumerRoleName", lambda client, s: client("kinesis").list_shards(StreamName=s.stack.stream_name)),
}  # fmt: skip


@pytest.mark.parametrize(("role", "act"), _DENIED.values(), ids=_DENIED.keys())
def test_what_a_role_must_not_do_is_denied(
    local_stack: "LocalStack", role: str, act: Callable[[Callable[[str], Any], "LocalStack"], Any]
) -> None:
    """An action outside the role is refused as access denied."""
    with pytest.raises(ClientError) as refusal:
        act(_as_role(local_stack, role), local_stack)
    assert "AccessDenied" in refusal.value.response["Error"]["Code"]


def test_a_function_without_its_permission_fails(start_stack: Callable[..., "LocalStack"]) -> None:
    """When the right to enqueue is taken away, ingest answers 500 and stores nothing: it runs as its role."""
    own = start_stack()
    assert own.post_text("iam", "before", "before").status == 202
    role = own.stack.outputs["IngestRoleName"]
    for policy in own.place.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        own.place.iam.delete_role_policy(RoleName=role, PolicyName=policy)

    answer = own.post_text("iam", "after", "after")

    assert answer.status == 500
    assert answer.body["detail"] == "Failed to enqueue message"
    assert int(answer.headers["retry-after"]) > 0
    assert own.row("iam", "after") is None
