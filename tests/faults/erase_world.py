"""AWS in memory and a lake on disk for erasures; each call and each file is a step. It checks what an erasure left."""

# ruff: noqa: N803 - boto3's names

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import pyarrow.parquet as pq

from consumer import handler, tombstones
from consumer.erasures import Subject
from consumer.lake.catalog import CATALOG_FILE
from consumer.settings import Settings
from infra.erasure import run
from infra.erasure.certificate import Certificate
from infra.erasure.run import Caller
from infra.stack import Stack
from ingest.contract.message import encode
from ingest.contract.packed import joined
from tests.faults.answers import client_error
from tests.faults.lake_steps import STEPS, stepping
from tests.faults.lake_world import LakeWorld
from tests.faults.model_dynamodb import Dynamodb
from tests.faults.world import DLQ_URL, QUEUE_URL, REFUSED_TEXT, STREAM_NAME, TABLE_NAME, World
from tests.messages import message, none_erased

TENANT: Final = "acme"
OTHER: Final = "blue"
WORD: Final = "xyzzyplugh"
KEPT: Final = "frobozz"
UNTIL: Final = "2025-11-24T18:00:00.000Z"
LATER: Final = "2025-11-24T18:00:00.001Z"
OF_TENANT: Final = Subject(TENANT, None, UNTIL)
OF_LOG: Final = Subject(TENANT, "one", UNTIL)
TIMEOUT_S: Final = 50
_LETTERS_COME_BACK_S: Final = 301

_DELETE: Final = re.compile(r'DELETE FROM "([A-Za-z0-9_.-]+)" WHERE tenant_id=\? AND log_id=\? AND received_at=\?')

_NO_LATER_ONE: Final = "attribute_not_exists(#tenant) OR #tenant < :until"


