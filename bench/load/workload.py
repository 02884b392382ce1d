"""The requests of a run: pure, from a seed. The same profile, kind and lane give the same requests in order."""

import json
from collections import deque
from itertools import accumulate
from random import Random
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from bench.load.refusals import Refusal, refused_batch, refused_json, refused_record, refused_text
from bench.load.texts import make_text

RequestKind = Literal["json", "text", "batch", "noisy"]
KINDS: Final = get_args(RequestKind)

_RECENT: Final = 500
"""How many logs back a duplicate or a conflict may reach: what keeps the generator's memory bounded."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What the traffic is like. Shares are of the logs (`invalid_share` of the requests, and of a batch's records).

    Tenants are `<run>-t01` and so on, their sizes Zipf's: the n-th sends `1/n` of the first. `naive` leaves out what
    the specification does not ask of a baseline: reasons and 413.
    """

    seed: int = 7
    run: str = "bench"
    tenants: int = 40
    max_chars: int = 1_000
    phone_share: float = 0.12
    duplicate_share: float = 0.02
    conflict_share: float = 0.005
    invalid_share: float = 0.02
    unnamed_share: float = 0.3
    batch_logs: int = 100
    naive: bool = False


class Log(NamedTuple):
    """One log as it is sent; `reason` says why it will be refused, "" that it will not. No log_id: ingest makes one."""

    tenant_id: str
    log_id: str | None
    text: str
    planted: tuple[str, ...] = ()
    reason: str = ""


class Request(NamedTuple):
    """One POST /ingest and what must be answered: `status`, and the `reason` of a request refused as a whole."""

    kind: RequestKind
    headers: dict[str, str]
    body: bytes
    logs: tuple[Log, ...]
    status: int = 202
    reason: str = ""


class Workload:
    """An endless source of requests of one kind; `lane` tells parallel sources of a run apart."""

    def __init__(self, profile: Profile, kind: RequestKind, lane: int = 0) -> None:
        self._profile = profile
        self._kind: RequestKind = kind
        self._lane = lane
        self._random = Random(f"{profile.seed}/{profile.run}/{kind}/{lane}")
        self._number = 0
        self._recent: deque[Log] = deque(maxlen=_RECENT)
        names = [f"{profile.run}-t{rank:02d}" for rank in range(1, profile.tenants + 1)]
        self._tenants = [f"{profile.run}-noisy"] if kind == "noisy" else names
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self._tenants) + 1)))

    def next(self) -> Request:
        """Return the next request."""
        if self._kind in {"batch", "noisy"}:
            return self._batch()
        make = self._json if self._kind == "json" else self._text
        if self._random.random() < self._profile.invalid_share:
            return self._refused()
        log = self._log()
        self._recent.append(log)
        return make(log)

    def _json(self, log: Log) -> Request:
        record = {"tenant_id": log.tenant_id, "text": log.text}
        if log.log_id is not None:
            record["log_id"] = log.log_id
        return Request("json", {"Content-Type": "application/json"}, json.dumps(record).encode(), (log,))

    def _text(self, log: Log) -> Request:
        headers = {"Content-Type": "text/plain; charset=utf-8", "X-Tenant-ID": log.tenant_id}
        if log.log_id is not None:
            headers["X-Log-ID"] = log.log_id
        return Request("text", headers, log.text.encode(), (log,))

    def _batch(self) -> Request:
        headers = {"Content-Type": "application/x-ndjson"}
        if self._kind == "batch" and self._random.random() < self._profile.invalid_share / 10:
            refusal = refused_batch(self._random)
            return Request(self._kind, refusal.headers, refusal.body, (), refusal.status, refusal.reason)
        logs, lines = [], []
        for _ in range(self._profile.batch_logs):
            if self._kind == "batch" and self._random.random() < self._profile.invalid_share:
                line, reason = refused_record(self._random, self._random.choice(self._tenants))
                logs.append(Log("", None, line, (), reason))
            else:
                logs.append(self._log())
                record = {"tenant_id": logs[-1].tenant_id, "text": logs[-1].text}
                line = json.dumps(record if logs[-1].log_id is None else record | {"log_id": logs[-1].log_id})
            lines.append(line)
        # Duplicates and conflicts come from earlier batches only: within one, the second text is a refused record.
        self._recent.extend(log for log in logs if not log.reason)
        return Request(self._kind, headers, "\n".join(lines).encode(), tuple(logs))

    def _refused(self) -> Request:
        tenant_id = self._random.choice(self._tenants)
        make = refused_json if self._kind == "json" else refused_text
        refusal: Refusal = make(self._random, tenant_id, naive=self._profile.naive)
        log = Log(tenant_id, refusal.log_id, refusal.text, (), refusal.reason)
        reason = "" if self._profile.naive else refusal.reason
        return Request(self._kind, refusal.headers, refusal.body, (log,), refusal.status, reason)

    def _log(self) -> Log:
        draw = self._random.random()
        if self._recent and draw < self._profile.duplicate_share + self._profile.conflict_share:
            earlier = self._random.choice(self._recent)
            if earlier.log_id is not None:
                return earlier if draw < self._profile.duplicate_share else self._new(earlier.tenant_id, earlier.log_id)
        tenant_id = self._random.choices(self._tenants, cum_weights=self._weights)[0]
        named = self._random.random() >= self._profile.unnamed_share
        return self._new(tenant_id, f"{self._random.getrandbits(128):032x}" if named else None)

    def _new(self, tenant_id: str, log_id: str | None) -> Log:
        self._number += 1
        text, planted = make_text(
            self._random, self._number, max_chars=self._profile.max_chars, phone_share=self._profile.phone_share
        )
        return Log(tenant_id, log_id, text, planted)
