"""Values of binary formats as JSON values that lose nothing; and how large a log may be on the wire. Pure.

Values that JSON does not have take the form of OTLP's own JSON: bytes are `{"bytesValue": "<base64>"}`, and NaN and the
infinities are `{"doubleValue": "NaN"}`.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

from ingest.api.record import MAX_FIELDS_BYTES
from ingest.contract.errors import Rejected
from ingest.contract.message import MAX_TEXT_BYTES

# The worst case: a double is 13 bytes on the wire and four as JSON (`0.0,`). Larger members are over a log's limits,
# whatever they hold.
MAX_MEMBERS_BYTES: Final = 4 * MAX_FIELDS_BYTES
MAX_LOG_BYTES: Final = MAX_TEXT_BYTES + MAX_MEMBERS_BYTES

MAX_PAIRS: Final = MAX_FIELDS_BYTES // 4  # A member takes at least four bytes of JSON.

# The most pairs kept as a list (see `named`), and the most unknown fields. Each can be two bytes on the wire, and
# becomes a list of its own: more of them in each of 20,000 logs would fill the memory.
MAX_LISTED: Final = 64

_NAMES: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def named(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any] | list[list[Any]]:
    """Return named values as a map, or as the list of pairs if a name is empty or repeated.

    A map would lose repeated names. The formats forbid them, but senders can send them.

    Raises:
        Rejected: `invalid_fields` if there are more than a log may have.
    """
    members = dict(pairs)
    if len(members) == len(pairs) <= MAX_PAIRS and "" not in members:
        return members
    if len(pairs) > MAX_LISTED:
        raise Rejected("invalid_fields")
    return [[name, value] for name, value in pairs]


def double(number: float) -> Any:
    """Return a double as a JSON value."""
    return number if isfinite(number) else {"doubleValue": _NAMES[str(number)]}


def bytes_value(octets: bytes) -> dict[str, str]:
    """Return bytes as a JSON value."""
    return {"bytesValue": b2a_base64(octets, newline=False).decode()}


def unknown_fields(fields: Sequence[tuple[int, Any]]) -> list[list[Any]]:
    """Return protobuf fields that the schema does not have, each as its number and value.

    Raises:
        Rejected: `invalid_fields` if there are too many.
    """
    if len(fields) > MAX_LISTED:
        raise Rejected("invalid_fields")
    return [[tag >> 3, bytes_value(value) if isinstance(value, bytes) else value] for tag, value in fields]
