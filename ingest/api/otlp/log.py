"""One OTLP log as a record, and the forms that its values take as JSON. Pure.

A value is kept as the JSON value that it is. What JSON has none of stands as OTLP's own JSON has it: bytes as
`{"bytesValue": "<base64>"}`, and NaN and the infinities as `{"doubleValue": "NaN"}`.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

from ingest.api.dialect import Record
from ingest.api.documents import json_text
from ingest.api.event_time import of_ns
from ingest.api.record import MAX_FIELDS_BYTES, MAX_FIELDS_DEPTH
from ingest.api.severity import severity
from ingest.contract.errors import Rejected
from ingest.contract.message import MAX_TEXT_BYTES, Severity

# A double is 13 bytes on the wire and four as JSON (`0.0,`): what is larger is over a log's limits, whatever it holds.
MAX_MEMBERS_BYTES: Final = 4 * MAX_FIELDS_BYTES
MAX_LOG_BYTES: Final = MAX_TEXT_BYTES + MAX_MEMBERS_BYTES

MAX_DEPTH: Final = MAX_FIELDS_DEPTH


def record(body: Any, members: dict[str, Any], *, time_ns: int, observed_ns: int) -> Record | Rejected:
    """Return the record of a log with this body (None: it has none) and these members; 0 ns is no time.

    A body that is a string is the text. Any other is kept whole among the fields, and searched and shown as its JSON;
    without one the text is "", and the field says so: it is null.
    """
    text: str | Rejected
    if isinstance(body, str):
        text = body
    else:
        members["body"] = body
        text = "" if body is None else _shown(body)
        if isinstance(text, Rejected):
            return text
    if observed_ns:
        members["observed_time_unix_nano"] = observed_ns
    at_ns = time_ns or observed_ns
    # Positional: a keyword costs a tenth of the whole.
    return Record(text, None, None, members, of_ns(at_ns) if at_ns else None, _severity(members))


def _shown(body: Any) -> str | Rejected:
    if isinstance(body, dict) and len(body) == 1:
        ((name, value),) = body.items()
        if name in {"bytesValue", "doubleValue"} and isinstance(value, str):
            return value
    return json_text(body)


def _severity(members: dict[str, Any]) -> Severity | None:
    number = members.get("severity_number")
    if number is not None and (read := severity(number, scale="otlp")) is not None:
        return read
    return severity(members.get("severity_text"))


def named(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any] | list[list[Any]]:
    """Return named values as a map; as the list of the pairs where a name is empty or there twice: a map loses those.

    OTLP wants names distinct, and no sender is kept from sending others.
    """
    members = dict(pairs)
    if len(members) == len(pairs) and "" not in members:
        return members
    return [[name, value] for name, value in pairs]


def double(number: float) -> Any:
    """Return a double as a JSON value."""
    return number if isfinite(number) else {"doubleValue": _NAMES[str(number)]}


_NAMES: Final = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def bytes_value(octets: bytes) -> dict[str, str]:
    """Return bytes as a JSON value."""
    return {"bytesValue": b2a_base64(octets, newline=False).decode()}
