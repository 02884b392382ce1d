"""The order of the two sinks, and the mark in the queue for logs that are not on the stream."""

from collections.abc import Callable, Sequence

from ingest.contract.message import EncodedLog, decode, encode
from ingest.sinks.publish import NOTHING, Published, Puts, publish
from tests.unit.ingest.fakes import message

_UNTIL_S = {"stream": 1.5, "queue": 8.5}


def _publish(texts: list[str], pending: set[int], failed: set[int]) -> tuple[Published, list[tuple[str, EncodedLog]]]:
    seen: list[tuple[str, EncodedLog]] = []

    def sink(name: str, refused: set[int]) -> Puts:
        def take(
            logs: Sequence[EncodedLog], *, give_up_at_s: float, on_refusal: Callable[[str, int], None]
        ) -> frozenset[int]:
            assert give_up_at_s == _UNTIL_S[name]
            seen.extend((name, log) for log in logs)
            for _ in refused:
                on_refusal("Throttling", 3)
            return frozenset(refused)

        return take

    messages = [message(f"log-{i}", text, tenant_id=f"t{i}") for i, text in enumerate(texts)]
    published = publish(
        messages,
        stream=sink("stream", pending),
        stream_until_s=_UNTIL_S["stream"],
        queue=sink("queue", failed),
        queue_until_s=_UNTIL_S["queue"],
    )
    return published, seen


def test_stream_comes_before_the_queue_and_both_get_every_message() -> None:
    """The stream is written first, because the queue's messages say what the stream lacks."""
    published, seen = _publish(["a", "b"], set(), set())
    assert [name for name, _ in seen] == ["stream", "stream", "queue", "queue"]
    assert [log.tenant_id for _, log in seen] == ["t0", "t1", "t0", "t1"]
    assert seen[0][1].data == seen[2][1].data == encode(message("log-0", "a", tenant_id="t0"))
    assert published == Published(frozenset(), frozenset(), len(seen[2][1].data) + len(seen[3][1].data))


def test_what_the_stream_refuses_travels_with_its_mark() -> None:
    """Only the message that the stream refused is marked, and only in the queue."""
    published, seen = _publish(["a", "b"], {1}, set())
    assert [decode(log.data).stream_pending for _, log in seen] == [False, False, False, True]
    assert published.stream_pending == {1}
    assert published.not_enqueued == frozenset()


def test_bytes_are_those_of_the_enqueued() -> None:
    """Only messages that SQS acknowledged count towards the accepted bytes."""
    published, seen = _publish(["a", "long text", "c"], set(), {1})
    queued = [log.data for name, log in seen if name == "queue"]
    assert published == Published(frozenset({1}), frozenset(), len(queued[0]) + len(queued[2]), {"sqs:Throttling": 3})


def test_refusals_are_counted_by_service_and_code() -> None:
    """Refusals are counted by service and code, so that the line stays short for any number of logs and tries."""
    published, _ = _publish(["a", "b"], {0, 1}, {1})
    assert published.refusals == {"kinesis:Throttling": 6, "sqs:Throttling": 3}


def test_nothing_is_nothing() -> None:
    """A request without an accepted log makes no call."""
    assert Published(frozenset(), frozenset(), 0) == NOTHING
