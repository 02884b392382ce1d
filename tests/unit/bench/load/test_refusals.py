"""The records that must be refused: the judge finds each one that is taken nevertheless."""

import re
from random import Random

import pytest

from bench.judge.history import History
from bench.judge.judge import judge
from bench.load.answers import read_answer
from bench.load.refusals import refused_record
from bench.load.workload import PlannedLog, PlannedRequest

_RECORDS = {record[1]: record for record in (refused_record(Random(seed), "acme") for seed in range(100))}
"""One record for each reason."""


def _found(line: str, name: str) -> str:
    """Return a field as one reads it who checks nothing."""
    found = re.search(rf'"{name}": "([^"]*)', line)
    return found[1] if found else ""


def test_every_reason_has_a_record() -> None:
    """A hundred draws leave none of the five out."""
    assert sorted(_RECORDS) == ["empty_text", "invalid_json", "invalid_tenant", "missing_tenant", "missing_text"]


@pytest.mark.parametrize("where", ["stream", "item"])
@pytest.mark.parametrize("reason", sorted(_RECORDS))
def test_a_refused_record_that_is_kept_breaks_a_promise(reason: str, where: str) -> None:
    """The answer says that it was refused, and yet it is there, under the tenant that it names."""
    line, _, tenant_id, text = _RECORDS[reason]  # type: ignore[index] # sorted() loses the literal
    good = PlannedLog("acme", "good", "a good text")
    logs = (PlannedLog(tenant_id, None, text, (), reason), good)
    answer = read_answer(
        PlannedRequest("batch", {}, b"", logs),
        202,
        f'{{"status":"enqueued","request_id":"r","accepted":1,"log_ids":["good"],'
        f'"rejected":[{{"index":0,"reason":"{reason}"}}]}}'.encode(),
        sent_ms=0,
    )
    assert not answer.problem
    with History() as history:
        history.add_sent(answer.logs)
        history.add_item("acme", "good", good.text, good.text)
        history.add_stream_record("acme", "good", good.text)
        assert judge(history).passed
        kept = _found(line, "tenant_id"), "kept", _found(line, "text")
        assert kept[0] in {"", *history.tenants()}, "the judge reads no items of this tenant"
        if where == "stream":
            history.add_stream_record(*kept)
        else:
            history.add_item(*kept, kept[2])
        assert judge(history).failed
