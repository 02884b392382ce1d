"""Assumes the role that reads one tenant's rows, and proves on a real account that it reads no other tenant's."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from consumer.item import Key, key_attributes, of_tenant
from infra.stack import Place, Stack

if TYPE_CHECKING:
    from mypy_boto3_sts.type_defs import TagTypeDef

TAG: Final = "tenant_id"
"""The session tag that names the tenant; the role's policy compares it with the partition keys of a request."""

_SESSION_NAME: Final = "rdp"
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})


class Case(NamedTuple):
    """One action that a tenant's session tries: `act(place, stack, own, other)`, where `own` is the session's tenant.

    `by_key`: only the condition on the partition key (`dynamodb:LeadingKeys`) can refuse it.
    """

    name: str
    allowed: bool
    act: Callable[[Place, Stack, str, str], object]
    by_key: bool = False


class Result(NamedTuple):
    """The result of a case: `got` is `allowed`, `denied`, another error's code, or `not shown`."""

    name: str
    expected: str
    got: str


NOT_SHOWN: Final = "not shown"
"""The result of a case whose answer says nothing about AWS."""


def as_tenant(place: Place, role_arn: str, tenant_id: str) -> Place:
    """Return the place with the credentials of a session of the role, tagged with the tenant, for an hour.

    Raises:
        ClientError: the caller may not assume or tag the role.
    """
    return _assumed(place, role_arn, [{"Key": TAG, "Value": tenant_id}])


def verify(stack: Stack, own: str, other: str) -> list[Result]:
    """Try each of `CASES` for real, and return the results. No case changes anything if the policy is right.

    A place with its own endpoint is an emulator, which may not know `dynamodb:LeadingKeys` (MiniStack 1.5.33 does not).
    If it allows a case that only this condition can refuse, the result is `not shown`, neither right nor wrong.

    Raises:
        ClientError: the role can't be assumed at all.
    """
    role_arn = stack.outputs["TenantReaderRoleArn"]
    session = as_tenant(stack.place, role_arn, own)
    results = [_result(case, lambda c=case: c.act(session, stack, own, other)) for case in CASES]  # type: ignore[misc] # a default binds the loop's value
    if stack.place.aws_endpoint_url is not None:
        by_key = {case.name for case in CASES if case.by_key}
        results = [
            result._replace(got=NOT_SHOWN) if result.name in by_key and result.got == "allowed" else result
            for result in results
        ]
    for name, tags in _UNTAGGED:
        case = Case(name, allowed=False, act=lambda *_: None)
        results.append(_result(case, lambda t=tags: _assumed(stack.place, role_arn, t)))  # type: ignore[misc] # as above
    return results


def _result(case: Case, act: Callable[[], object]) -> Result:
    try:
        act()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        got = "denied" if code in _DENIED else code
    else:
        got = "allowed"
    return Result(case.name, "allowed" if case.allowed else "denied", got)


def _assumed(place: Place, role_arn: str, tags: Sequence["TagTypeDef"]) -> Place:
    sts = place.session.client("sts", endpoint_url=place.aws_endpoint_url)
    keys = sts.assume_role(RoleArn=role_arn, RoleSessionName=_SESSION_NAME, Tags=tags)["Credentials"]
    return replace(
        place,
        profile=None,
        region=place.session.region_name,
        access_key_id=keys["AccessKeyId"],
        secret_access_key=keys["SecretAccessKey"],
        session_token=keys["SessionToken"],
    )


def _key(tenant: str) -> dict[str, Any]:
    return key_attributes(Key(tenant, "rdp-verify-isolation"))


def _get(place: Place, stack: Stack, tenant: str) -> object:
    return place.dynamodb.get_item(TableName=stack.table_name, Key=_key(tenant))


def _batch_get(place: Place, stack: Stack, *tenants: str) -> object:
    keys = [_key(tenant) for tenant in tenants]
    return place.dynamodb.batch_get_item(RequestItems={stack.table_name: {"Keys": keys}})


def _query(place: Place, stack: Stack, tenant: str) -> object:
    return place.dynamodb.query(
        TableName=stack.table_name,
        KeyConditionExpression=of_tenant(tenant).condition,
        ExpressionAttributeValues=of_tenant(tenant).values,
        Limit=1,
    )


def _select(place: Place, stack: Stack, tenant: str | None = None) -> object:
    statement = f'SELECT log_id FROM "{stack.table_name}"'  # noqa: S608 - the stack's own table
    if tenant is None:
        return place.dynamodb.execute_statement(Statement=statement)
    return place.dynamodb.execute_statement(Statement=f"{statement} WHERE tenant_id = ?", Parameters=[{"S": tenant}])


CASES: Final[Sequence[Case]] = (
    Case("GetItem of an own row", allowed=True, act=lambda p, s, own, _: _get(p, s, own)),
    Case("BatchGetItem of own rows", allowed=True, act=lambda p, s, own, _: _batch_get(p, s, own)),
    Case("Query of the own key", allowed=True, act=lambda p, s, own, _: _query(p, s, own)),
    Case("GetItem of another's row", allowed=False, by_key=True, act=lambda p, s, _, other: _get(p, s, other)),
    Case(
        "BatchGetItem of another's rows",
        allowed=False,
        by_key=True,
        act=lambda p, s, _, other: _batch_get(p, s, other),
    ),
    Case("BatchGetItem of an own and another's row", allowed=False, by_key=True, act=_batch_get),
    Case("Query of another's key", allowed=False, by_key=True, act=lambda p, s, _, other: _query(p, s, other)),
    Case("Scan", allowed=False, act=lambda p, s, _, __: p.dynamodb.scan(TableName=s.table_name, Limit=1)),
    Case("PartiQL of the own key", allowed=False, act=lambda p, s, own, _: _select(p, s, own)),
    Case("PartiQL of everything", allowed=False, act=lambda p, s, _, __: _select(p, s)),
    Case(
        "PutItem of an own row",
        allowed=False,
        act=lambda p, s, own, _: p.dynamodb.put_item(
            TableName=s.table_name,
            Item=_key(own),
            ConditionExpression="attribute_exists(tenant_id) AND attribute_not_exists(tenant_id)",  # Never true.
        ),
    ),
    Case(
        "DeleteItem of an own row",
        allowed=False,
        act=lambda p, s, own, _: p.dynamodb.delete_item(TableName=s.table_name, Key=_key(own)),
    ),
    Case("ReceiveMessage", allowed=False, act=lambda p, s, _, __: p.sqs.receive_message(QueueUrl=s.queue_url)),
    Case("ListShards", allowed=False, act=lambda p, s, _, __: p.kinesis.list_shards(StreamName=s.stream_name)),
)
"""The actions that must and must not work, with the names that `rdp verify-isolation` prints."""

_UNTAGGED: Final[Sequence[tuple[str, Sequence["TagTypeDef"]]]] = (
    ("AssumeRole without a tenant", ()),
    ("AssumeRole with an empty tenant", ({"Key": TAG, "Value": ""},)),
    ("AssumeRole with a further tag", ({"Key": TAG, "Value": "x"}, {"Key": "other", "Value": "y"})),
)
