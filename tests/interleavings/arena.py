"""The world of one run: the model of AWS with virtual time; its names do not depend on the order of steps.

Message ids are counted for each sender instead of each queue, and receipts are compared by message and receive count.
So two orders of the same independent steps end in equal states, which the explorer recognizes as the same.
"""

from hashlib import blake2b
from typing import Any

import greenlet

from ingest.aws.retry import Time as Timing
from tests.clock import Clock
from tests.faults.model_kinesis import Kinesis
from tests.faults.model_sqs import Queue, Sqs
from tests.faults.world import DLQ_URL, QUEUE_URL, STREAM_NAME, World
from tests.interleavings.tasks import Pending, Task, current


class NamedQueue(Queue):
    """A queue whose message ids consist of the sender's name and a count of its sends."""

    def _next_id(self) -> str:
        sender = getattr(greenlet.getcurrent(), "task", None)
        if isinstance(sender, Task):
            sender.sends += 1
            return f"{sender.name}.{sender.sends}"
        self._sent += 1
        return f"poison.{self._sent}"


class NamedWorld(World):
    """The fault suite's world with named queues; a page of its stream holds everything that a small world writes."""

    def __init__(self, clock: Clock, *, shards: int = 1) -> None:
        super().__init__(clock, shards=shards)
        self.kinesis = Kinesis(STREAM_NAME, clock, shards=shards, page_records=50)
        self.dlq = NamedQueue(DLQ_URL, clock)
        self.queue = NamedQueue(QUEUE_URL, clock, visibility_s=300, dead_letters=self.dlq, max_receives=5)
        self.sqs = Sqs([self.queue, self.dlq])

    def digest(self) -> bytes:
        """Return a digest of everything here that can influence a program or what happens with time."""
        state = (
            self.clock.now_s,
            *(
                tuple(
                    (
                        *(m.message_id, m.body, m.visible_at_s, m.receive_count, m.first_receive_ms, m.sent_ms),
                        sorted((name, value["StringValue"]) for name, value in m.attributes.items()),
                    )
                    for _, m in sorted(queue.messages.items())
                )
                for queue in (self.queue, self.dlq)
            ),
            tuple(sorted(self.queue.deleted)),
            tuple((record["SequenceNumber"], record["Data"]) for record in self.kinesis.records),
            sorted(self.dynamodb.items.items()),
        )
        return blake2b(repr(state).encode(), digest_size=16).digest()


class Time:
    """The programs' clock: each reading becomes part of the task's history, and each sleep is a switch point."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.timing = Timing(self.monotonic, self.sleep, self.jitter)

    def jitter(self) -> float:
        """Return the same value for every backoff: the order of steps is explored here, not the length of waits."""
        return 0.5

    def monotonic(self) -> float:
        """Return seconds."""
        return self._noted(self.clock.monotonic())

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return round(self._noted(self.clock.now_s) * 1000)

    def now(self, zone: Any) -> Any:
        """Return the present time, as `datetime.now` does."""
        self._noted(self.clock.now_s)
        return self.clock.now(zone)

    def sleep(self, seconds: float) -> None:
        """Stop the task until so much time has passed."""
        if seconds <= 0:
            return
        clock = self.clock
        until_s = clock.now_s + seconds
        current().stop(Pending(f"until {until_s}", lambda: clock.now_s >= until_s))

    def _noted(self, now_s: float) -> float:
        current().note(str(now_s))
        return now_s
