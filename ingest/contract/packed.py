"""The wire form of a packed message: several logs in one queue message. Pure.

It is `{"schema_version":3,"logs":[...]}`; each element is a single log's bytes as `message.encode` wrote them. Packed
messages and single logs share the numbers of `schema_version`: a program from before this form, which reads only single
logs, finds a version that it does not know, and quarantines the message with that reason instead of losing it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from ingest.contract.errors import Unreadable

PACKED_VERSION: Final = 3
"""The next schema version of a single log must be another number."""

MOST_LOGS: Final = 1_000
"""Logs in one message. After a crash in the middle of a message, no more logs than these are handled again."""

_HEAD: Final = b'{"schema_version":%d,"logs":[' % PACKED_VERSION
_HEAD_TEXT: Final = _HEAD.decode()
_TAIL: Final = b"]}"

FRAME_BYTES: Final = len(_HEAD) + len(_TAIL)
"""Bytes of a packed message without its logs and the commas between them."""


class _Packed(msgspec.Struct):
    schema_version: int
    logs: list[msgspec.Raw]


_decoder: Final = msgspec.json.Decoder(_Packed)


def joined(logs: Sequence[bytes]) -> bytes:
    """Return the body of one message with these encoded logs, in order; the body of a single log is the log itself."""
    return logs[0] if len(logs) == 1 else _HEAD + b",".join(logs) + _TAIL


def is_packed(body: str) -> bool:
    """Return whether the body is a packed message's, by its first bytes: only `joined` writes this form."""
    return body.startswith(_HEAD_TEXT)


def apart(body: str) -> list[str]:
    """Return the body of each log, in order, from a body that `is_packed`; `message.decode` checks each log.

    Raises:
        Unreadable: `undecodable` if the body is damaged or holds no log.
    """
    try:
        logs = _decoder.decode(body).logs
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unreadable("undecodable", f"a packed message: {error}") from error
    if not logs:
        raise Unreadable("undecodable", "a packed message without logs")
    return [bytes(log).decode() for log in logs]
