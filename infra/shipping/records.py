"""Lines that are JSON objects, as records that ingest reads text, time, severity and fields from."""

import json
from typing import Any

from infra.shipping.log_file import Line


def as_record(line: Line) -> Line:
    """Return the line as a record with its log_id if it is a JSON object, else unchanged: it is sent as a text.

    An id of the object's own stays, and is then the line's. Nothing else is written anew: numbers keep their digits.
    """
    members = _members(line.text)
    if members is None:
        return line
    own = members.get("log_id")
    if own is not None:  # Ingest judges an id that is no text.
        return line._replace(log_id=own if isinstance(own, str) else line.log_id, record=line.text)
    if "log_id" in members:  # For null ingest would make an id, another at each sending. The last of two counts.
        return line._replace(record=f'{line.text.rstrip()[:-1]}, "log_id": {json.dumps(line.log_id)}}}')
    inside = line.text.strip()[1:].lstrip()
    return line._replace(record=f'{{"log_id": {json.dumps(line.log_id)}{"," if members else ""} {inside}')


def _members(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(name: str) -> None:
    """Refuse NaN and Infinity, which Python takes and JSON does not know."""
    raise ValueError(name)
