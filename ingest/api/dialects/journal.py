"""systemd's journal-upload: `POST /upload`, the journal's export format.

MESSAGE is the text, __CURSOR the log_id (a retry stores nothing twice), PRIORITY the severity and __REALTIME_TIMESTAMP,
in microseconds, `event_at`. All fields but MESSAGE stay, as strings; one that is repeated is the list of its values.
https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format
"""

import re
from typing import Any, Final

from ingest.api import event_time
from ingest.api.dialect import Dialect, Record, Records
from ingest.api.events import Response
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, text_response
from ingest.api.severity import severity
from ingest.api.wire_values import MAX_LOG_BYTES
from ingest.contract.errors import WHY, Rejected

_TYPE: Final = "application/vnd.fdo.journal"
_BLANK: Final = re.compile(rb"\n+")
_SIZE_BYTES: Final = 8  # Of the length before a binary value, a little-endian 64-bit number.
_MOST_NAMED: Final = 10


def _read(request: Request) -> Records:
    return Records(_entries(request.body), is_batch=True, source="journal")


def _entries(body: bytes) -> list[Record | Rejected]:
    """Return the entries: lines of `NAME=value`, or `NAME` and a binary value, up to a blank line.

    After a binary value whose length is wrong, nobody knows where an entry begins: the rest is one refused record.
    """
    found: list[Record | Rejected] = []
    fields: list[tuple[bytes, bytes]] = []
    start = at = 0
    while at < len(body):
        end = body.find(b"\n", at)
        line = body[at:] if end < 0 else body[at:end]
        at = len(body) if end < 0 else end + 1
        if not line:
            if fields or at - start > MAX_LOG_BYTES:
                found.append(_entry(fields, at - start))
                if len(found) > MAX_RECORDS:
                    return found
            if blank := _BLANK.match(body, at):
                at = blank.end()
            fields, start = [], at
            continue
        name, separator, value = line.partition(b"=")
        if not separator:
            stop = at + _SIZE_BYTES + int.from_bytes(body[at : at + _SIZE_BYTES], "little")
            if body[stop : stop + 1] != b"\n":
                return [*found, Rejected("invalid_record")]
            value, at = body[at + _SIZE_BYTES : stop], stop + 1
        if at - start <= MAX_LOG_BYTES:  # A larger entry is refused: keep nothing of it.
            fields.append((name, value))
    if fields or at - start > MAX_LOG_BYTES:
        found.append(_entry(fields, at - start))
    return found


def _entry(fields: list[tuple[bytes, bytes]], size: int) -> Record | Rejected:
    if size > MAX_LOG_BYTES:
        return Rejected("text_too_large")
    members: dict[str, Any] = {}
    try:
        for octets, value in fields:
            name, text = octets.decode(), value.decode()
            if name not in members:
                members[name] = text
            elif isinstance(members[name], list):
                members[name].append(text)
            else:
                members[name] = [members[name], text]
    except UnicodeDecodeError:
        return Rejected("invalid_encoding")
    message = members.get("MESSAGE", "")
    if isinstance(message, str):
        members.pop("MESSAGE", None)
    else:  # Journald allows several: all stay a field, and the first is the text.
        message = message[0]
    return Record(
        message,
        None,
        members.get("__CURSOR"),
        members,
        event_time.event_at(members.get("__REALTIME_TIMESTAMP"), unit="us"),
        severity(members.get("PRIORITY"), scale="syslog"),
    )


def _answer(parsed: Parsed, not_enqueued: frozenset[int], _: Request) -> Response:
    """Return 503 if the queue lacks an entry, 400 if none was taken, or else 202, even if some were refused.

    At any other status journal-upload ends; after each restart it would send the same entries, for ever.
    """
    if not_enqueued:
        return text_response(503, "The queue did not take every entry. Upload them again.", retry_after_s=RETRY_AFTER_S)
    refused = [f"entry {place}: {WHY[reason].detail} ({reason})" for place, reason in parsed.rejected[:_MOST_NAMED]]
    if refused and not parsed.messages:
        return text_response(400, "\n".join(refused))
    return text_response(202, "\n".join(["OK.", *refused]))


def _refuse(rejected: Rejected, _: Request) -> Response:
    said = f"{rejected.detail} ({rejected.reason})"
    return text_response(rejected.status, said, retry_after_s=rejected.retry_after_s)


DIALECT: Final = Dialect(
    routes=[("POST", "/upload")],
    read=_read,
    answer=_answer,
    refuse=_refuse,
    takes_empty=True,
)
