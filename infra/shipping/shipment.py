"""Builds requests from lines, and reads results from answers: the client's side of the HTTP contract, without I/O."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from infra.shipping.log_file import Line
from ingest.aws.packing import calls

MAX_BATCH_BYTES: Final = 900_000
"""The limit of a batch's JSON; ingest takes 1 MiB. A single line of any length is sent as plain text, for ingest to
judge."""

_RETRYABLE: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_OF_THE_CALLER: Final = frozenset({401, 403, 404, 405})
"""Statuses that are about the caller, not the lines: wrong credentials or URL. Every line would get the same status."""


class Shipment(NamedTuple):
    """One POST: the lines it carries, in the order of its records."""

    lines: Sequence[Line]
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """The results of a request's lines. `again` may be sent again, after `retry_after_s` if the server named a time.

    `hopeless`: the server will take no request of this caller until somebody removes the cause.
    """

    accepted: Sequence[Line]
    rejected: Sequence[tuple[Line, str]]
    again: Sequence[Line]
    cause: str
    retry_after_s: float | None
    hopeless: bool = False


def requests(lines: Iterable[Line], tenant: str, batch_size: int) -> Iterator[Shipment]:
    """Yield the requests that carry the lines, up to `batch_size` in each."""
    for batch in calls(lines, lambda line: len(_record(line)), max_entries=batch_size, max_bytes=MAX_BATCH_BYTES):
        yield request(batch, tenant)


def request(lines: Sequence[Line], tenant: str) -> Shipment:
    """Return the request that carries the lines: plain text for one text, NDJSON for more, or for a record."""
    if len(lines) == 1 and lines[0].record is None:
        headers = {"Content-Type": "text/plain; charset=utf-8", "X-Tenant-ID": tenant, "X-Log-ID": lines[0].log_id}
        return Shipment(lines, headers, lines[0].text.encode())
    headers = {"Content-Type": "application/x-ndjson", "X-Tenant-ID": tenant}
    return Shipment(lines, headers, b"".join(_record(line) for line in lines))


def read_answer(sent: Shipment, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """Return the results of the sent lines by the HTTP answer. Header names are lower case."""
    members = _members(body)
    refused = members.get("rejected") or []
    rejected = [(sent.lines[refusal["index"]], str(refusal["reason"])) for refusal in refused]
    if status == HTTPStatus.ACCEPTED:
        return Answer(_others(sent.lines, rejected, ()), rejected, (), "", None)
    reason = members.get("reason")
    cause = f"HTTP {status} {reason or members.get('detail') or members.get('message') or ''}".strip()
    if status in _OF_THE_CALLER:
        return Answer((), (), sent.lines, cause, None, hopeless=True)
    if status in _RETRYABLE:
        # A batch's 500 may say which records failed. If it does not, all are sent again, which is harmless.
        if "failed" in members:
            again = [sent.lines[failure["index"]] for failure in members["failed"]]
        else:
            again = list(sent.lines)
            rejected = []
        return Answer(_others(sent.lines, rejected, again), rejected, again, cause, _retry_after_s(headers))
    if len(rejected) < len(sent.lines):
        rejected = [(line, str(reason or cause)) for line in sent.lines]
    return Answer((), rejected, (), cause, None)


def _others(lines: Sequence[Line], rejected: Sequence[tuple[Line, str]], again: Sequence[Line]) -> Sequence[Line]:
    named = {line.number for line, _ in rejected} | {line.number for line in again}
    return [line for line in lines if line.number not in named]


def _record(line: Line) -> bytes:
    record = json.dumps({"text": line.text, "log_id": line.log_id}) if line.record is None else line.record
    return record.encode() + b"\n"


def _members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except ValueError:  # A gateway's own error page.
        return {}
    return members if isinstance(members, dict) else {}


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "").strip()
    return float(value) if value.isdigit() else None
