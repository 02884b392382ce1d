"""One OTLP log as a record. Pure."""

from typing import Any, Final

from ingest.api.dialect import Record
from ingest.api.documents import json_text
from ingest.api.event_time import of_ns
from ingest.api.record import MAX_FIELDS_DEPTH
from ingest.api.severity import severity
from ingest.contract.errors import Rejected
from ingest.contract.message import Severity

MAX_DEPTH: Final = MAX_FIELDS_DEPTH


def record(body: Any, members: dict[str, Any], *, time_ns: int, observed_ns: int) -> Record | Rejected:
    """Return the record of a log with this body (None: it has none) and these members; a time of 0 ns is none.

    A body that is a string is the text. Any other body is kept whole as the field `body`, and its JSON is the text. If
    there is no body, the field is null and the text is "".
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
    # Positional arguments: keywords would add a tenth to the cost of reading a log.
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
