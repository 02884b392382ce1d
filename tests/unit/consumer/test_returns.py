"""Which logs of a packed message go back to the queue, and in which messages."""

import pytest

from consumer.carried import Carried
from consumer.returns import MAX_DELAY_S, Returned, returns
from consumer.unpack import Delivery, logs_apart
from consumer.verdict import DUPLICATE, STORED, Verdict, not_taken, quarantined, retried
from ingest.contract.packed import apart
from tests.clock import START_MS
from tests.unit.consumer.fakes import body, delivery, packed

_DEFERRED = Verdict("deferred")
_FAILED = retried("SimulatedCrash")
_OUTAGE = not_taken("Throttling")


def _logs(count: int, receive_count: int = 1) -> list[Delivery]:
    return logs_apart(delivery("m", packed(*(body(f"log-{n}") for n in range(count))), receive_count))


def _returns(*verdicts: Verdict, receive_count: int = 1, max_receives: int = 5) -> list[Returned] | None:
    logs = _logs(len(verdicts), receive_count)
    named = {log.message_id: verdict for log, verdict in zip(logs, verdicts, strict=True)}
    return returns(logs, named, max_receives=max_receives, tenant_id="acme", away_s=lambda _: 12.5, now_ms=START_MS)


def test_a_message_of_finished_logs_returns_nothing() -> None:
    """A message whose logs are all stored, duplicates or dead-lettered sends nothing back."""
    assert _returns(STORED, DUPLICATE, quarantined("undecodable")) == []


def test_what_failed_goes_alone_and_carries_its_receives() -> None:
    """A failed log goes back alone, in a single log's form, with its count of receives."""
    found = _returns(STORED, _FAILED, STORED, _FAILED, receive_count=2)
    assert found is not None
    assert [one.logs for one in found] == [("m/1",), ("m/3",)]
    assert [one.body.decode() for one in found] == [body("log-1"), body("log-3")]
    assert {one.carried.receives for one in found} == {2}
    assert {one.carried.first_receive_ms for one in found} == {_logs(1)[0].first_receive_ms}
    assert {(one.tenant_id, one.delay_s) for one in found} == {("acme", 13)}


def test_what_an_outage_held_up_goes_back_together() -> None:
    """Logs that an outage held up go back in one message, because they are healthy."""
    found = _returns(STORED, _OUTAGE, _FAILED, _OUTAGE)
    assert found is not None
    assert [one.logs for one in found] == [("m/2",), ("m/1", "m/3")]
    assert apart(found[1].body.decode()) == [body("log-1"), body("log-3")]


def test_what_is_not_ready_goes_alone_and_loses_no_receive() -> None:
    """A log that is not ready goes back alone, and this receive does not count."""
    found = _returns(STORED, _DEFERRED, _DEFERRED)
    assert found is not None
    assert [(one.logs, one.carried.receives) for one in found] == [(("m/1",), 0), (("m/2",), 0)]


@pytest.mark.parametrize("verdict", [_FAILED, _OUTAGE, _DEFERRED])
def test_a_message_of_which_nothing_was_done_stays_whole(verdict: Verdict) -> None:
    """A message of which no log is finished stays whole while it has receives left, and SQS brings it back."""
    assert _returns(verdict, verdict) is None


@pytest.mark.parametrize(("receive_count", "is_split"), [(1, False), (3, False), (4, True), (5, True)])
def test_before_its_last_receive_a_message_that_fails_is_split(receive_count: int, *, is_split: bool) -> None:
    """Before its last receive a failing message is split, so that each log has its last receives alone."""
    found = _returns(_FAILED, _OUTAGE, receive_count=receive_count)
    assert found == ([*(found or [])] if is_split else None)
    assert found is None or [one.logs for one in found] == [("m/0",), ("m/1",)]


@pytest.mark.parametrize("verdict", [_OUTAGE, _DEFERRED])
def test_an_outage_splits_nothing_to_the_end(verdict: Verdict) -> None:
    """An outage never splits a message: after ten hours whole messages are dead-lettered."""
    assert _returns(verdict, verdict, receive_count=5) is None


def test_nothing_is_held_back_for_longer_than_sqs_can() -> None:
    """With a delay beyond SQS's limit, a message arrives early and is hidden for the rest."""
    logs = _logs(2)
    verdicts = {"m/0": STORED, "m/1": _DEFERRED}
    (one,) = returns(logs, verdicts, max_receives=5, tenant_id="", away_s=lambda _: 8_500.0, now_ms=START_MS) or []
    assert (one.delay_s, one.carried) == (MAX_DELAY_S, Carried(0, logs[0].first_receive_ms, START_MS))
