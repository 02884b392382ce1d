"""Judges a history: the bench, the fault suite and the end-to-end tests all use this judge."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple

from bench.judge.history import WARM_UP, History
from bench.judge.judgement import Check, CheckName, Judgement, printable
from bench.judge.promises import (
    PROMISES,
    UNSEEN,
    WITNESSED,
    Broken,
    KnownLog,
    Promise,
    check_log,
    check_stray,
    is_accepted,
    is_uncertain,
)

_DEMANDS: Final[dict[str, str]] = {
    "answers": "every answer is the one that its request asks for",
    "rate": "at least the asked rate was answered",
    "drained": "the queue is empty at the end",
}
_LATE_S: Final = 1.0
"""An answer counts for the rate until this long after the schedule's end: the last request takes time to answer."""


def _title(name: CheckName) -> str:
    return {**_DEMANDS, **{str(promise): title for promise, title in {**PROMISES, **WITNESSED}.items()}}[name]


_UNMEASURED: Final = (WARM_UP, "noisy")
"""Kinds of requests that do not count for the rate."""


class Counts(NamedTuple):
    """The messages that wait when a run has ended, and how many items the whole table gained (None when unknown).

    A message holds one to `logs_per_message` logs.
    """

    queued: int
    in_flight: int
    table_items: int | None = None
    logs_per_message: int = 1


class Asked(NamedTuple):
    """The rate that a run must have reached: requests a minute, averaged over `duration_s`."""

    requests_per_minute: float
    duration_s: float


class Stored(NamedTuple):
    """One accepted and stored log; `lag_ms` is the time from its first sending until it was processed."""

    tenant_id: str
    sent_ms: float
    lag_ms: float
    characters: int


