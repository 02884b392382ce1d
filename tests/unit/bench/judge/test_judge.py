"""The judge: a healthy history passes, and each planted offence fails the check that names it."""

from collections.abc import Callable

import pytest

from bench.judge.history import NO_ANSWER, History, RequestRow, SentLog, digest
from bench.judge.judge import Asked, Counts, Stored, judge
from bench.judge.judgement import Judgement, as_json, as_text

TEXT = "call 555-0199 now"
REDACTED = "call [REDACTED] now"


class Run:
    """A small healthy run, in memory, that a test then spoils."""

    def __init__(self) -> None:
        self.sent: list[SentLog] = []
        self.items: dict[tuple[str, str], tuple[str, str]] = {}
        self.beside: list[tuple[str, str, str]] = []
        self.dead: list[tuple[str, str, str, str]] = []
        self.stream: list[tuple[str, str, str]] = []
        self.requests: list[RequestRow] = []
        self.counts: Counts | None = None
        for number in range(10):
            self.accept("acme", f"a{number}", f"{TEXT} {number}")
            self.accept("globex", f"g{number}", f"quiet {number}", planted=())

    def send(self, tenant_id: str, log_id: str, text: str, status: int, planted: tuple[str, ...] = ()) -> None:
        """Record a request and its answer."""
        self.sent.append(SentLog(tenant_id, log_id, digest(text), status, 1000.0, planted))
        now_ms = 1000.0 + len(self.requests)
        self.requests.append(RequestRow("json", now_ms, now_ms, now_ms + 5, status, 1, 1, 20, tenant_id))

    def accept(self, tenant_id: str, log_id: str, text: str, planted: tuple[str, ...] = ("555-0199",)) -> None:
        """Record a request that was accepted, stored and streamed."""
        self.send(tenant_id, log_id, text, 202, planted)
        self.items[tenant_id, log_id] = text, text.replace("555-0199", "[REDACTED]")
        self.stream.append((tenant_id, log_id, text))

    def judgement(self, asked: Asked | None = None, on_stored: Callable[[Stored], None] | None = None) -> Judgement:
        """Judge what is recorded by now."""
        with History() as history:
            for request in self.requests:
                history.add_request(request, ())
            history.add_sent(self.sent)
            for (tenant_id, log_id), (original, modified) in self.items.items():
                history.add_item(tenant_id, log_id, original, modified, processed_ms=3500.0)
            for tenant_id, log_id, text in self.beside:
                history.add_item(tenant_id, log_id, text, text, processed_ms=3500.0)
            for entry in self.dead:
                history.add_dead_letter(*entry)
            for record in self.stream:
                history.add_stream_record(*record)
            counts = self.counts or Counts(0, 0, len(self.items) + len(self.beside))
            return judge(history, counts=counts, asked=asked, on_stored=on_stored)


@pytest.fixture
def run() -> Run:
    """Return a healthy run."""
    return Run()


def test_a_healthy_run_passes_with_every_visible_promise_checked(run: Run) -> None:
    """A run in which all went well passes, and the judgement says what no run can show."""
    judgement = run.judgement(Asked(600, 2))
    assert judgement.passed, as_text(judgement)
    assert [check.name for check in judgement.checks] == (
        ["answers", "I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I11", "rate", "drained"]
    )
    assert list(judgement.unseen) == ["I9", "I10", "I12"]
    assert judgement.counts["accepted"] == judgement.counts["stored"] == judgement.counts["stream_records"] == 20


def test_a_deleted_item_breaks_i1(run: Run) -> None:
    """A 202 without an item or a DLQ entry is a loss, and the sums do not add up either."""
    del run.items["acme", "a3"]
    judgement = run.judgement()
    assert judgement.failed == ["I1", "I11"]
    assert "acme/a3: answered 202, and there is no item" in as_text(judgement)


def test_an_altered_original_breaks_i1(run: Run) -> None:
    """An item whose original text is not the one that was sent fails."""
    run.items["acme", "a3"] = TEXT + " 3!", REDACTED
    judgement = run.judgement()
    assert judgement.failed == ["I1"]
    assert "acme/a3: the item's text is not the one that was sent" in judgement.checks[1].examples


@pytest.mark.parametrize("left", [TEXT, "call 5[REDACTED] 555-0199", "call [REDACTED] 555-01990"])
def test_a_readable_phone_number_breaks_i8(run: Run, left: str) -> None:
    """A planted phone number that can still be read in modified_data fails."""
    run.items["acme", "a3"] = run.items["acme", "a3"][0], left
    assert run.judgement().failed == ["I8"]


def test_the_subscriber_part_of_a_longer_number_breaks_i8(run: Run) -> None:
    """Redacting only the country and area code is no redaction."""
    run.accept("acme", "long", "at +1 415 555 2671 today", planted=("+1 415 555 2671",))
    run.items["acme", "long"] = "at +1 415 555 2671 today", "at [REDACTED] 415 555 2671 today"
    assert run.judgement().failed == ["I8"]
    run.items["acme", "long"] = "at +1 415 555 2671 today", "at [REDACTED] today"
    assert run.judgement().passed


