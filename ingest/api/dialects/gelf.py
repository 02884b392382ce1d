"""GELF over HTTP, as Graylog takes it: one message, or several one after another.

The text is `short_message`; a `full_message` stays a field. `timestamp` is in seconds. `level` is syslog's
number or a word (Fluent Bit sends one); a message without a level has no severity.
https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
"""

from typing import Any, Final

from ingest.api import event_time, severity
from ingest.api.dialect import Dialect, Record, Records
from ingest.api.events import Response
from ingest.api.flawed import values_of_batch
from ingest.api.members import record_of
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, json_response
from ingest.contract.errors import WHY, Rejected

_CREDENTIAL: Final = "_X-OVH-TOKEN"
"""The credential of OVH's Logs Data Platform. Its clients put it into each message; it is taken out and not stored."""


def _read(request: Request) -> Records:
    values = values_of_batch(request.body, most=MAX_RECORDS)
    return Records([_log(value) for value in values], is_batch=True, source="gelf")


def _log(value: Any) -> Record | Rejected:
    if isinstance(value, dict):
        value.pop(_CREDENTIAL, None)
    if not isinstance(value, dict) or not isinstance(value.get("short_message"), str):
        return record_of(value)
    text = value.pop("short_message")
    event_at = event_time.event_at(value.get("timestamp"), unit="s")
    return Record(text, None, None, value, event_at, severity.severity(value.get("level"), scale="syslog"))


def _answer(parsed: Parsed, not_enqueued: frozenset[int], _: Request) -> Response:
    if not_enqueued:  # No client sends a part of a request again.
        message = "The queue did not take every message. Send them again."
        return json_response(503, {"message": message}, retry_after_s=RETRY_AFTER_S)
    refused = [f"message {position}: {reason}: {WHY[reason].detail}" for position, reason in parsed.rejected]
    response = json_response(202 if parsed.messages else 400, {"message": " ".join(refused)})
    if not refused:
        response["body"] = ""
    return response


def _refuse(rejected: Rejected, _: Request) -> Response:
    body = {"message": f"{rejected.reason}: {rejected.detail}"}
    return json_response(rejected.status, body, retry_after_s=rejected.retry_after_s)


DIALECT: Final = Dialect(routes=[("POST", "/gelf")], read=_read, answer=_answer, refuse=_refuse)
