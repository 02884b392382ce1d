"""The programs on the engine: all that their calls changed is a trace of the protocol's model."""

import base64
import time
from collections.abc import Iterator
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bench.judge.history import digest
from consumer import clock, erasures, handler, settings
from consumer.replay import job
from infra.dead_letter import Filter
from infra.dead_letters import redrive
from ingest import handler as ingest_handler
from ingest.api import dialects
from ingest.api.routes import Routes
from ingest.invocation import respond
from ingest.settings import Settings
from tests.e2e.recorded import Recorded
from tests.faults.model_sqs import Message
from tests.faults.world import failed_identifiers, sqs_event
from tests.interleavings.conformance import deviations

if TYPE_CHECKING:
    from infra.stack import Place
    from tests.e2e.conftest import LocalStack

_NAME = "conformance"
_VISIBILITY_S = 2
_TEXTS = (("one", "first"), ("one", "first"), ("one", "second"), ("two", "of its own"), ("one", "third"))


class _System:
    """Queues, stream and table of its own on the engine, and the programs over recorded clients."""

    def __init__(self, place: "Place") -> None:
        self.place = place
        self.dlq_url = place.sqs.create_queue(QueueName=f"{_NAME}-dlq")["QueueUrl"]
        self.queue_url = place.sqs.create_queue(QueueName=_NAME, Attributes={"VisibilityTimeout": str(_VISIBILITY_S)})[
            "QueueUrl"
        ]
        place.kinesis.create_stream(StreamName=_NAME, ShardCount=2)
        place.kinesis.get_waiter("stream_exists").wait(StreamName=_NAME, WaiterConfig={"Delay": 1})
        self.create_table()
        self.recorded = Recorded(self.queue_url)
        wrap = self.recorded.wrap
        self.sqs, self.kinesis, self.dynamodb = wrap(place.sqs), wrap(place.kinesis), wrap(place.dynamodb)
        chosen = settings.Settings(
            queue_url=self.queue_url,
            dlq_url=self.dlq_url,
            table_name=_NAME,
            stream_name=_NAME,
            seconds_per_char=0,
            crash_probability=0.3,
        )
        clients = handler.Clients(self.sqs, self.dynamodb, self.kinesis)
        outside = handler.outside(chosen, clients, clock.system(), write_line=lambda _: None)
        self._consume = handler.program(chosen, outside)
        self._ingest_settings = Settings(queue_url=self.queue_url, stream_name=_NAME)

    def create_table(self) -> None:
        names = ("tenant_id", "HASH"), ("log_id", "RANGE")
        self.place.dynamodb.create_table(
            TableName=_NAME,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in names],  # type: ignore[typeddict-item] # its two words
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in names],
            BillingMode="PAY_PER_REQUEST",
        )

    def ingest(self, log_id: str, text: str) -> None:
        """Send one log; it is accepted."""
        self.recorded.component = "ingest"
        outside = ingest_handler.outside(
            self._ingest_settings,
            ingest_handler.Clients(self.kinesis, self.sqs, self.dynamodb),
            clock.system().time,
            now_ms=lambda: time.time_ns() // 1_000_000,
            random_bits=lambda: 0,
            write_lines=lambda _: None,
        )
        event: Any = {
            "version": "2.0",
            "routeKey": "POST /ingest",
            "rawPath": "/ingest",
            "headers": {"content-type": "text/plain", "x-tenant-id": "acme", "x-log-id": log_id},
            "requestContext": {"requestId": "request-1", "http": {"method": "POST", "path": "/ingest"}},
            "body": base64.b64encode(text.encode()).decode(),
            "isBase64Encoded": True,
        }
        answer = respond(
            event,
            remaining_s=60,
            lambda_request_id="r",
            settings=self._ingest_settings,
            routes=Routes(dialects.ALL),
            outside=outside,
        )
        assert answer["statusCode"] == 202
        self.recorded.happened["acme", log_id].append(("accept", digest(text)))

    def deliver(self, *, until_deleted: int, forgets: int = 0) -> None:
        """Do as Lambda's poller until so many messages are deleted; the first `forgets` answers it does not get."""
        self.recorded.component = "consumer"
        deleted = 0
        while deleted < until_deleted:
            received = self.sqs.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=5,
                WaitTimeSeconds=1,
                MessageSystemAttributeNames=["All"],
            ).get("Messages", [])
            if not received:
                continue
            context: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 50_000)
            answer = self._consume(sqs_event([_message(one) for one in received]), context)
            failed = failed_identifiers(answer, {one["MessageId"] for one in received})
            done = [one for one in received if one["MessageId"] not in failed]
            if forgets > 0 or not done:
                forgets -= 1
                continue
            entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(done)]
            deleted += len(self.sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)["Successful"])

    def redrive(self) -> int:
        """Send all dead letters back; return how many."""
        self.recorded.component = "redrive"
        return redrive(self.sqs, dlq_url=self.dlq_url, queue_url=self.queue_url, wanted=Filter()).moved

    def rebuild(self) -> None:
        """Empty the table and send the stream to the queue again."""
        self.recorded.component = "replay"
        self.place.dynamodb.delete_table(TableName=_NAME)
        self.create_table()
        self.recorded.empty()
        outside = job.Outside(
            _NAME, self.kinesis, self.queue_url, self.sqs, BytesIO(), clock.system(), lambda: erasures.NONE
        )
        job.run(job.Options(to="queue", distinct=True, raw=True), outside, None)

    def close(self) -> None:
        """Leave the engine as it was."""
        self.place.dynamodb.delete_table(TableName=_NAME)
        self.place.kinesis.delete_stream(StreamName=_NAME)
        for url in (self.queue_url, self.dlq_url):
            self.place.sqs.delete_queue(QueueUrl=url)


def _message(received: Any) -> Message:
    attributes = received["Attributes"]
    return Message(
        received["MessageId"],
        received["Body"],
        {},
        "",
        int(attributes["SentTimestamp"]),
        receive_count=int(attributes["ApproximateReceiveCount"]),
        first_receive_ms=int(attributes["ApproximateFirstReceiveTimestamp"]),
        receipt=received["ReceiptHandle"],
    )


@pytest.fixture
def system(local_stack: "LocalStack") -> Iterator[_System]:
    """Give the programs on the session's engine."""
    made = _System(local_stack.place)
    yield made
    made.close()


def test_a_run_on_the_engine_is_a_trace_of_the_model(system: _System) -> None:
    """Copies, conflicts, poison, crashes, lost answers, a redrive and a rebuild: the model follows each step."""
    for log_id, text in _TEXTS:
        system.ingest(log_id, text)
    poison = '{"text": "no log"}'
    system.recorded.component = "ingest"
    system.sqs.send_message_batch(QueueUrl=system.queue_url, Entries=[{"Id": "0", "MessageBody": poison}])
    system.deliver(until_deleted=len(_TEXTS) + 1, forgets=2)
    assert system.redrive() >= 1
    system.deliver(until_deleted=1)
    system.rebuild()
    system.deliver(until_deleted=4)

    assert deviations(system.recorded) == []
    happened = [action for log in system.recorded.happened.values() for action, _ in log]
    assert happened.count("write") == 4
    assert happened.count("write aside") == 4
    assert {"put", "send", "receive", "come up", "quarantine", "hold", "resend", "drop", "replay", "empty"} <= {
        *happened
    }
    system.recorded.happened["acme", "two"].append(("write", digest("of its own")))
    assert deviations(system.recorded)
