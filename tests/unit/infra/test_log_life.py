"""One log's steps, out of what the stores and the lines say."""

import re

from starlette.testclient import TestClient

from consumer import report
from consumer.item import Item, Key
from consumer.timestamps import rfc3339
from consumer.verdict import ERASED, retried
from infra.console import life_page
from infra.console.pages import Pages, Shown
from infra.console.server import of_routes
from infra.dead_letter import DeadLetter
from infra.erasure.of_log import ErasureOfLog
from infra.function_log import Entry
from infra.log_life import Retries, Step, StreamRecord, Traces, life, told
from ingest.api.parse import Parsed
from ingest.contract.log_ids import generator
from ingest.report import accepted_lines
from ingest.sinks.publish import Published
from tests.messages import message

_MS = 1_795_000_000_042
_TEMPLATES = re.compile("<template.*?</template>", re.DOTALL)  # Parts that a script may show later.
_AT = rfc3339(_MS)
_STORED = rfc3339(_MS + 15_000)
_KEY = Key("acme", generator(_MS, 0)(0))


def _request(at_ms: int, tenant: str, request_id: str) -> Entry:
    (text,) = accepted_lines(
        Parsed([message(tenant_id=tenant)] * 3, [0, 1, 2], [], is_batch=True),
        Published(frozenset(), frozenset(), 1),
        stack="rdp",
        timestamp_ms=at_ms,
        latency_ms=1,
        properties={"request_id": request_id},
    )
    return Entry(at_ms + 20, "ingest", text)


def _receive(at_ms: int, key: Key = _KEY) -> Entry:
    verdict = retried(cause="crash")
    return Entry(at_ms, "consumer", report.warning_line("m-1", verdict, tenant_id=key.tenant_id, log_id=key.log_id))


def _item() -> Item:
    return Item(
        tenant_id=_KEY.tenant_id,
        log_id=_KEY.log_id,
        source="json_upload",
        original_text="x",
        modified_data="x",
        received_at=_AT,
        processed_at=_STORED,
        redaction_version="1:phone",
        late_at=_STORED,
    )


def _letter(original: str) -> DeadLetter:
    attributes = {"reason": "refused_by_table", "tenant_id": "acme", "log_id": _KEY.log_id}
    return DeadLetter(
        "d-1", "r", "{}", attributes | ({"original_message_id": original} if original else {}), 1, _MS, ()
    )


def test_an_erased_log_says_when_it_was_asked_for() -> None:
    """After what is known of it; whether it was erased by its id or with its tenant."""
    for until in (None, _STORED):
        traces = Traces(_KEY, None, (), (), (), erasure=ErasureOfLog("acme", _STORED, until, until and _AT))
        assert [told(step)[:2] for step in life(traces)] == [(_AT, "received"), (_STORED, "erased")]
        assert traces.is_ended


def test_a_log_whose_receipt_is_unknown_may_have_been_erased() -> None:
    """Nothing says that its tenant's erasure took it, so nothing says that its life has ended."""
    traces = Traces(Key("acme", "own"), None, (), (), (), erasure=ErasureOfLog("acme", _STORED, _AT, None))
    assert [step.what for step in life(traces)] == ["erased?"]
    assert not traces.is_ended


def test_a_stored_log_was_received_put_on_the_stream_tried_and_stored() -> None:
    """In the order of time, with the request's id, the record's place, each receive's cause, and how long it took."""
    others = [
        _request(_MS + 1, "acme", "later"),
        _request(_MS, "other", "strange"),
        _receive(_MS, Key("acme", "other")),
    ]
    steps = life(
        Traces(
            key=_KEY,
            item=_item(),
            letters=(),
            records=[StreamRecord(_MS + 30, "shard-1", "4959", 2, _AT)],
            entries=[*others, _receive(_MS + 900), _request(_MS, "acme", "r-1"), Entry(_MS, "ingest", "no JSON")],
            unread=["the moon: AccessDenied"],
        )
    )
    assert [step.what for step in steps] == ["received", "on the stream", "retried", "stored", "not read"]
    assert steps[0] == Step(_MS, "received", "request_id r-1: 3 logs accepted")
    assert "record 2 of 4959, shard-1" in steps[1].detail
    assert "crash" in steps[2].detail
    assert "15.000 s after its receipt, late" in steps[3].detail
    assert told(steps[0])[0] == _AT
    assert told(steps[-1]) == ("", "not read", "the moon: AccessDenied")


