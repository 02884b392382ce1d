"""Every allowed action is needed: taken away, the right thing fails, and given back, it works again."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError

from infra import tenant_reader
from infra.local import grants
from ingest.contract.message import InternalMessage, encode
from tests.infra import configuration

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

Clients = Callable[[str], Any]

_TEMPLATE: Final = configuration.template()
_KEY: Final = {"tenant_id": {"S": "iam"}, "log_id": {"S": "l"}}
_DENIED: Final = {"AccessDenied", "AccessDeniedException"}


@pytest.fixture(scope="module")
def own(start_stack: "StartStack") -> "LocalStack":
    """A stack of its own: its roles are changed."""
    return start_stack()


def _entries(stack: "LocalStack", **values: Any) -> dict[str, Any]:
    return {"QueueUrl": stack.stack.queue_url, "Entries": [{"Id": "0", "ReceiptHandle": "none", **values}]}


def _log_stream(client: Clients, group: str, name: str) -> None:
    client("logs").create_log_stream(logGroupName=group, logStreamName=name)


def _put_events(client: Clients, group: str) -> None:
    events = [{"timestamp": time.time_ns() // 1_000_000, "message": "x"}]
    client("logs").put_log_events(logGroupName=group, logStreamName="test", logEvents=events)


def _insert(client: Clients, stack: "LocalStack") -> None:
    statement = f"INSERT INTO \"{stack.stack.table_name}\" VALUE {{'tenant_id': 'iam', 'log_id': 'l'}}"
    answer = client("dynamodb").batch_execute_statement(Statements=[{"Statement": statement}])
    if error := answer["Responses"][0].get("Error"):
        raise ClientError({"Error": {"Code": error["Code"], "Message": ""}}, "BatchExecuteStatement")


def _put_records(client: Clients, stack: "LocalStack") -> None:
    client("kinesis").put_records(
        StreamName=stack.stack.stream_name, Records=[{"Data": b"x", "PartitionKey": "not-a-tenant"}]
    )


_ACTS: Final[dict[tuple[str, str, str], Callable[[Clients, "LocalStack"], object]]] = {
    # Entries that no queue has: allowed, they fail one by one in an answer of their own; denied, the call fails.
    ("IngestRole", "Queue", "sqs:SendMessage"): lambda client, s: client("sqs").send_message_batch(
        QueueUrl=s.stack.queue_url,
        Entries=[{"Id": "0", "MessageBody": "x", "DelaySeconds": 901}],
    ),
    ("IngestRole", "Stream", "kinesis:PutRecords"): _put_records,
    ("IngestRole", "IngestLogGroup", "logs:CreateLogStream"): lambda client, s: _log_stream(
        client, s.stack.outputs["IngestLogGroupName"], f"test-{time.time_ns()}"
    ),
    ("IngestRole", "IngestLogGroup", "logs:PutLogEvents"): lambda client, s: _put_events(
        client, s.stack.outputs["IngestLogGroupName"]
    ),
    ("ConsumerRole", "Queue", "sqs:ReceiveMessage"): lambda client, s: client("sqs").receive_message(
        QueueUrl=s.stack.queue_url
    ),
    ("ConsumerRole", "Queue", "sqs:DeleteMessage"): lambda client, s: client("sqs").delete_message_batch(**_entries(s)),
    ("ConsumerRole", "Queue", "sqs:GetQueueAttributes"): lambda client, s: client("sqs").get_queue_attributes(
        QueueUrl=s.stack.queue_url
    ),
    ("ConsumerRole", "Queue", "sqs:ChangeMessageVisibility"): lambda client, s: client(
        "sqs"
    ).change_message_visibility_batch(**_entries(s, VisibilityTimeout=1)),
    ("ConsumerRole", "Queue", "sqs:SendMessage"): lambda client, s: client("sqs").send_message_batch(
        QueueUrl=s.stack.queue_url, Entries=[{"Id": "0", "MessageBody": "x", "DelaySeconds": 901}]
    ),
    ("ConsumerRole", "DeadLetterQueue", "sqs:SendMessage"): lambda client, s: client("sqs").send_message_batch(
        QueueUrl=s.stack.dlq_url, Entries=[{"Id": "0", "MessageBody": "x", "DelaySeconds": 901}]
    ),
    ("ConsumerRole", "Table", "dynamodb:PartiQLInsert"): _insert,
    ("ConsumerRole", "Table", "dynamodb:BatchGetItem"): lambda client, s: client("dynamodb").batch_get_item(
        RequestItems={s.stack.table_name: {"Keys": [_KEY]}}
    ),
    ("ConsumerRole", "Stream", "kinesis:PutRecords"): _put_records,
    ("ConsumerRole", "ConsumerLogGroup", "logs:CreateLogStream"): lambda client, s: _log_stream(
        client, s.stack.outputs["ConsumerLogGroupName"], f"test-{time.time_ns()}"
    ),
    ("ConsumerRole", "ConsumerLogGroup", "logs:PutLogEvents"): lambda client, s: _put_events(
        client, s.stack.outputs["ConsumerLogGroupName"]
    ),
    ("TenantReaderRole", "Table", "dynamodb:GetItem"): lambda client, s: client("dynamodb").get_item(
        TableName=s.stack.table_name, Key=_KEY
    ),
    ("TenantReaderRole", "Table", "dynamodb:BatchGetItem"): lambda client, s: client("dynamodb").batch_get_item(
        RequestItems={s.stack.table_name: {"Keys": [_KEY]}}
    ),
    ("TenantReaderRole", "Table", "dynamodb:Query"): lambda client, s: client("dynamodb").query(
        TableName=s.stack.table_name,
        KeyConditionExpression="tenant_id = :t",
        ExpressionAttributeValues={":t": {"S": "iam"}},
    ),
}


def _allowed() -> set[tuple[str, str, str]]:
    """Every (role, resource, action) that the template allows by default, without what authentication adds."""
    return {
        (role, resource_named.partition(">")[0].strip("<"), action)
        for role, resource in _TEMPLATE["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role" and "Condition" not in resource
        for statement in _statements(role)
        for resource_named in _listed(statement["Resource"])  # A table's indexes go with the table.
        for action in _listed(statement["Action"])
    }


def _statements(role: str) -> list[dict[str, Any]]:
    (policy,) = configuration.resolved(_TEMPLATE, _TEMPLATE["Resources"][role]["Properties"]["Policies"])
    statements: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return statements


def _listed(actions: str | list[str]) -> list[str]:
    return actions if isinstance(actions, list) else [actions]


def _clients(stack: "LocalStack", role: str) -> Clients:
    arn = stack.place.iam.get_role(RoleName=stack.stack.outputs[f"{role}Name"])["Role"]["Arn"]
    if role == "TenantReaderRole":
        session = tenant_reader.as_tenant(stack.place, arn, "iam").session
    else:
        sts = stack.place.session.client("sts", endpoint_url=stack.place.aws_endpoint_url)
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        session = boto3.Session(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], stack.place.session.region_name
        )
    return lambda service: session.client(service, endpoint_url=stack.place.aws_endpoint_url)  # type: ignore[call-overload]


@contextmanager
def _without(stack: "LocalStack", role: str, resource: str, action: str) -> Iterator[None]:
    """Take the action on the resource from the role, the engine's name of it too; give it back at the end."""
    iam, name = stack.place.iam, stack.stack.outputs[f"{role}Name"]
    (policy_name,) = (n for n in iam.list_role_policies(RoleName=name)["PolicyNames"] if not n.startswith("engine"))
    before: Any = iam.get_role_policy(RoleName=name, PolicyName=policy_name)["PolicyDocument"]
    after = json.loads(json.dumps(before))
    for statement, written in zip(after["Statement"], _statements(role), strict=True):
        if f"<{resource}>" in _listed(written["Resource"]):
            statement["Action"] = [a for a in _listed(statement["Action"]) if a != action]
    after["Statement"] = [statement for statement in after["Statement"] if statement["Action"]]
    assert after != before
    _put(stack, name, policy_name, after)
    try:
        yield
    finally:
        _put(stack, name, policy_name, before)


