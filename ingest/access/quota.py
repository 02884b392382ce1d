"""Quotas of a tenant in a minute, of logs and bytes or of reads, counted in DynamoDB. Only with authentication.

One conditional update counts a request and refuses what would exceed the quota: DynamoDB orders the updates of an item,
so that the concurrent requests of a tenant never exceed it. Windows are the clock's minutes: in any 60 s that are not
one of them a tenant can have up to twice its quota. A request that fails afterwards (SQS refuses) has been counted.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from ingest.aws import clients
from ingest.aws.refusal import refusal_of
from ingest.contract.errors import Rejected

WINDOW_S: Final = 60
_KEPT_S: Final = 3600  # Until DynamoDB's TTL may take a window that is over away.


class UpdatesItems(Protocol):
    """`ingest.aws.clients.DynamoDb`, or boto3's client."""

    def update_item(self, **request: Any) -> Mapping[str, Any]:
        """Call UpdateItem."""


def client(environ: Mapping[str, str]) -> clients.DynamoDb:
    """Return the client for a Lambda."""
    return clients.dynamodb(environ, read_timeout_s=0.5)


class Quota(NamedTuple):
    """What a tenant may send in a minute; 0 is without limit."""

    logs: int
    body_bytes: int


def take(
    client: UpdatesItems, table: str, quota: Quota, *, tenant_id: str, logs: int, body_bytes: int, now_s: float
) -> str | None:
    """Count a request against the tenant's quota; return None, or the code of the failure that kept it from counting.

    A request without a valid log counts its bytes, because it was read; where only logs have a limit, it counts
    nothing. A table that doesn't answer refuses nobody: losing logs is worse than a minute without quotas. `now_s` is
    since the epoch.

    Raises:
        Rejected: `over_quota`, the rest of this minute's quota is smaller than the request (`retry_after_s` leads into
            the next); `larger_than_quota`, a whole minute's is.
    """
    return count(
        client,
        table,
        f"quota#{tenant_id}",
        [("logs", quota.logs, logs), ("bytes", quota.body_bytes, body_bytes)],
        now_s=now_s,
    )


def count(
    client: UpdatesItems, table: str, counter: str, uses: Sequence[tuple[str, int, int]], *, now_s: float
) -> str | None:
    """Count (name, limit of a minute, used now) in the counter's item of this minute, as `take` does.

    Raises:
        Rejected: `over_quota`, `larger_than_quota`.
    """
    if any(limit and used > limit for _, limit, used in uses):
        raise Rejected("larger_than_quota")
    window = int(now_s // WINDOW_S)
    values: dict[str, Any] = {":expires": {"N": str((window + 1) * WINDOW_S + _KEPT_S)}}
    conditions = []
    for name, limit, used in uses:
        values[f":{name}"] = {"N": str(used)}
        if limit and used:
            conditions.append(f"(attribute_not_exists(#{name}) OR #{name} <= :{name}_left)")
            values[f":{name}_left"] = {"N": str(limit - used)}
    if not conditions:
        return None
    try:
        client.update_item(
            TableName=table,
            Key={"id": {"S": f"{counter}#{window}"}},
            UpdateExpression=f"ADD {', '.join(f'#{name} :{name}' for name, _, _ in uses)} SET expires_at = :expires",
            ConditionExpression=" AND ".join(conditions),
            ExpressionAttributeNames={f"#{name}": name for name, _, _ in uses},
            ExpressionAttributeValues=values,
        )
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        if refusal.code == "ConditionalCheckFailedException":
            raise Rejected("over_quota", max(1, math.ceil((window + 1) * WINDOW_S - now_s))) from error
        return refusal.code
    return None