def test_an_item_in_another_tenant_breaks_i4(run: Run) -> None:
    """A copy of one tenant's log in another's partition is found by its text, and named with its sender."""
    run.items["globex", "a3"] = run.items["acme", "a3"]
    judgement = run.judgement()
    assert "I4" in judgement.failed
    assert any("sent by tenant acme" in example for check in judgement.checks for example in check.examples)


def test_an_item_moved_to_a_tenant_that_nobody_uses_breaks_i4_by_the_tables_count(run: Run) -> None:
    """What stands in a partition that is never read still shows in the whole table's count."""
    run.counts = Counts(0, 0, len(run.items) + 1)
    assert run.judgement().failed == ["I4"]


def test_a_stream_record_under_another_tenant_breaks_i4(run: Run) -> None:
    """A stream record with another tenant's partition key fails, even when that tenant sent nothing."""
    run.stream.append(("initech", "a3", f"{TEXT} 3"))
    assert run.judgement().failed == ["I4"]


def test_another_runs_traffic_on_the_stream_is_not_ours_to_judge(run: Run) -> None:
    """Records of unknown tenants with unknown texts are counted as foreign."""
    run.stream.append(("somebody", "x1", "their log"))
    judgement = run.judgement()
    assert judgement.passed
    assert judgement.counts["foreign"] == 1


@pytest.mark.parametrize("reason", ["", "refused_by_table", "log_id_conflict"])
def test_a_healthy_log_in_the_dlq_breaks_i7(run: Run, reason: str) -> None:
    """A log that nothing was wrong with must not be in the DLQ, whatever reason stands there."""
    text, _ = run.items.pop(("acme", "a3"))
    run.dead.append(("acme", "a3", text, reason))
    assert run.judgement().failed == ["I7"]


def test_a_log_both_stored_and_dead_lettered_breaks_i1(run: Run) -> None:
    """Two ends for one log fail."""
    run.dead.append(("acme", "a3", f"{TEXT} 3", "refused_by_table"))
    assert {"I1", "I7", "I11"} == set(run.judgement().failed)


def test_a_missing_stream_record_breaks_i5(run: Run) -> None:
    """A 202 that the stream does not hold fails."""
    run.stream.remove(("acme", "a3", f"{TEXT} 3"))
    assert run.judgement().failed == ["I5"]


def test_a_repeated_stream_record_is_allowed(run: Run) -> None:
    """The stream is at least once: made distinct by key it is complete."""
    run.stream.append(run.stream[0])
    assert run.judgement().passed


def test_a_refused_log_that_was_stored_breaks_i2(run: Run) -> None:
    """A 4xx leaves nothing behind."""
    run.send("acme", "bad", "refused", 400)
    run.items["acme", "bad"] = "refused", "refused"
    assert "I2" in run.judgement().failed


def test_an_item_that_nobody_sent_breaks_i4(run: Run) -> None:
    """A row without a sender fails."""
    run.items["acme", "ghost"] = "boo", "boo"
    assert "I4" in run.judgement().failed


def test_a_log_stored_again_under_a_regenerated_log_id_breaks_i6(run: Run) -> None:
    """A duplicate that got a new log_id on its way is found by its text."""
    run.items["acme", "regenerated"] = run.items["acme", "a3"]
    judgement = run.judgement()
    assert "I6" in judgement.failed
    assert any("acme/regenerated" in example for check in judgement.checks for example in check.examples)


def test_duplicates_end_as_one_item(run: Run) -> None:
    """The same log sent three times is one accepted log, stored once."""
    for _ in range(2):
        run.send("acme", "a3", f"{TEXT} 3", 202)
    judgement = run.judgement()
    assert judgement.passed
    assert (judgement.counts["accepted"], judgement.counts["accepted_again"]) == (20, 2)


def test_a_conflict_must_be_an_item_beside_the_first(run: Run) -> None:
    """Another text under a known log_id: stored it passes, lost it breaks I6, in the DLQ I7, twice I6."""
    run.send("acme", "a3", "another text", 202)
    assert run.judgement().failed == ["I5", "I6", "I11"]  # The first text is on the stream, and does not stand for it.
    run.stream.append(("acme", "a3", "another text"))
    assert run.judgement().failed == ["I6", "I11"]
    run.dead.append(("acme", "a3", "another text", "log_id_conflict"))
    assert run.judgement().failed == ["I7"]
    run.dead.clear()
    run.beside.append(("acme", "a3", "another text"))
    assert run.judgement().passed
    run.beside.append(("acme", "a3", "another text"))
    assert "I6" in run.judgement().failed


def test_what_the_table_refuses_is_on_the_stream_all_the_same(run: Run) -> None:
    """I5 is for every 202 of a log, whatever becomes of it; what is no log came by the queue alone."""
    run.sent.append(SentLog("acme", "refused", digest("too much"), 202, fate="refused_by_table"))
    run.dead.append(("acme", "refused", "too much", "refused_by_table"))
    assert run.judgement().failed == ["I5"]
    run.stream.append(("acme", "refused", "too much"))
    assert run.judgement().passed