def _put(stack: "LocalStack", role_name: str, policy_name: str, document: Any) -> None:
    iam = stack.place.iam
    if document["Statement"]:
        iam.put_role_policy(RoleName=role_name, PolicyName=policy_name, PolicyDocument=json.dumps(document))
    else:
        empty = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
        iam.put_role_policy(RoleName=role_name, PolicyName=policy_name, PolicyDocument=json.dumps(empty))
    grants.revoke(iam, role_name)
    grants.grant(iam, role_name)


def test_every_allowed_action_is_tried() -> None:
    """The acts of this module are the template's allowed actions, each on its resource; none is left out."""
    assert set(_ACTS) == _allowed()


@pytest.mark.parametrize("triple", _ACTS, ids=" ".join)
def test_an_action_works_only_while_it_is_allowed(own: "LocalStack", triple: tuple[str, str, str]) -> None:
    """With the role's keys: not denied; taken from the role: denied."""
    client = _clients(own, triple[0])
    if triple[2] == "logs:PutLogEvents":
        place = own.place
        group = own.stack.outputs[f"{triple[0].removesuffix('Role')}LogGroupName"]
        if not place.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="test")["logStreams"]:
            place.logs.create_log_stream(logGroupName=group, logStreamName="test")

    assert _code(client, own, triple) not in _DENIED
    with _without(own, *triple):
        assert _code(client, own, triple) in _DENIED


def _code(client: Clients, stack: "LocalStack", triple: tuple[str, str, str]) -> str:
    try:
        _ACTS[triple](client, stack)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


