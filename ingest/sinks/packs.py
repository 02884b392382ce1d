"""Which logs of a request share a queue message: those of one tenant, in the request's order. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ingest.aws.packing import calls
from ingest.contract.message import EncodedLog
from ingest.contract.packed import FRAME_BYTES, joined

_COMMA: Final = 1


class Pack(NamedTuple):
    """One queue message: its tenant, its body, and the positions of its logs in the request."""

    tenant_id: str
    data: bytes
    positions: Sequence[int]


def packs(logs: Sequence[EncodedLog], *, most_logs: int, most_bytes: int) -> list[Pack]:
    """Return the messages for the logs: each log is in exactly one, and no message holds logs of two tenants.

    A message has at most `most_logs` logs and `most_bytes` bytes; only a single log that is larger exceeds these. A
    tenant's messages, and the logs in them, keep the order given; tenants are in the order of their first logs. A
    message of one log is the log as it is.
    """
    if most_logs == 1:
        return [Pack(log.tenant_id, log.data, (position,)) for position, log in enumerate(logs)]
    by_tenant: dict[str, list[int]] = {}
    for position, log in enumerate(logs):
        by_tenant.setdefault(log.tenant_id, []).append(position)
    return [
        Pack(tenant_id, joined([logs[position].data for position in group]), group)
        for tenant_id, positions in by_tenant.items()
        for group in calls(
            positions,
            lambda position: len(logs[position].data) + _COMMA,
            max_entries=most_logs,
            max_bytes=most_bytes - FRAME_BYTES + _COMMA,
        )
    ]
