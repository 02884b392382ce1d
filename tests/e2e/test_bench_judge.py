"""The judge on the real engine: a healthy run passes, and each thing spoiled in its stores fails the right check."""

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson
import pytest

from bench.judge import evidence
from bench.judge.history import History, RequestRow, SentLog, digest
from bench.judge.judge import judge
from bench.judge.judgement import Judgement, as_text
from bench.load.answers import read_answer
from bench.load.mix import RequestKind
from bench.load.plan import Plan
from bench.load.workload import Workload
from ingest.contract.message import InternalMessage, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.conftest import Eventually, LocalStack

Item = dict[str, dict[str, str]]


class SentRun:
    """A few requests of two tenants at least, really sent and answered, and everything of them stored."""

    def __init__(self, local: "LocalStack", eventually: "Eventually") -> None:
        self.local = local
        self.began = datetime.now(UTC) - timedelta(seconds=5)
        self.tenant = f"judge-{uuid.uuid4().hex[:8]}"
        self.logs: list[SentLog] = []
        self.requests: list[RequestRow] = []
        for kind, count in (("json", 8), ("text", 4), ("batch", 1)):
            self._send(kind, count)  # type: ignore[arg-type] # the three are kinds of requests
        accepted = {(log.tenant_id, log.log_id) for log in self.logs if log.status == 202}
        eventually(lambda: sum(len(local.rows(tenant_id)) for tenant_id in self.tenants) == len(accepted))
        eventually(lambda: local.is_drained)

    def _send(self, kind: RequestKind, count: int) -> None:
        plan = Plan(
            name=self.tenant,
            tenants=3,
            phone_share=1,
            duplicate_share=0,
            conflict_share=0,
            batch_logs=6,
            invalid_share=0.1,
        )
        workload = Workload(plan, kind)
        for sent in itertools.count():
            if sent >= count and len(self.tenants) > 1:  # Which tenant sends is drawn; the judge reads those that did.
                return
            request = workload.next()
            headers: Mapping[str, str] = request.headers
            answer = self.local.request("POST", "/ingest", request.body, headers)
            read = read_answer(request, answer.status, orjson.dumps(answer.body), sent_ms=1)
            self.logs += read.logs
            row = RequestRow(kind, 1, 1, 2, answer.status, len(read.logs), read.accepted, 0, "", read.problem)
            self.requests.append(row)

    @property
    def tenants(self) -> list[str]:
        """Return whose logs were accepted, in order."""
        return sorted({log.tenant_id for log in self.logs if log.status == 202})

    def judgement(self) -> Judgement:
        """Read everything from the engine anew and judge it."""
        with History() as history:
            for request in self.requests:
                history.add_request(request, ())
            history.add_sent(self.logs)
            evidence.collect(history, self.local.stack, since=self.began)
            return judge(history)

    def item(self, number: int = 0) -> Item:
        """Return a stored item."""
        return sorted(self.local.rows(self.tenants[0]), key=lambda item: item["log_id"]["S"])[number]

    def put(self, item: Item) -> None:
        """Write an item, over what is there."""
        self.local.place.dynamodb.put_item(TableName=self.local.stack.table_name, Item=item)

    def delete(self, item: Item) -> None:
        """Delete an item."""
        key = {name: item[name] for name in ("tenant_id", "log_id")}
        self.local.place.dynamodb.delete_item(TableName=self.local.stack.table_name, Key=key)


@pytest.fixture
def run(own_stack: "LocalStack", eventually: "Eventually") -> SentRun:
    """Return a healthy run on the session's stack."""
    return SentRun(own_stack, eventually)


def test_a_healthy_run_passes(run: SentRun) -> None:
    """What really went well is judged well, with every request of the workload answered as it expects."""
    judgement = run.judgement()
    assert judgement.passed, as_text(judgement)
    assert judgement.counts["stored"] == judgement.counts["accepted"] > 8
    assert judgement.counts["stream_records"] >= judgement.counts["accepted"]


def delete_one(run: SentRun) -> None:
    """Take one stored log away."""
    run.delete(run.item())


def alter_original(run: SentRun) -> None:
    """Change one stored text."""
    item = run.item()
    run.put(item | {"original_text": {"S": item["original_text"]["S"] + "."}})


def undo_redaction(run: SentRun) -> None:
    """Put a phone number back."""
    item = run.item()
    run.put(item | {"modified_data": item["original_text"]})


def plant_in_another_tenant(run: SentRun) -> None:
    """Copy one tenant's log into another's partition."""
    run.put(run.item() | {"tenant_id": {"S": run.tenants[1]}})


def store_again(run: SentRun) -> None:
    """Store a log a second time under a new log_id."""
    run.put(run.item() | {"log_id": {"S": "regenerated"}})


def dead_letter_a_healthy_log(run: SentRun) -> None:
    """Move a stored log to the DLQ, as SQS does after the last receive."""
    item = run.item()
    run.delete(item)
    message = _message(item["tenant_id"]["S"], item["log_id"]["S"], item["original_text"]["S"])
    run.local.place.sqs.send_message(QueueUrl=run.local.stack.dlq_url, MessageBody=message)


def store_past_the_stream(run: SentRun) -> None:
    """Store a log that was answered 202 and never put on the stream."""
    item = run.item() | {"log_id": {"S": "unstreamed"}, "original_text": {"S": "past"}, "modified_data": {"S": "past"}}
    run.put(item)
    sent = run.logs[0]._replace(tenant_id=item["tenant_id"]["S"], log_id="unstreamed", status=202, planted=())
    run.logs.append(sent._replace(digest=digest("past")))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (delete_one, "I1"),
        (alter_original, "I1"),
        (undo_redaction, "I8"),
        (plant_in_another_tenant, "I4"),
        (store_again, "I6"),
        (dead_letter_a_healthy_log, "I7"),
        (store_past_the_stream, "I5"),
    ],
)
def test_a_spoiled_store_fails_the_check_it_should(
    run: SentRun, spoil: Callable[[SentRun], None], expected: str
) -> None:
    """One row that is wrong in the engine breaks exactly one promise, by name."""
    spoil(run)
    assert run.judgement().failed == [expected]


def _message(tenant_id: str, log_id: str, text: str) -> str:
    message = InternalMessage(
        tenant_id=tenant_id,
        log_id=log_id,
        source="json_upload",
        text=text,
        received_at="2026-11-24T05:00:00.000Z",
        schema_version=1,
    )
    return encode(message).decode()
