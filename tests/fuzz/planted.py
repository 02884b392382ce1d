"""Planted bugs: a fuzzer that does not find them is not working.

Each bug lies below nested values that no seed has and that chance alone would not make: only a fuzzer that keeps the
inputs that reached the next level gets there.
"""

from typing import Any, Final

from consumer.replay.deaggregate import Broken, UserRecord
from consumer.replay.select import read_log
from consumer.unpack import Delivery, Unpacked, unpack
from ingest.api.dialect import Dialect
from ingest.api.parse import Parsed, parse
from ingest.api.request import Request
from ingest.contract.message import InternalMessage
from tests.fuzz.kpl_oracle import Reader
from tests.fuzz.request_oracle import Ingest


def descend(fields: dict[str, Any]) -> None:
    """Raise for a field like `[{"": [{}]}]`; all levels are in this one instrumented function."""
    for first in fields.values():
        if isinstance(first, list):
            for second in first:
                if isinstance(second, dict):
                    for third in second.values():
                        if isinstance(third, list):
                            for fourth in third:
                                if isinstance(fourth, dict):
                                    raise KeyError("planted")


def _parse(request: Request, dialect: Dialect, **arguments: Any) -> Parsed:
    parsed = parse(request, dialect, **arguments)
    for message in parsed.messages:
        if message.text[:1] not in "{[":  # If the message itself is JSON, any nesting may be there.
            descend(message.fields or {})
    return parsed


def _read_log(record: UserRecord) -> InternalMessage | Broken:
    log = read_log(record)
    if isinstance(log, InternalMessage):
        descend(log.fields or {})
    return log


def _unpack(batch: list[Delivery]) -> Unpacked:
    unpacked = unpack(batch)
    for log in unpacked.logs:
        descend(log.message.fields or {})
    return unpacked


REQUEST: Final = Ingest(parse=_parse)
RECORD: Final = Reader(read_log=_read_log)
MESSAGE: Final = _unpack
