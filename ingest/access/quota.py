"""A tenant's quotas per minute, of logs and bytes or of reads, counted in DynamoDB. Only with authentication.

One conditional update counts a request, or refuses it if it would exceed the quota. DynamoDB orders the updates of an
item, so that concurrent requests of a tenant never exceed the quota together. A window is a minute of the clock: 60 s
that span two windows can see up to twice the quota. A request that fails afterwards (SQS refuses) has been counted.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from ingest.aws import clients
from ingest.aws.refusal import refusal_of
from ingest.contract.errors import Rejected

WINDOW_S: Final = 60
_KEPT_S: Final = 3600  # After a window's end; then DynamoDB's TTL may delete it.


class UpdatesItems(Protocol):
    """`ingest.aws.clients.DynamoDb`, or boto3's client."""

    def update_item(self, **request: Any) -> Mapping[str, Any]:
        """Call UpdateItem."""


def client(environ: Mapping[str, str]) -> clients.DynamoDb:
    """Return the client for a Lambda."""
    return clients.dynamodb(environ, read_timeout_s=0.5)


class Quota(NamedTuple):
    """What a tenant may send in a minute; 0 means no limit."""

    logs: int
    body_bytes: int


def take(
    client: UpdatesItems, table: str, quota: Quota, *, tenant_id: str, logs: int, body_bytes: int, now_s: float
) -> str | None:
    """Count a request against the tenant's quota. Return None, or the error's code if it could not be counted.

    A request without a valid log counts its bytes, because they were read; if only logs have a limit, it counts
    nothing. If the table doesn't answer, nobody is refused: losing logs is worse than a minute without quotas. `now_s`
    is since the epoch.

    Raises:
        Rejected: `over_quota` if the request is larger than the rest of this minute's quota (`retry_after_s` leads into
            the next minute); `larger_than_quota` if it is larger than a whole minute's quota.
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
    """Count `uses`, each (name, limit per minute, used now), in the counter's item of this minute, as `take` does.

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
