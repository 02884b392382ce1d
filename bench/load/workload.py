"""The requests of a run, made from a seed. The same plan, kind and lane give the same requests in the same order."""

import json
from collections import deque
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

from bench.load.mix import RequestKind
from bench.load.plan import Plan
from bench.load.refusals import Refusal, refused_batch, refused_json, refused_record, refused_text
from bench.load.texts import make_text

_RECENT: Final = 500
"""A duplicate or a conflict repeats one of this many last logs, so that the generator's memory stays bounded."""


class PlannedLog(NamedTuple):
    """One log to send; `reason` says why it must be refused ("": it must not). Without log_id, ingest makes one."""

    tenant_id: str
    log_id: str | None
    text: str
    planted: tuple[str, ...] = ()
    reason: str = ""


class PlannedRequest(NamedTuple):
    """One POST /ingest and the right answer: its `status`, and the `reason` if the whole request is refused."""

    kind: RequestKind
    headers: dict[str, str]
    body: bytes
    logs: tuple[PlannedLog, ...]
    status: int = 202
    reason: str = ""


class Workload:
    """An endless source of requests of one kind; parallel sources of one run have different `lane` numbers."""

    def __init__(self, plan: Plan, kind: RequestKind, lane: int = 0) -> None:
        self._plan = plan
        self._kind: RequestKind = kind
        self._lane = lane
        self._random = Random(f"{plan.seed}/{plan.name}/{kind}/{lane}")
        self._number = 0
        self._recent: deque[PlannedLog] = deque(maxlen=_RECENT)
        names = [f"{plan.name}-t{rank:02d}" for rank in range(1, plan.tenants + 1)]
        self._tenants = [f"{plan.name}-noisy"] if kind == "noisy" else names
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self._tenants) + 1)))

    def next(self) -> PlannedRequest:
        """Return the next request."""
        if self._kind in {"batch", "noisy"}:
            return self._batch()
        make = self._json if self._kind == "json" else self._text
        if self._random.random() < self._plan.invalid_share:
            return self._refused()
        log = self._log()
        self._recent.append(log)
        return make(log)

    def _json(self, log: PlannedLog) -> PlannedRequest:
        record = {"tenant_id": log.tenant_id, "text": log.text}
        if log.log_id is not None:
            record["log_id"] = log.log_id
        return PlannedRequest("json", {"Content-Type": "application/json"}, json.dumps(record).encode(), (log,))

    def _text(self, log: PlannedLog) -> PlannedRequest:
        headers = {"Content-Type": "text/plain; charset=utf-8", "X-Tenant-ID": log.tenant_id}
        if log.log_id is not None:
            headers["X-Log-ID"] = log.log_id
        return PlannedRequest("text", headers, log.text.encode(), (log,))

    def _batch(self) -> PlannedRequest:
        headers = {"Content-Type": "application/x-ndjson"}
        if self._kind == "batch" and self._random.random() < self._plan.invalid_share / 10:
            refusal = refused_batch(self._random)
            return PlannedRequest(self._kind, refusal.headers, refusal.body, (), refusal.status, refusal.reason)
        logs, lines = [], []
        for _ in range(self._plan.batch_logs):
            if self._kind == "batch" and self._random.random() < self._plan.invalid_share:
                line, reason, tenant_id, text = refused_record(self._random, self._random.choice(self._tenants))
                logs.append(PlannedLog(tenant_id, None, text, (), reason))
            else:
                logs.append(self._log())
                record = {"tenant_id": logs[-1].tenant_id, "text": logs[-1].text}
                line = json.dumps(record if logs[-1].log_id is None else record | {"log_id": logs[-1].log_id})
            lines.append(line)
        # Duplicates and conflicts repeat logs of earlier batches only: within one batch, a second text is refused.
        self._recent.extend(log for log in logs if not log.reason)
        return PlannedRequest(self._kind, headers, "\n".join(lines).encode(), tuple(logs))

    def _refused(self) -> PlannedRequest:
        tenant_id = self._random.choice(self._tenants)
        make = refused_json if self._kind == "json" else refused_text
        refusal: Refusal = make(self._random, tenant_id, naive=self._plan.naive)
        log = PlannedLog(tenant_id, refusal.log_id, refusal.text, (), refusal.reason)
        reason = "" if self._plan.naive else refusal.reason
        return PlannedRequest(self._kind, refusal.headers, refusal.body, (log,), refusal.status, reason)

    def _log(self) -> PlannedLog:
        draw = self._random.random()
        if self._recent and draw < self._plan.duplicate_share + self._plan.conflict_share:
            earlier = self._random.choice(self._recent)
            if earlier.log_id is not None:
                return earlier if draw < self._plan.duplicate_share else self._new(earlier.tenant_id, earlier.log_id)
        tenant_id = self._random.choices(self._tenants, cum_weights=self._weights)[0]
        named = self._random.random() >= self._plan.unnamed_share
        return self._new(tenant_id, f"{self._random.getrandbits(128):032x}" if named else None)

    def _new(self, tenant_id: str, log_id: str | None) -> PlannedLog:
        self._number += 1
        text, planted = make_text(
            self._random, self._number, max_chars=self._plan.max_chars, phone_share=self._plan.phone_share
        )
        return PlannedLog(tenant_id, log_id, text, planted)
