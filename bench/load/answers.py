"""Compares an answer with its request: what was unexpected, and how each log ended. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from bench.judge.history import NO_ANSWER, SentLog, digest
from bench.load.workload import PlannedLog, PlannedRequest

_ACCEPTED: Final = 202
_REFUSED: Final = 400
_SERVER_ERROR: Final = 500


class Answer(NamedTuple):
    """`problem` says what was unexpected, and is "" when nothing was; `logs` has a row for each log of the request."""

    problem: str
    logs: list[SentLog]
    accepted: int


def read_answer(request: PlannedRequest, status: int, body: bytes, *, sent_ms: float) -> Answer:
    """Return what an answer says; `status` is `NO_ANSWER` when there was none."""
    answer = _json_object(body)
    if request.kind in {"batch", "noisy"} and status != NO_ANSWER:
        ends = _ends_of_batch(request.logs, status, answer)
    else:
        ends = [(status, _text_of(answer, "log_id"))] * len(request.logs)
    rows = [
        SentLog(log.tenant_id, log.log_id or log_id, digest(log.text), end, sent_ms, log.planted)
        for log, (end, log_id) in zip(request.logs, ends, strict=True)
    ]
    return Answer(_problem(request, status, answer), rows, sum(row.status == _ACCEPTED for row in rows))


def _ends_of_batch(logs: Sequence[PlannedLog], status: int, answer: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return (status, log_id) of each record; `log_ids` has the accepted records' ids, in the order of the records."""
    refused = _positions(answer, "rejected")
    failed = _positions(answer, "failed")
    log_ids = iter(answer.get("log_ids") or ())
    ends: list[tuple[int, str]] = []
    for position in range(len(logs)):
        if position in refused or _REFUSED <= status < _SERVER_ERROR:
            ends.append((_REFUSED, ""))
        elif position in failed:
            ends.append((_SERVER_ERROR, failed[position].get("log_id", "")))
        else:
            log_id = next(log_ids, "")
            # A 500 may state each record's end: records that it does not list as failed are durable.
            ends.append((_ACCEPTED if status == _ACCEPTED or log_id else status, log_id))
    return ends


def _problem(request: PlannedRequest, status: int, answer: Mapping[str, Any]) -> str:
    if status != request.status:
        said = f" ({_text_of(answer, 'reason') or _text_of(answer, 'detail')})" if answer else ""
        return f"{status or 'no answer'} instead of {request.status}{said}"
    if status != _ACCEPTED:
        if request.reason and answer.get("reason") != request.reason:
            return f"{status} with reason {_text_of(answer, 'reason')!r} instead of {request.reason!r}"
        return "" if _text_of(answer, "detail") else f"{status} without detail"
    if answer.get("status") != "enqueued" or not _text_of(answer, "request_id"):
        return "202 without status or request_id"
    return (
        _problem_of_batch(request, answer) if request.kind in {"batch", "noisy"} else _problem_of_log(request, answer)
    )


def _problem_of_log(request: PlannedRequest, answer: Mapping[str, Any]) -> str:
    log = request.logs[0]
    if answer.get("tenant_id") != log.tenant_id:
        return "202 for another tenant"
    log_id = _text_of(answer, "log_id")
    return "" if log_id and log.log_id in {None, log_id} else "202 with another log_id than the one sent"


def _problem_of_batch(request: PlannedRequest, answer: Mapping[str, Any]) -> str:
    wanted = {position: log.reason for position, log in enumerate(request.logs) if log.reason}
    said = {position: entry.get("reason") for position, entry in _positions(answer, "rejected").items()}
    if said != wanted:
        return f"202 with {len(said)} rejected records, not the {len(wanted)} invalid ones or not for their reasons"
    log_ids = answer.get("log_ids") or ()
    good = [log for log in request.logs if not log.reason]
    if answer.get("accepted") != len(good) or len(log_ids) != len(good):
        return f"202 with {answer.get('accepted')} accepted instead of {len(good)}"
    if any(log.log_id not in {None, log_id} for log, log_id in zip(good, log_ids, strict=True)):
        return "202 with other log_ids than those sent"
    return ""


def _positions(answer: Mapping[str, Any], name: str) -> dict[int, Mapping[str, Any]]:
    return {entry["index"]: entry for entry in answer.get(name) or () if isinstance(entry.get("index"), int)}


def _text_of(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