def test_the_queues_refuse_plain_http(start_stack: "StartStack") -> None:
    """With RequireTls, the default, the engine's plain HTTP is refused on both queues, whoever calls; TLS is not."""
    strict = start_stack({"RequireTls": "true"})
    sqs = strict.place.sqs
    for url in (strict.stack.queue_url, strict.stack.dlq_url):
        with pytest.raises(ClientError) as refusal:
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        assert "AccessDenied" in refusal.value.response["Error"]["Code"]
    assert strict.post_text("iam", "text").status == 500

    # As a proxy says that ended the TLS.
    sqs.meta.events.register(
        "before-send", lambda request, **_: request.headers.__setitem__("X-Forwarded-Proto", "https")
    )
    assert sqs.get_queue_attributes(QueueUrl=strict.stack.queue_url, AttributeNames=["QueueArn"])["Attributes"]


def _lines(stack: "LocalStack", function: str) -> list[dict[str, Any]]:
    group = stack.stack.outputs[f"{function}LogGroupName"]
    pages = stack.place.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    messages = [event["message"] for page in pages for event in page["events"]]
    return [json.loads(message) for message in messages if message.startswith("{")]


def _enqueue(stack: "LocalStack", body: str) -> None:
    stack.place.sqs.send_message(QueueUrl=stack.stack.queue_url, MessageBody=body)


def _message(log_id: str, **values: Any) -> str:
    message = InternalMessage(
        tenant_id="iam",
        log_id=log_id,
        source="text_upload",
        text="text",
        received_at="2026-11-24T00:00:00.000Z",
        schema_version=1,
        **values,
    )
    return encode(message).decode()


def test_ingest_without_the_stream_still_accepts(own: "LocalStack", eventually: "Eventually") -> None:
    """Its log line says that Kinesis refused, and the row is stored all the same."""
    with _without(own, "IngestRole", "Stream", "kinesis:PutRecords"):
        answer = own.post_text("iam", "text", "no-stream")

    assert answer.status == 202
    request_id = answer.body["request_id"]
    (line,) = eventually(lambda: [x for x in _lines(own, "Ingest") if x.get("request_id") == request_id])
    assert line["stream_failures"] == 1
    assert "kinesis" in str(line["refusals"])
    assert "AccessDenied" in str(line["refusals"])
    assert eventually(lambda: own.row("iam", "no-stream"))


def test_ingest_without_the_queue_refuses(own: "LocalStack") -> None:
    """500 with the specified detail, a Retry-After, and nothing stored."""
    with _without(own, "IngestRole", "Queue", "sqs:SendMessage"):
        answer = own.post_text("iam", "text", "no-queue")

    assert answer.status == 500
    assert answer.body["detail"] == "Failed to enqueue message"
    assert int(answer.headers["retry-after"]) > 0
    assert own.row("iam", "no-queue") is None


def _warning(stack: "LocalStack", eventually: "Eventually", log_id: str) -> dict[str, Any]:
    def written() -> list[dict[str, Any]]:
        lines = _lines(stack, "Consumer")
        return [line for line in lines if line.get("event") == "log_not_stored" and line.get("log_id") == log_id]

    first: dict[str, Any] = eventually(written)[0]
    return first


def test_the_consumer_without_the_table_retries(own: "LocalStack", eventually: "Eventually") -> None:
    """The log stays in the queue with the cause told; the row is not there."""
    with _without(own, "ConsumerRole", "Table", "dynamodb:PartiQLInsert"):
        _enqueue(own, _message("no-table"))
        line = _warning(own, eventually, "no-table")
        assert own.row("iam", "no-table") is None  # Before the action is given back, and the log comes again.

    assert line["outcome"] == "retried"
    assert "AccessDenied" in line["cause"]


def test_the_consumer_without_reading_cannot_tell_a_duplicate(own: "LocalStack", eventually: "Eventually") -> None:
    """A second delivery is kept rather than guessed at."""
    _enqueue(own, _message("no-reading"))
    assert eventually(lambda: own.row("iam", "no-reading"))
    with _without(own, "ConsumerRole", "Table", "dynamodb:BatchGetItem"):
        _enqueue(own, _message("no-reading"))
        line = _warning(own, eventually, "no-reading")

    assert line["outcome"] == "retried"
    assert "AccessDenied" in line["cause"]


def test_the_consumer_without_the_dead_letter_queue_keeps_poison(own: "LocalStack", eventually: "Eventually") -> None:
    """Poison that has no place to go is not acknowledged."""
    before = own.counts.dlq
    with _without(own, "ConsumerRole", "DeadLetterQueue", "sqs:SendMessage"):
        _enqueue(own, '{"schema_version": 1, "tenant_id": "iam", "log_id": "no-dlq"}')
        line = eventually(
            lambda: [x for x in _lines(own, "Consumer") if str(x.get("cause", "")).startswith("dlq_refused")]
        )[0]
        assert own.counts.dlq == before

    assert "AccessDenied" in line["cause"]
    assert line["outcome"] == "retried"
