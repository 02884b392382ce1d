"""A JSON object as a log: which member is its text, and which hold its time and severity. Pure.

For dialects whose clients choose the members' names. Only the text is taken out; all other members are fields, as sent.
"""

from typing import Any, Final

from ingest.api import event_time
from ingest.api.dialect import Record
from ingest.api.documents import json_text, value_of
from ingest.api.severity import of_record as severity_of_record
from ingest.contract.errors import Rejected
from ingest.contract.message import Severity

TEXT_KEYS: Final = (
    "message",
    "msg",
    "text",
    "log",
    "body",
    "MESSAGE",
    "short_message",
    "full_message",
    "event",
    "line",
    "content",
    "logText",
    "_line",
    "Message",
    "@m",
)
"""Members that may hold the text: the first that is a string wins, even an empty one. `message` is before `msg`:
Python's handlers send the formatted text as `message` and its template as `msg`."""

_NO_TEXT: Final = frozenset({"log", "event"})  # As objects, these are parts of the Elastic Common Schema.


def record_of(members: Any, *, event_at: str | None = None, severity: Severity | None = None) -> Record | Rejected:
    """Return an object's log; `members` become its fields.

    `event_at` and `severity` are those that the dialect found; without them they are read from the members. A value
    that is no object is `Rejected("invalid_record")`; a `Rejected` is returned as it is.
    """
    if not isinstance(members, dict):
        return members if isinstance(members, Rejected) else Rejected("invalid_record")
    event_at = event_at or event_time.of_record(members)
    severity = severity or severity_of_record(members)
    text = taken_text(members)
    return text if isinstance(text, Rejected) else Record(text, None, None, members, event_at, severity)


def severity_of_text(text: str) -> Severity | None:
    """Return the severity in a text that is a JSON object, or None. Shippers send a logger's JSON line as the text."""
    if not text.startswith("{"):
        return None
    try:
        members = value_of(text.encode())
    except Rejected:
        return None
    return severity_of_record(members) if isinstance(members, dict) else None


def taken_text(members: dict[str, Any]) -> str | Rejected:
    """Return the text, taken out of the members.

    If no member of `TEXT_KEYS` is a string, the text is the JSON of the first that is present, or else of all members,
    and nothing is taken out: so a log without a message can be found by its words. `Rejected("invalid_fields")` if they
    nest too deep to be written.
    """
    for key in TEXT_KEYS:
        text = members.get(key)
        if isinstance(text, str):
            del members[key]
            return text
    for key in TEXT_KEYS:
        value = members.get(key)
        if value is not None and not (key in _NO_TEXT and isinstance(value, dict)):
            return json_text(value)
    return json_text(members)
