"""Puts logs on the stream that ingest could not put there."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from ingest.aws.retry import Time
from ingest.contract.message import EncodedLog, InternalMessage, encode
from ingest.sinks.stream import put_user_records

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

    from ingest.aws.clients import Kinesis

STREAM_BUDGET_S: Final = 2.0
"""Seconds of a batch's time that an unavailable stream may take from the other logs."""


def put_on_stream(
    client: "KinesisClient | Kinesis",
    stream_name: str,
    messages: Sequence[InternalMessage],
    *,
    give_up_at_s: float,
    time: Time,
    sub_keys: int,
) -> frozenset[int]:
    """Return the positions in `messages` that are not on the stream. On the stream, no log is marked as pending."""
    return put_user_records(
        client,
        stream_name,
        [EncodedLog(message.tenant_id, encode(replace(message, stream_pending=False))) for message in messages],
        give_up_at_s=min(give_up_at_s, time.monotonic() + STREAM_BUDGET_S),
        time=time,
        sub_keys=sub_keys,
    )