class _Findings:
    """Counts every offence and keeps the first few of each check."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._broken: Counter[CheckName] = Counter()
        self._examples: dict[CheckName, list[str]] = {}

    def add(self, name: CheckName, example: str, broken: int = 1) -> None:
        self._broken[name] += broken
        examples = self._examples.setdefault(name, [])
        if len(examples) < self._keep:
            examples.append(printable(example))

    def promise(self, broken: Broken) -> None:
        self.add(broken.promise, f"{broken.tenant_id}/{broken.log_id}: {broken.why}")

    def check(self, name: CheckName, title: str) -> Check:
        return Check(name, title, self._broken[name], tuple(self._examples.get(name, ())))


def judge(
    history: History,
    *,
    counts: Counts | None = None,
    asked: Asked | None = None,
    promises: Collection[Promise] = tuple(PROMISES),
    examples: int = 5,
    on_stored: Callable[[Stored], None] | None = None,
    witnessed: Mapping[Promise, Sequence[str]] | None = None,
) -> Judgement:
    """Return the judgement on a history whose evidence is complete.

    Without `counts`, I11 and `drained` are not checked. Without `asked`, the rate is not checked. `promises` are those
    that the system makes (a baseline without a stream does not make I5). `on_stored` is called with each accepted and
    stored log. `witnessed` maps each promise of `WITNESSED` that the caller watched to the offences that it saw; these
    promises are then checked too.
    """
    history.index()
    findings = _Findings(examples)
    tally: Counter[str] = Counter()
    _judge_logs(history, findings, tally, on_stored or (lambda _: None))
    _judge_requests(history, findings, tally, asked)
    names: list[CheckName] = ["answers", *(promise for promise in PROMISES if promise in promises)]
    if asked is not None:
        names.append("rate")
    if counts is not None:
        _judge_counts(counts, findings, tally)
        names.append("drained")
    else:
        names = [name for name in names if name != "I11"]
    for promise, offences in (witnessed or {}).items():
        names.append(promise)
        for offence in offences:
            findings.add(promise, offence)
    checks = tuple(findings.check(name, _title(name)) for name in names)
    passed = not any(check.broken for check in checks)
    unseen = {name: why for name, why in UNSEEN.items() if name not in names}
    return Judgement(passed, checks, unseen, {name: round(value, 3) for name, value in sorted(tally.items())})


def _judge_logs(
    history: History, findings: _Findings, tally: Counter[str], on_stored: Callable[[Stored], None]
) -> None:
    tenants = frozenset(("", *history.tenants()))
    strays: Counter[tuple[str, bytes, str]] = Counter()
    for tenant_id, _, evidence in history.logs():
        log = KnownLog.of(evidence)
        if tenant_id in tenants:
            _count(log, tally)
        if log.sent:
            for broken in check_log(log):
                findings.promise(broken)
            _report_stored(log, on_stored)
            continue
        for found in evidence:
            senders = history.senders(found.digest)
            if not senders and tenant_id not in tenants:
                tally["foreign"] += 1  # Another run's traffic on a shared stack.
                continue
            key = (found.tenant_id, found.digest, found.kind)
            if stray := check_stray(found, senders, already=strays[key]):
                findings.promise(stray)
            strays[key] += 1


def _count(log: KnownLog, tally: Counter[str]) -> None:
    accepted = {sent.digest for sent in log.sent if is_accepted(sent)}
    answers = sum(map(is_accepted, log.sent))
    uncertain = sum(map(is_uncertain, log.sent))
    tally["accepted"] += len(accepted)
    tally["accepted_again"] += answers - len(accepted)
    tally["uncertain"] += uncertain
    tally["refused"] += len(log.sent) - answers - uncertain
    tally["stored"] += len(log.items)
    tally["stream_records"] += len(log.stream)
    tally["dead_letters"] += len(log.dead_letters)
    # The put to the DLQ and the acknowledgement after it are two calls: equal copies may arise, and are counted.
    tally["dead_letter_copies"] += len(log.dead_letters) - len({entry.digest for entry in log.dead_letters})


def _report_stored(log: KnownLog, on_stored: Callable[[Stored], None]) -> None:
    for item in log.items:
        sent_ms = [sent.at_ms for sent in log.sent if sent.digest == item.digest]
        if sent_ms:
            on_stored(Stored(item.tenant_id, min(sent_ms), item.at_ms - min(sent_ms), item.characters))


def _judge_requests(history: History, findings: _Findings, tally: Counter[str], asked: Asked | None) -> None:
    start_ms: float | None = None
    for request in history.requests():
        tally["requests"] += 1
        if request.problem:
            findings.add("answers", f"{request.kind}: {request.problem}")
            continue
        tally["answered_as_asked"] += 1
        if request.kind in _UNMEASURED:
            continue
        start_ms = request.intended_ms if start_ms is None else start_ms
        if asked and request.answered_ms <= start_ms + (asked.duration_s + _LATE_S) * 1000:
            tally["answered_in_time"] += 1
    if asked is None:
        return
    rate = tally["answered_in_time"] / asked.duration_s * 60
    tally["requests_per_minute"] = rate  # type: ignore[assignment] # the one tally that is no whole number
    if rate < asked.requests_per_minute - 0.5:
        findings.add("rate", f"{rate:,.1f} requests a minute, asked for {asked.requests_per_minute:,.0f}")


def _judge_counts(counts: Counts, findings: _Findings, tally: Counter[str]) -> None:
    waiting = counts.queued + counts.in_flight
    tally["queued"], tally["in_flight"] = counts.queued, counts.in_flight
    if waiting:
        findings.add("drained", f"{counts.queued} queued and {counts.in_flight} in flight", waiting)
    ended = tally["stored"] + tally["dead_letters"] - tally["dead_letter_copies"]
    accounted = ended + waiting
    most = ended + waiting * counts.logs_per_message
    if most < tally["accepted"] or accounted > tally["accepted"] + tally["uncertain"]:
        findings.add(
            "I11",
            f"{tally['accepted']} accepted (and {tally['uncertain']} uncertain), but {tally['stored']} stored + "
            f"{counts.queued} queued + {counts.in_flight} in flight + {tally['dead_letters']} in the DLQ",
            abs(accounted - tally["accepted"]),
        )
    if counts.table_items is not None and counts.table_items != tally["stored"]:
        surplus = counts.table_items - tally["stored"]
        findings.add("I4", f"the table gained {surplus} items beyond its senders' partitions", abs(surplus))