def test_equal_copies_of_a_dead_letter_are_allowed_and_counted(run: Run) -> None:
    """The put to the DLQ and the acknowledgement are two calls; a crash between them leaves a copy."""
    run.sent.append(SentLog("acme", "refused", digest("too much"), 202, fate="refused_by_table"))
    run.stream.append(("acme", "refused", "too much"))
    run.dead += [("acme", "refused", "too much", "refused_by_table")] * 2
    judgement = run.judgement()
    assert judgement.passed
    assert judgement.counts["dead_letter_copies"] == 1


@pytest.mark.parametrize("status", [500, NO_ANSWER])
def test_an_uncertain_request_may_leave_one_item_and_not_two(run: Run, status: int) -> None:
    """A 5xx or a timeout without a log_id of the client leaves 0 or 1 item."""
    run.send("acme", "", "who knows", status)
    assert run.judgement().passed
    run.items["acme", "generated-1"] = "who knows", "who knows"
    assert run.judgement().passed
    run.items["acme", "generated-2"] = "who knows", "who knows"
    assert "I3" in run.judgement().failed


def test_planted_poison_belongs_in_the_dlq(run: Run) -> None:
    """A message that cannot be decoded has no key; its body's digest finds it."""
    run.sent.append(SentLog("", "", digest(b"{nonsense"), 202, fate="undecodable"))
    run.dead.append(("", "", "{nonsense", "undecodable"))
    assert run.judgement().passed
    run.dead.clear()
    assert "I1" in run.judgement().failed


def test_an_unexpected_answer_fails(run: Run) -> None:
    """One answer that is not the expected one is enough."""
    run.requests[4] = run.requests[4]._replace(status=500, problem="500 instead of 202")
    judgement = run.judgement()
    assert judgement.failed == ["answers"]
    assert judgement.checks[0].examples == ("json: 500 instead of 202",)


def test_a_rate_under_the_asked_one_fails(run: Run) -> None:
    """20 requests in 2 s are 600 a minute: asked for 601 the run fails, also when one comes late."""
    assert run.judgement(Asked(601, 2)).failed == ["rate"]
    run.requests[4] = run.requests[4]._replace(answered_ms=9000.0)
    assert run.judgement(Asked(600, 2)).failed == ["rate"]


def test_a_queue_that_is_not_empty_fails_and_the_sums_still_add_up(run: Run) -> None:
    """Logs that wait count for I11 and against `drained`, and I1 names them as not ended."""
    del run.items["acme", "a3"]
    run.counts = Counts(0, 1, len(run.items))
    assert run.judgement().failed == ["I1", "drained"]


@pytest.mark.parametrize(("most", "failed"), [(1, ["I1", "I11", "drained"]), (2, ["I1", "drained"])])
def test_a_message_that_waits_may_hold_several_logs(run: Run, most: int, failed: list[str]) -> None:
    """Two logs missing and one message waiting: the sums add up where a message may hold two."""
    for log_id in ("a3", "a4"):
        del run.items["acme", log_id]
    run.counts = Counts(0, 1, len(run.items), logs_per_message=most)
    assert run.judgement().failed == failed


def test_stored_logs_are_reported_with_their_lag(run: Run) -> None:
    """The lag runs from the first sending of the stored text until it was processed."""
    stored: list[Stored] = []
    run.judgement(on_stored=stored.append)
    assert len(stored) == 20
    assert {log.lag_ms for log in stored} == {2500.0}


def test_a_systems_missing_promise_can_be_left_out(run: Run) -> None:
    """A baseline without a stream is not judged by I5."""
    run.stream.clear()
    with History() as history:
        history.add_sent(run.sent)
        for (tenant_id, log_id), texts in run.items.items():
            history.add_item(tenant_id, log_id, *texts)
        assert judge(history, promises=("I1", "I4")).passed


def test_control_characters_of_ids_are_escaped(run: Run) -> None:
    """An id from a stranger cannot move the terminal's cursor."""
    run.items["acme", "\x1b[2J"] = "boo", "boo"
    assert "\x1b" not in as_text(run.judgement())


def test_what_a_caller_witnessed_is_checked_too(run: Run) -> None:
    """A promise that no history shows is a check when the caller watched it, and fails with the caller's finding."""
    with History() as history:
        history.add_sent(run.sent)
        for (tenant_id, log_id), texts in run.items.items():
            history.add_item(tenant_id, log_id, *texts)
        for record in run.stream:
            history.add_stream_record(*record)
        judgement = judge(history, witnessed={"I9": (), "I12": ("acme/a3 deleted unprocessed",)})
    assert judgement.failed == ["I12"]
    assert list(judgement.unseen) == ["I10"]
    assert "acme/a3 deleted unprocessed" in as_text(judgement)


def test_examples_are_bounded_and_counted(run: Run) -> None:
    """A thousand offences are counted, five are named; JSON carries both."""
    run.items.clear()
    judgement = run.judgement()
    check = next(check for check in judgement.checks if check.name == "I1")
    assert (check.broken, len(check.examples)) == (20, 5)
    assert b'"broken": 20' in as_json(judgement)
