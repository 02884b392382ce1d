"""The workload can be repeated from its seed, and what it claims holds for the real parser and redaction."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bench.judge.history import phones_left
from bench.load.mix import KINDS, RequestKind
from bench.load.plan import Plan
from bench.load.texts import make_phone, make_text
from bench.load.workload import PlannedRequest, Workload
from consumer.redact import build
from ingest.api.dialects.plain import DIALECT
from ingest.api.parse import Parsed, parse
from ingest.api.request import from_event
from ingest.contract.errors import Rejected

REDACTOR = build()
RUNS = settings(max_examples=15, deadline=None)


def parsed(request: PlannedRequest) -> Parsed:
    """Return what ingest makes of a request."""
    event = {"headers": request.headers, "body": request.body.decode("latin-1"), "isBase64Encoded": False}
    with_body = replace(
        from_event(event), body=request.body, headers={name.lower(): value for name, value in request.headers.items()}
    )
    return parse(
        with_body, DIALECT, received_at="2026-11-24T05:00:00.000Z", log_id_at=lambda position: f"generated-{position}"
    )


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS))
@RUNS
def test_the_same_seed_gives_the_same_requests(seed: int, kind: RequestKind) -> None:
    """Two sources with the same seed give the same requests, and lanes of one run give different ones."""
    plan = Plan(seed=seed, batch_logs=10)
    first, second, lane = (Workload(plan, kind, lane) for lane in (0, 0, 1))
    assert [first.next() for _ in range(5)] == [second.next() for _ in range(5)]
    assert first.next() != lane.next()


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS))
@RUNS
def test_the_parser_agrees_with_what_each_request_expects(seed: int, kind: RequestKind) -> None:
    """Ingest's parser returns accepted logs with the same tenant and text, and refusals with the expected reason."""
    workload = Workload(Plan(seed=seed, invalid_share=0.3, batch_logs=15), kind)
    for _ in range(20):
        request = workload.next()
        if request.status == 202:
            got = parsed(request)
            good = [log for log in request.logs if not log.reason]
            assert [(message.tenant_id, message.text) for message in got.messages] == (
                [(log.tenant_id, log.text) for log in good]
            )
            assert [r.reason for r in got.rejected] == [log.reason for log in request.logs if log.reason]
            continue
        if request.reason == "no_valid_records":
            assert not parsed(request).messages
            continue
        with pytest.raises(Rejected) as refused:
            parsed(request)
        assert (refused.value.reason, refused.value.status) == (request.reason, request.status)


@given(seed=st.integers(0, 10_000))
@RUNS
def test_redaction_removes_every_planted_number(seed: int) -> None:
    """The phone rule redacts every number that the bench plants, and nothing else."""
    random = Random(seed)
    for number in range(50):
        text, planted = make_text(random, number, max_chars=400, phone_share=0.5)
        assert all(phone in text for phone in planted)
        redacted = REDACTOR.text(text)
        assert phones_left(planted, redacted) == 0
        assert redacted.count("[REDACTED]") == len(planted)


@given(seed=st.integers(0, 10_000))
@RUNS
def test_every_form_of_a_number_is_found_when_left(seed: int) -> None:
    """The judge's own search finds an unredacted number in any form."""
    phone = make_phone(Random(seed))
    assert phones_left([phone], f"call {phone} now") == 1


@pytest.mark.parametrize("kind", ["json", "text"])
def test_shares_and_lengths_are_as_asked(kind: RequestKind) -> None:
    """In 4,000 requests the shares of duplicates, conflicts, refusals and phones are near the plan's; texts fit."""
    plan = Plan(max_chars=400, unnamed_share=0)
    workload = Workload(plan, kind)
    requests = [workload.next() for _ in range(4000)]
    logs = [log for request in requests if request.status == 202 for log in request.logs]
    keys: dict[tuple[str, str | None], set[str]] = {}
    for log in logs:
        keys.setdefault((log.tenant_id, log.log_id), set()).add(log.text)
    conflicts = sum(len(texts) - 1 for texts in keys.values())
    duplicates = len(logs) - len({(log.tenant_id, log.log_id, log.text) for log in logs})
    assert 40 < duplicates < 120
    assert 5 < conflicts < 40
    assert 50 < sum(request.status != 202 for request in requests) < 120
    assert 0.09 < sum(bool(log.planted) for log in logs) / len(logs) < 0.15
    assert max(len(log.text) for log in logs) <= 400
    sizes = [sum(log.tenant_id == f"bench-t{rank:02d}" for log in logs) for rank in (1, 40)]
    assert sizes[0] > 10 * sizes[1] > 0
