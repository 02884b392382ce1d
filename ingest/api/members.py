"""An object's members as a log: which of them is its text, and what they say of its time and severity. Pure.

For the dialects whose clients name members as they like. What is taken out is the text; all else is a field, as sent.
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
"""Where the text may stand: the first that is a string wins, an empty one too. A formatted `message` stands before the
template in `msg` that Python's handlers send beside it."""

_NO_TEXT: Final = frozenset({"log", "event"})  # Objects of these names are the Elastic Common Schema's own.


def record_of(members: Any, *, event_at: str | None = None, severity: Severity | None = None) -> Record | Rejected:
    """Return the log that an object is; `members` become its fields.

    Time and severity are read from the members where the dialect found none in a place of its own. What is no object is
    `invalid_record`, and a `Rejected` comes back as it is.
    """
    if not isinstance(members, dict):
        return members if isinstance(members, Rejected) else Rejected("invalid_record")
    event_at = event_at or event_time.of_record(members)
    severity = severity or severity_of_record(members)
    text = taken_text(members)
    return text if isinstance(text, Rejected) else Record(text, None, None, members, event_at, severity)


def severity_of_text(text: str) -> Severity | None:
    """Return the severity that a text names which is a JSON object, or None: shippers send lines of loggers whole."""
    if not text.startswith("{"):
        return None
    try:
        members = value_of(text.encode())
    except Rejected:
        return None
    return severity_of_record(members) if isinstance(members, dict) else None


def taken_text(members: dict[str, Any]) -> str | Rejected:
    """Return the text, taken out of the members.

    Where none is a string, it is the JSON of the first of `TEXT_KEYS` that is there, or else of all members, which then
    stay: a log without a message can be found by its words. `invalid_fields` where they nest too deep to be written.
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
