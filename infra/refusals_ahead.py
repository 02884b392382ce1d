"""Finds before a deployment what AWS would refuse only in the middle of it. The calls only read."""

from collections.abc import Mapping
from typing import Final

from infra import stack
from infra.stack import Place

MAX_STACK_NAME: Final = 55
"""The longest function name is the stack's name and `-consumer`; Lambda takes 64 characters (CreateFunction API)."""

_PROVISIONED: Final = "PROVISIONED"


def objections(place: Place, name: str, *, deployed: Mapping[str, str] | None, values: Mapping[str, str]) -> list[str]:
    """Return what AWS would refuse; `deployed` are the stack's parameters now (None: no stack), `values` the new ones.

    Raises:
        ClientError: AWS does not say how many shards the stream has.
    """
    found = []
    if len(name) > MAX_STACK_NAME:
        found.append(
            f"The stack's name has {len(name)} characters. It may have at most {MAX_STACK_NAME}, because Lambda "
            f"limits names."
        )
    if deployed is not None and _asks_for_shards(deployed, values):
        stream = stack.read_outputs(place, name)["StreamName"]
        summary = place.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        told = shard_objection(is_open=summary["OpenShardCount"], wanted=int(float(values["ShardCount"])))
        found += [told] if told else []
    return found


def shard_objection(*, is_open: int, wanted: int) -> str | None:
    """Return why Kinesis would refuse `wanted` shards for a stream that has `is_open` open ones, or None.

    It takes from half to double (UpdateShardCount API reference, November 2026). If it refused after a switch of the
    stream mode, the rollback would switch back, and that is the second of the two switches AWS allows in 24 hours.
    """
    if is_open <= 2 * wanted and wanted <= 2 * is_open:
        return None
    return (
        f"ShardCount is {wanted} and the stream has {is_open} open shards; Kinesis takes from {-(-is_open // 2)} to "
        f"{2 * is_open}. Deploy with ShardCount={is_open} first, and go on in steps of half or double."
    )


def _asks_for_shards(deployed: Mapping[str, str], values: Mapping[str, str]) -> bool:
    now = (deployed.get("StreamMode"), deployed.get("ShardCount"))
    return values["StreamMode"] == _PROVISIONED and now != (_PROVISIONED, values["ShardCount"])
