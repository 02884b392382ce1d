"""The judge on a simulated system that keeps every promise, and on the same system with one thing broken."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.judge.history import History, SentLog, digest
from bench.judge.judge import Counts, judge
from bench.judge.judgement import Judgement, as_text

SETTINGS = settings(max_examples=60, deadline=None)
TENANTS = st.sampled_from(["acme", "globex", "initech"])
LOG_IDS = st.sampled_from(["a", "b", "c", "d", ""])  # "": the client sent no id and saw no answer.
STATUSES = st.sampled_from([202, 202, 202, 202, 400, 500, 0])
SENDS = st.lists(st.tuples(TENANTS, LOG_IDS, st.integers(0, 3), STATUSES, st.booleans()), min_size=1, max_size=40)


@dataclass
class Stores:
    """What a system that keeps every promise holds after these sends."""

    sent: list[SentLog] = field(default_factory=list)
    items: dict[tuple[str, str], str] = field(default_factory=dict)
    beside: set[tuple[str, str, str]] = field(default_factory=set)
    stream: list[tuple[str, str, str]] = field(default_factory=list)

    def send(self, tenant_id: str, log_id: str, text: str, status: int, *, arrived: bool) -> None:
        """Take one send: an accepted text is stored, beside another or alone; an uncertain one is if it `arrived`."""
        self.sent.append(SentLog(tenant_id, log_id, digest(text), status))
        if status == 400 or (status != 202 and not arrived):
            return
        key = tenant_id, log_id or f"made-{len(self.sent)}"
        self.stream.append((*key, text))
        if self.items.setdefault(key, text) != text:
            self.beside.add((*key, text))

    def judgement(self) -> Judgement:
        """Judge the present contents."""
        with History() as history:
            history.add_sent(self.sent)
            for (tenant_id, log_id), text in self.items.items():
                history.add_item(tenant_id, log_id, text, text)
            for tenant_id, log_id, text in self.beside:
                history.add_item(tenant_id, log_id, text, text)
            for record in self.stream:
                history.add_stream_record(*record)
            return judge(history, counts=Counts(0, 0, len(self.items) + len(self.beside)))


def filled(sends: list[Any]) -> Stores:
    """Return the stores after the sends. Texts are unique to tenant, log_id and variant, as in every real run."""
    stores = Stores()
    for number, (tenant_id, log_id, variant, status, arrived) in enumerate(sends):
        accepted = 202 if status == 202 and not log_id else status
        named = log_id or (f"answered-{number}" if accepted == 202 else "")
        # A refused text is always refused, so that it must differ from other texts.
        kind = "refused" if status == 400 else "log"
        text = f"{kind} of {tenant_id}/{named or number}/{variant}"
        stores.send(tenant_id, named, text, status, arrived=arrived)
    return stores


@given(SENDS)
@SETTINGS
def test_a_system_that_keeps_its_promises_passes(sends: list[Any]) -> None:
    """A system with duplicates, conflicts, refusals, 5xx and timeouts in any order passes, if it keeps its promises."""
    judgement = filled(sends).judgement()
    assert judgement.passed, as_text(judgement)


@given(SENDS, st.data())
@SETTINGS
def test_one_lost_or_altered_row_never_passes(sends: list[Any], data: st.DataObject) -> None:
    """A missing, altered, moved or additional item, or an accepted log that is not on the stream, never passes."""
    stores = filled([*sends, ("acme", "sure", 0, 202, True)])
    accepted = {(log.tenant_id, log.log_id) for log in stores.sent if log.status == 202}
    key = data.draw(st.sampled_from(sorted(accepted & stores.items.keys())))
    what = data.draw(st.sampled_from(["delete", "alter", "move", "unstream", "copy"]))
    if what == "unstream":
        stores.stream = [record for record in stores.stream if record[:2] != key]
    elif what == "alter":
        stores.items[key] += "!"
    elif what == "copy":
        stores.items[key[0], "copy"] = stores.items[key]
    else:
        text = stores.items.pop(key)
        if what == "move":
            stores.items["elsewhere", key[1]] = text
    assert not stores.judgement().passed
