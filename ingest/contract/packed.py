"""Several logs in one queue message: its wire form, beside that of a single log. Pure.

A packed message is `{"schema_version":3,"logs":[...]}`, each element a single log's bytes as `message.encode` wrote
them. The number is of the same line as a log's schema version: who reads single logs only (every program before this
form) finds a version that it does not know, and puts the whole aside with that reason instead of losing it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from ingest.contract.errors import Unreadable

PACKED_VERSION: Final = 3
"""The next schema version of a single log is another number."""

MOST_LOGS: Final = 1_000
"""In one message. What a crash in the middle of a message repeats is bounded by it."""

_HEAD: Final = b'{"schema_version":%d,"logs":[' % PACKED_VERSION
_HEAD_TEXT: Final = _HEAD.decode()
_TAIL: Final = b"]}"

FRAME_BYTES: Final = len(_HEAD) + len(_TAIL)
"""Of a packed message, beside its logs and a comma between two."""


class _Packed(msgspec.Struct):
    schema_version: int
    logs: list[msgspec.Raw]


_decoder: Final = msgspec.json.Decoder(_Packed)


def joined(logs: Sequence[bytes]) -> bytes:
    """Return the body of one message with these encoded logs, in order; one log alone is its own body."""
    return logs[0] if len(logs) == 1 else _HEAD + b",".join(logs) + _TAIL


def is_packed(body: str) -> bool:
    """Return whether the body says that it holds several logs. Its first bytes do: nothing else writes the form."""
    return body.startswith(_HEAD_TEXT)


def apart(body: str) -> list[str]:
    """Return each log's own body, in order, of a body that `is_packed`; whether they are logs is for `message.decode`.

    Raises:
        Unreadable: `undecodable`, it is damaged or holds nothing.
    """
    try:
        logs = _decoder.decode(body).logs
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unreadable("undecodable", f"a packed message: {error}") from error
    if not logs:
        raise Unreadable("undecodable", "a packed message without logs")
    return [bytes(log).decode() for log in logs]