def test_a_log_that_is_tried_again_says_when_and_how_often() -> None:
    """By the lines that name it; not before the first try, and not once it is stored."""
    entries = [_receive(_MS + 900), _receive(_MS + 2_000, Key("acme", "other")), _receive(_MS + 301_000)]
    waiting = Traces(_KEY, None, (), (), entries, retries=Retries(300, 5))
    (*_, before, step) = life(waiting)
    assert (before.what, step.at_ms, step.what) == ("retried", None, "waiting")
    assert "tries so far: 2. SQS delivers it again 300 s after each receive" in step.detail
    assert "After receive 5 it is a dead letter" in step.detail
    assert waiting.is_under_way
    assert not waiting._replace(entries=()).is_under_way
    assert not waiting._replace(item=_item()).is_under_way
    for done in (waiting._replace(entries=()), waiting._replace(item=_item()), waiting._replace(retries=None)):
        assert "waiting" not in [step.what for step in life(done)]


def test_a_dead_letter_ends_it() -> None:
    """With its reason; with a time only if the consumer sent it there, because SQS keeps the first queue's time."""
    by_consumer, by_sqs = (life(Traces(_KEY, None, [_letter(original)], (), ()))[-1] for original in ("q-1", ""))
    assert (by_consumer.at_ms, by_consumer.what) == (_MS, "dead-lettered")
    assert "refused_by_table; message d-1, q-1 in the queue" in by_consumer.detail
    assert by_sqs.at_ms is None


def test_an_id_alone_does_not_say_that_a_log_was_received() -> None:
    """It may be invented: the time in it is told as what it is."""
    (step,) = life(Traces(_KEY, None, (), (), ()))
    assert (step.at_ms, step.what) == (_MS, "received?")


def test_a_log_that_an_erasure_covers_was_dropped() -> None:
    """Its line calls it a duplicate, because it is acknowledged like one."""
    line = report.warning_line("m-1", ERASED, tenant_id="acme", log_id=_KEY.log_id)
    steps = life(Traces(_KEY, None, (), (), [Entry(_MS + 900, "consumer", line)]))
    assert ("dropped", _MS + 900) in [(step.what, step.at_ms) for step in steps]


def test_the_record_on_the_stream_says_when_a_log_with_an_own_id_was_received() -> None:
    """So its request is found, too, long before it is a row."""
    record = StreamRecord(_MS + 30, "shard-1", "4959", 0, _AT)
    steps = life(Traces(Key("acme", "own"), None, (), [record], [_request(_MS, "acme", "r-1")]))
    assert [(step.what, step.at_ms) for step in steps] == [("received", _MS), ("on the stream", _MS + 30)]
    assert "r-1" in steps[0].detail


def test_an_id_of_its_own_and_no_trace_is_no_life() -> None:
    """Nothing is made up."""
    assert life(Traces(Key("acme", "own"), None, (), (), ())) == []


def test_the_page_shows_the_steps() -> None:
    """The same steps as `rdp log --life` prints; an unknown log is said to be one, and what it is called is text."""
    pages = Pages(Shown("this machine", raw=False, allow_changes=False))
    traces = Traces(_KEY, _item(), (), (), ())
    client = TestClient(
        of_routes(pages, life_page.routes(pages, lambda key: traces if key == _KEY else Traces(key, None, (), (), ())))
    )
    page = client.get("/life", params={"tenant": "acme", "log_id": _KEY.log_id}).text
    assert "15.000 s after its receipt" in page
    assert '<p class="problem" role="alert"' not in _TEMPLATES.sub("", page)
    unknown = client.get("/life", params={"tenant": "<b>", "log_id": "<i>"}).text
    assert '<p class="problem" role="alert"' in _TEMPLATES.sub("", unknown)
    assert "<i>" not in unknown
    assert "on its way" in unknown
    assert "<table>" not in client.get("/life").text


def test_the_page_of_a_log_that_is_tried_again_says_that_it_is_not_done() -> None:
    """It does not ask whether tenant and id are right: they are."""
    pages = Pages(Shown("this machine", raw=False, allow_changes=False))
    traces = Traces(_KEY, None, (), (), [_receive(_MS + 900)], retries=Retries(300, 5))
    client = TestClient(of_routes(pages, life_page.routes(pages, lambda _: traces)))
    page = client.get("/life", params={"tenant": "acme", "log_id": _KEY.log_id}).text
    assert "It is neither stored nor a dead letter yet." in page
    assert "never accepted" not in page
    assert "tries so far: 1." in page


def test_the_page_of_an_erased_log_says_so() -> None:
    """It shows the erasure as a step, and does not say that the log may be on its way."""
    pages = Pages(Shown("this machine", raw=False, allow_changes=False))
    traces = Traces(_KEY, None, (), (), (), erasure=ErasureOfLog("acme", _STORED, _STORED, _AT))
    client = TestClient(of_routes(pages, life_page.routes(pages, lambda _: traces)))
    page = client.get("/life", params={"tenant": "acme", "log_id": _KEY.log_id}).text
    assert f"with all logs of its tenant received until {_STORED}" in page
    assert "on its way" not in page
