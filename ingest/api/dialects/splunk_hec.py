"""Splunk's HTTP Event Collector: `/services/collector`, its paths, and `/raw`.

An event that is a string is the text. In an event that is an object, `members.taken_text` finds the text, also inside a
`message` that is itself an object, as Splunk's loggers for JavaScript send it. The rest of the object stays a field
under `event`; all other members are fields under their own names. On `/raw` each line is a log. Host, source,
sourcetype, index, time and channel of the query apply to each event without its own.

There are no acknowledgements: an `ackId` would have to confirm that a log is stored, which only the table knows.
https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
"""

import re
from typing import Any, Final, NamedTuple

from ingest.api import event_time
from ingest.api.dialect import Dialect, Record, Records
from ingest.api.documents import json_text, values_of_lines, without_mark
from ingest.api.events import Response
from ingest.api.members import TEXT_KEYS, record_of, taken_text
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, json_response
from ingest.api.severity import of_record as severity_of_record
from ingest.contract.errors import WHY, Rejected, RejectReason


class _Word(NamedTuple):
    """Splunk's code and text for an outcome (its documentation, "Troubleshoot HTTP Event Collector")."""

    code: int
    text: str


_INVALID: Final = _Word(6, "Invalid data format")
_BUSY: Final = _Word(9, "Server is busy")
_WORDS: Final[dict[RejectReason, _Word]] = {
    "empty_batch": _Word(5, "No data"),
    "missing_text": _Word(12, "Event field is required"),
    "empty_text": _Word(13, "Event field cannot be blank"),
    "invalid_json": _INVALID,
    "invalid_record": _INVALID,
    "missing_credentials": _Word(2, "Token is required"),
    "unknown_credentials": _Word(4, "Invalid token"),
    "forbidden_scope": _Word(4, "Invalid token"),
    "tenant_forbidden": _Word(4, "Invalid token"),
    "credentials_unchecked": _BUSY,
    "over_quota": _BUSY,
}

_LINE_ENDS: Final = re.compile(rb"[\r\n]+")  # Splunk's default line breaker.
_OF_ALL: Final = ("host", "source", "sourcetype", "index", "time", "channel")
_RAW: Final = "/raw"
_SOURCE: Final = "splunk_hec"


def _read(request: Request) -> Records:
    given = {name: request.query[name] for name in _OF_ALL if request.query.get(name)}
    if _RAW in request.path:
        lines = _not_more([line for line in _LINE_ENDS.split(request.body) if line])
        event_at = event_time.event_at(given.get("time"))
        return Records([_line(line, given, event_at) for line in lines], is_batch=True, source=_SOURCE)
    events: list[Any] = []
    for value in values_of_lines(without_mark(request.body), most=MAX_RECORDS):
        events += value if isinstance(value, list) else [value]
    return Records([_event(_filled(event, given)) for event in _not_more(events)], is_batch=True, source=_SOURCE)


def _not_more(sent: list[Any]) -> list[Any]:
    if len(sent) > MAX_RECORDS:  # The whole request is refused before a record is read.
        raise Rejected("too_many_records")
    return sent


def _line(line: bytes, given: dict[str, str], event_at: str | None) -> Record | Rejected:
    try:
        return Record(line.decode(), fields=given, event_at=event_at)
    except UnicodeDecodeError:
        return Rejected("invalid_encoding")


def _filled(event: Any, given: dict[str, str]) -> Any:
    """Return the event with the query's values for members that it lacks."""
    if given and isinstance(event, dict):
        event |= {name: value for name, value in given.items() if event.get(name) is None}
    return event


def _event(members: Any) -> Record | Rejected:
    if not isinstance(members, dict):
        return members if isinstance(members, Rejected) else Rejected("invalid_record")
    event = members.get("event")
    event_at = event_time.event_at(members.get("time"))
    if event is None:
        if all(members.get(key) is None for key in TEXT_KEYS):
            return Rejected("missing_text")
        return record_of(members)  # What Fluent Bit's `splunk_send_raw` sends.
    if event == "" and not members.get("fields"):
        return Rejected("empty_text")
    severity = None
    wrapped = event.get("message") if isinstance(event, dict) else None
    for said in (event, wrapped, members.get("fields"), members):
        if isinstance(said, dict) and severity is None:
            severity = severity_of_record(said)
    if isinstance(event, str):
        text: str | Rejected = members.pop("event")
    elif isinstance(event, dict):
        event_at = event_at or event_time.of_record(event)
        text = taken_text(wrapped if isinstance(wrapped, dict) else event)  # Splunk's own loggers wrap what was logged.
    else:
        text = json_text(event)
    return text if isinstance(text, Rejected) else Record(text, None, None, members, event_at, severity)


def _answer(parsed: Parsed, not_enqueued: frozenset[int], _: Request) -> Response:
    """Return 503 if the queue lacks an event, 400 if none was taken, or else 200. The body names the first refused one.

    Splunk itself answers 400 at the first bad event and has taken those before it. Its clients then lose the rest, or
    send the whole request for ever.
    """
    if not_enqueued:
        return _said(503, _BUSY, retry_after_s=RETRY_AFTER_S)
    if not parsed.rejected:
        return _said(200, _Word(0, "Success"))
    position, reason = parsed.rejected[0]
    return _said(
        200 if parsed.messages else 400, _word(reason, WHY[reason].detail), **{"invalid-event-number": position}
    )


def _refuse(rejected: Rejected, _: Request) -> Response:
    # Splunk answers 403 to an unknown token, and 401 without a token.
    status = 403 if rejected.reason == "unknown_credentials" else rejected.status
    return _said(status, _word(rejected.reason, rejected.detail), retry_after_s=rejected.retry_after_s)


def _word(reason: RejectReason, detail: str) -> _Word:
    """Return Splunk's code and text for a reason, or else its code for invalid data with our detail."""
    return _WORDS.get(reason) or _Word(6, detail)


def _said(status: int, word: _Word, *, retry_after_s: int | None = None, **more: int) -> Response:
    return json_response(status, {"text": word.text, "code": word.code} | more, retry_after_s=retry_after_s)


def _healthy(_: Request) -> Response:
    return _said(200, _Word(17, "HEC is healthy"))


def _without_acks(_: Request) -> Response:
    return _said(400, _Word(14, "ACK is disabled"))


_PATHS: Final = tuple(f"/services/collector{path}" for path in ("", "/event", "/event/1.0", "/raw", "/raw/1.0"))

_LOGSCALE: Final = ("/api/v1/ingest/hec", "/api/v1/ingest/hec/raw")  # https://library.humio.com, "Ingest API, HEC".

DIALECT: Final = Dialect(
    routes=[("POST", path) for path in (*_PATHS, *_LOGSCALE)],
    read=_read,
    answer=_answer,
    refuse=_refuse,
    handshakes={
        **{("GET", f"/services/collector/{path}"): _healthy for path in ("health", "health/1.0")},
        **{("OPTIONS", path): _healthy for path in _PATHS},  # Docker's log driver asks before its first event.
        **{("POST", f"/services/collector/{path}"): _without_acks for path in ("ack", "ack/1.0")},
    },
    takes_slash=True,
)
