"""What binary formats say, as JSON values that lose nothing; and how large a log may be on the wire. Pure.

A value is kept as the JSON value that it is. What JSON has none of stands as OTLP's own JSON has it: bytes as
`{"bytesValue": "<base64>"}`, and NaN and the infinities as `{"doubleValue": "NaN"}`.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

from ingest.api.record import MAX_FIELDS_BYTES
from ingest.contract.errors import Rejected
from ingest.contract.message import MAX_TEXT_BYTES

# A double is 13 bytes on the wire and four as JSON (`0.0,`): what is larger is over a log's limits, whatever it holds.
MAX_MEMBERS_BYTES: Final = 4 * MAX_FIELDS_BYTES
MAX_LOG_BYTES: Final = MAX_TEXT_BYTES + MAX_MEMBERS_BYTES

MAX_PAIRS: Final = MAX_FIELDS_BYTES // 4  # A member takes four bytes of JSON at least.

# Of pairs that no map holds, and of fields without names. Each becomes a list, and is two bytes on the wire: more of
# them in each of 20,000 logs would fill the memory.
MAX_LISTED: Final = 64

_NAMES: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def named(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any] | list[list[Any]]:
    """Return named values as a map; as the list of the pairs where a name is empty or there twice: a map loses those.

    Formats want names distinct, and no sender is kept from sending a few others.

    Raises:
        Rejected: `invalid_fields`, they are more than any log may have.
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
    """Return protobuf fields that no schema has, by their numbers.

    Raises:
        Rejected: `invalid_fields`, they are too many.
    """
    if len(fields) > MAX_LISTED:
        raise Rejected("invalid_fields")
    return [[tag >> 3, bytes_value(value) if isinstance(value, bytes) else value] for tag, value in fields]
