"""What must hold for any message body that the consumer finds in its queue. Pure."""

import re
from collections.abc import Callable
from typing import Final

from consumer.timestamps import epoch_ms
from consumer.unpack import Delivery, Unpacked, logs_apart, unpack
from ingest.contract.errors import POISON_REASONS
from ingest.contract.message import SCHEMA_VERSION, SOURCE_PATTERN, decode, encode
from tests.fuzz.shapes import shapes

_VALUES: Final = re.compile(r"\d+|`[^`]*`|\$\S*|Invalid enum value .*", re.DOTALL)
_HEALTHY: Final = Delivery(
    message_id="healthy",
    receipt_handle="r",
    body=(
        '{"tenant_id":"acme","log_id":"l","source":"json_upload","text":"t",'
        '"received_at":"2026-11-24T05:40:00.000Z","schema_version":1}'
    ),
    receive_count=1,
    first_receive_ms=1,
)

Unpack = Callable[[list[Delivery]], Unpacked]


def check(data: bytes, unpack_batch: Unpack = unpack) -> Unpacked:
    """Check all that must hold; return what the consumer makes of a batch of this body and a healthy one."""
    body = data.decode(errors="surrogateescape")
    delivery = Delivery(message_id="fuzzed", receipt_handle="r", body=body, receive_count=1, first_receive_ms=1)
    apart_from_it = logs_apart(delivery)
    unpacked = unpack_batch([*apart_from_it, _HEALTHY])
    assert unpacked.logs
    assert unpacked.logs[-1].delivery is _HEALTHY
    for spoiled in unpacked.spoiled:
        assert spoiled.delivery in apart_from_it
        assert spoiled.poison.reason in {"undecodable", "unknown_schema_version"}
        assert spoiled.poison.reason in POISON_REASONS
        assert spoiled.tenant_id is None or isinstance(spoiled.tenant_id, str)
        assert spoiled.log_id is None or isinstance(spoiled.log_id, str)
    logs = unpacked.logs[:-1]
    assert len(logs) + len(unpacked.spoiled) == len(apart_from_it)
    assert {one.sqs_message_id for one in apart_from_it} == {"fuzzed"}
    for log in logs:
        assert log.delivery in apart_from_it
        assert log.message == decode(data if log.delivery is delivery else log.delivery.body)
        assert decode(encode(log.message)) == log.message
        assert re.match(SOURCE_PATTERN, log.message.source)
        assert 1 <= log.message.schema_version <= SCHEMA_VERSION
        assert log.received_ms == epoch_ms(log.message.received_at)
    return unpacked


def kinds(unpacked: Unpacked) -> set[str]:
    """Return the parser's error for a spoiled body, without numbers and names, or the shapes of a log's fields."""
    said = {_VALUES.sub("_", f"{spoiled.poison.reason} {spoiled.poison.detail}") for spoiled in unpacked.spoiled}
    return said or {log.message.source for log in unpacked.logs[:-1]} | shapes(unpacked.logs[0].message.fields)