class Erasable(Dynamodb):
    """The model's table, with the further operations that an erasure uses."""

    def batch_execute_statement(self, *, Statements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Run DELETE statements, which delete a row only if its receipt time is the one given, or INSERT statements."""
        if not _DELETE.fullmatch(Statements[0]["Statement"]):
            return super().batch_execute_statement(Statements=Statements)
        answers = []
        for statement in Statements:
            tenant, log_id, received_at = (value["S"] for value in statement["Parameters"])
            item = self.items.get((tenant, log_id))
            if item is None or item.get("received_at") != {"S": received_at}:
                answers.append({"Error": {"Code": "ConditionalCheckFailed"}})
            else:
                del self.items[tenant, log_id]
                answers.append({})
        return {"Responses": answers}

    def put_item(self, *, TableName: str, Item: dict[str, Any], ReturnValues: str = "NONE") -> dict[str, Any]:
        """Put an item, which replaces an older one; return the older one if the request asks for it."""
        assert TableName == TABLE_NAME
        key = (Item["tenant_id"]["S"], Item["log_id"]["S"])
        old = self.items.get(key)
        self.items[key] = Item
        return {"Attributes": old} if old is not None and ReturnValues == "ALL_OLD" else {}

    def update_item(
        self,
        *,
        Key: Mapping[str, Any],
        ExpressionAttributeNames: Mapping[str, str],
        ExpressionAttributeValues: Mapping[str, Any],
        ConditionExpression: str = "",
        **_: Any,
    ) -> dict[str, Any]:
        """Set a tenant's tombstone; on the condition that a request may have, only if there is no later one."""
        assert ConditionExpression in {"", _NO_LATER_ONE}
        item = self.items.setdefault((Key["tenant_id"]["S"], Key["log_id"]["S"]), dict(Key))
        name, until = ExpressionAttributeNames["#tenant"], ExpressionAttributeValues[":until"]
        if ConditionExpression and name in item and item[name]["S"] >= until["S"]:
            raise client_error("UpdateItem", "ConditionalCheckFailedException")
        item[name] = until
        item[ExpressionAttributeNames["#asked"]] = item["erased_at"] = ExpressionAttributeValues[":at"]
        return {}

    def query(
        self,
        *,
        KeyConditionExpression: str = "",
        ExpressionAttributeValues: Mapping[str, Any],
        IndexName: str | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Return a tenant's items, or those with a sort key, a prefix of it or between two; of an index, only its."""
        low, high = (
            ExpressionAttributeValues.get(name, {"S": end})["S"] for name, end in ((":low", ""), (":high", "~"))
        )
        wanted = ExpressionAttributeValues.get(":log_id", {"S": ""})["S"]
        takes = str.__eq__ if "log_id = " in KeyConditionExpression else str.startswith
        tenant = ExpressionAttributeValues[":tenant_id"]["S"]
        attribute = {"by_arrival": "arrived_at", "by_late": "late_at"}.get(IndexName or "", "tenant_id")
        return {
            "Items": [
                item
                for (tenant_id, log_id), item in sorted(self.items.items())
                if tenant_id == tenant and takes(log_id, wanted) and low <= log_id <= high and attribute in item
            ]
        }

    def describe_continuous_backups(self, **_: Any) -> dict[str, Any]:
        """Return that there are no backups."""
        return {"ContinuousBackupsDescription": {}}


class _Stepping:
    """A client whose every call is a step."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=lambda **asked: iter([getattr(self, operation)(**asked)]))

    def __getattr__(self, name: str) -> Any:
        def call(**asked: Any) -> Any:
            with STEPS.step(name):
                return getattr(self._inner, name)(**asked)

        return call


class EraseWorld:
    """Two tenants' logs in the table, the queue, the dead letters, the stream and, except the last log, the lake."""

    def __init__(self, folder: Path) -> None:
        """Begin with an empty world whose lake is in the folder."""
        self.folder = folder
        self.lake = LakeWorld()
        self.clock = self.lake.clock
        self.world = World(self.clock)
        self.world.dynamodb = Erasable(TABLE_NAME, refused_text=REFUSED_TEXT)

    @property
    def outlives(self) -> tuple[object, ...]:
        """The objects that keep their state when a process is killed."""
        return (self.clock, self.world.queue, self.world.dlq, self.world.dynamodb, self.lake.kinesis)

    def fill(self) -> None:
        """Put logs of both tenants everywhere."""
        for tenant, word in ((TENANT, WORD), (OTHER, KEPT)):
            logs = [
                *(message(name, f"{word} {name}", tenant_id=tenant) for name in ("one", "two")),
                message("one", f"{word} another", tenant_id=tenant),
                message("later", KEPT, tenant_id=tenant, received_at=LATER),
            ]
            for log in logs:
                self.world.queue.send(encode(log).decode())
            self.lake.put(logs)
            packed = [
                message("dead", word, tenant_id=tenant),
                message("kept", KEPT, tenant_id=tenant, received_at=LATER),
            ]
            self.world.dlq.send(joined([encode(log) for log in packed]).decode())
            self.world.dlq.send(encode(message("one", f"{word} dead", tenant_id=tenant)).decode())
        self.deliver()
        self.sync()
        for tenant, word in ((TENANT, WORD), (OTHER, KEPT)):
            waits = message("waits", f"{word} waits", tenant_id=tenant)
            self.lake.put([waits])
            self.world.queue.send(encode(waits).decode())

    def deliver(self, *, knows_erasures: bool = True) -> None:
        """Let a new consumer process all messages of the queue, including those that come back.

        One that read the tenants' tombstones a moment before an erasure does not know of it.
        """
        chosen = Settings(
            queue_url=QUEUE_URL,
            dlq_url=DLQ_URL,
            table_name=TABLE_NAME,
            stream_name=STREAM_NAME,
            seconds_per_char=0,
            crash_probability=0,
        )
        clients: Any = SimpleNamespace(sqs=self.world.sqs, dynamodb=self.world.dynamodb, kinesis=self.world.kinesis)
        outside = handler.outside(
            chosen,
            handler.Clients(*([clients.sqs, clients.dynamodb, clients.kinesis])),
            self.clock.programs(),
            write_line=lambda _: None,
            works_in_time=lambda work, items, /, *, budget_s: [work(item) for item in items],  # noqa: ARG005
            erased=None if knows_erasures else none_erased,
        )
        program = handler.program(chosen, outside)
        context: Any = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: TIMEOUT_S * 1000)
        while (next_s := self.world.queue.next_visible_s) is not None:
            self.clock.now_s = max(self.clock.now_s, next_s)
            self.world.deliver(lambda event: program(event, context))

    def sync(self) -> None:
        """Bring the stream into the lake."""
        self.lake.erasures = tombstones.read(cast("Any", _Stepping(self.world.dynamodb)), TABLE_NAME)
        self.lake.sync(stepping(self.folder))

    def erase(self, subject: Subject, meanwhile: Callable[[], None] = lambda: None) -> Certificate:
        """Start an erasure or continue one; `meanwhile` is called while the erasure waits."""

        def sleep(seconds: float) -> None:
            self.clock.sleep(seconds)
            with STEPS.step("wait"):
                meanwhile()

        return run.erase(self.stack(), [self._place()], subject, self._caller(), sleep=sleep)

    def certificate(self, subject: Subject) -> Certificate:
        """Search for the subject, once dead letters that somebody has received are visible again."""
        self.clock.now_s += _LETTERS_COME_BACK_S
        return run.search(self.stack(), [self._place()], subject, self._caller())

    def broken(self, subject: Subject) -> list[str]:
        """Return what is wrong after a finished erasure; the queue is emptied and the lake synced first."""
        self.deliver()
        self.sync()
        found = self.certificate(subject)
        wrong = [] if found.outcome == "gone" else [f"{found.outcome}: {found.found}"]
        gone = {"one"} if subject.log_id else {"one", "two", "waits", "dead"}
        expected = {
            (OTHER, "one"): 2,
            (OTHER, "two"): 1,
            (OTHER, "waits"): 1,
            (OTHER, "later"): 1,
            (TENANT, "later"): 1,
        } | {(TENANT, name): 1 for name in ("two", "waits") if name not in gone}
        stored: dict[tuple[str, str], int] = {}
        for (tenant_id, log_id), item in self.world.dynamodb.items.items():
            if "erased_at" not in item:
                key = (tenant_id, log_id.partition(" ")[0])
                stored[key] = stored.get(key, 0) + 1
        if stored != expected:
            wrong.append(f"rows {stored}, not {expected}")
        wrong += self.lake.broken(stepping(self.folder).load_table("rdp.logs").scan().to_arrow().to_pylist())
        places = {
            "queue": [m.body for m in self.world.queue.messages.values()],
            "dead letters": [m.body for m in self.world.dlq.messages.values()],
            "table": [str(item) for item in self.world.dynamodb.items.values()],
            "lake": [*self._texts()],
        }
        words = [f"{WORD} one", f"{WORD} another", f"{WORD} dead"] if subject.log_id else [WORD]
        wrong += [
            f"{word} is in the {place}" for place, texts in places.items() for word in words if word in str(texts)
        ]
        if f'"{TENANT}","log_id":"kept"' not in str(places["dead letters"]):
            wrong.append("what else a letter held is gone")
        return wrong

    def others(self) -> tuple[Any, ...]:
        """Return everything of the other tenant: rows, letters, and files of the lake by name and content."""
        files = [
            (path.name, path.read_bytes())
            for path in sorted(self.folder.rglob("*.parquet"))
            if f"tenant_id={OTHER}" in str(path)
        ]
        rows = {key: item for key, item in self.world.dynamodb.items.items() if key[0] == OTHER}
        return rows, [m.body for m in self.world.dlq.messages.values() if f'"{OTHER}"' in m.body], files

    def _texts(self) -> Iterator[str]:
        for path in self.folder.rglob("*"):
            if path.suffix == ".parquet":
                yield str(pq.ParquetFile(path).read().to_pylist())
            elif path.is_file() and path.name != CATALOG_FILE:
                yield path.read_bytes().decode(errors="replace")

    def _place(self) -> Any:
        return SimpleNamespace(catalog=stepping(self.folder), where="lake", in_folder=True)

    def _caller(self) -> Caller:
        return Caller("a test", datetime.fromtimestamp(self.clock.now_s, UTC))

    def stack(self) -> Stack:
        """Return the world as the operator's verbs find it."""
        clients = {
            "sqs": self.world.sqs,
            "dynamodb": self.world.dynamodb,
            "kinesis": _Summary(),
            "lambda_": _Function(),
        }
        session = SimpleNamespace(client=lambda *_, **__: _Sts())
        place = SimpleNamespace(
            session=session, aws_endpoint_url=None, **{name: _Stepping(client) for name, client in clients.items()}
        )
        outputs = {
            "QueueUrl": QUEUE_URL,
            "DeadLetterQueueUrl": DLQ_URL,
            "TableName": TABLE_NAME,
            "StreamName": STREAM_NAME,
            "ConsumerFunctionName": "consumer",
        }
        return Stack(place=cast("Any", place), endpoint="", outputs=outputs)


class _Sts:
    def get_caller_identity(self) -> dict[str, Any]:
        return {"Arn": "arn:aws:iam::000000000000:user/test", "ResponseMetadata": {"HTTPHeaders": {}}}


class _Summary:
    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        return {"StreamDescriptionSummary": {"RetentionPeriodHours": 168}}


class _Function:
    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        return {"Timeout": TIMEOUT_S}
