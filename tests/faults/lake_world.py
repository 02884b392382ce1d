"""A stream full of difficult logs for a lake, and a judge that compares the stream with the table."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, cast

from pyiceberg.catalog import Catalog

from consumer import redact
from consumer.erasures import NONE
from consumer.lake import checkpoint as checkpoints
from consumer.lake.catalog import ensure, name_of
from consumer.lake.replaced import replaced_shards
from consumer.lake.rows import KEY_BYTES, original_digest
from consumer.lake.sync import Counters, Loaded, Policy, Stream, Sync
from consumer.lake.table import LakeTable
from consumer.replay.checkpoint import ShardPosition
from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.merge import Merge
from consumer.replay.select import read_log
from consumer.replay.whole_stream import read_stream
from ingest.contract import exact_json
from ingest.contract.kpl import aggregate
from ingest.contract.message import InternalMessage, encode
from tests.clock import Clock
from tests.faults.model_kinesis import Kinesis
from tests.faults.stack import Readers
from tests.messages import message

NAME: Final = name_of(raw=False)
RAW_NAME: Final = name_of(raw=True)
KEY: Final = b"k" * KEY_BYTES
STREAM: Final = "logs"
REDACTOR: Final = redact.build()

_HOSTILE: Final[tuple[dict[str, Any], ...]] = (
    {"text": ""},
    {"text": "NUL \x00, a noncharacter \ufffe, 'quotes', \"both\", a,comma;\r\nand a line end"},
    {"text": "'; DROP TABLE logs; --", "tenant_id": "x" * 64},
    {"text": "\U0001f98a \u202eright to left", "tenant_id": "A.b_c-D", "severity": "fatal"},
    {"text": "nanoseconds", "event_at": "2025-11-24T15:58:59.123456789Z", "severity": "trace"},
    {"text": "long ago", "event_at": "0001-01-01T00:00:00Z"},
    {"text": "the last day", "received_at": "9999-12-31T23:59:59.999Z"},
    {"text": "numbers", "fields": {"n": 9007199254740993, "pi": 3.5, "deep": [{"a": None, "\x00": "\x00"}]}},
    {"text": "call 555-0199", "fields": {"phone": "555-0199", "note": "no"}},
    {"text": "next day", "received_at": "2025-11-25T00:00:00.000Z", "log_id": "~" * 256},
)


class LakeWorld:
    """A stream and its syncs; `put` writes one aggregated record for each tenant."""

    def __init__(self, *, shards: int = 1) -> None:
        self.clock = Clock()
        self.kinesis = Kinesis(STREAM, self.clock, shards=shards)
        self.erasures = NONE

    def put(self, logs: Iterable[InternalMessage]) -> None:
        """Put the logs on the stream, a moment after the last ones."""
        tenants: dict[str, list[bytes]] = {}
        for log in logs:
            tenants.setdefault(log.tenant_id, []).append(encode(log))
        for tenant_id, encoded in tenants.items():
            for packed in aggregate(tenant_id, list(enumerate(encoded))):
                self.put_bytes(tenant_id, packed.data)

    def put_bytes(self, key: str, data: bytes) -> None:
        """Put bytes that may be no log."""
        self.clock.now_s += 1
        self.kinesis.put_records(StreamName=STREAM, Records=[{"PartitionKey": key, "Data": data}])

    def fill(self) -> None:
        """Put hostile logs, copies near and far apart, conflicts, and bytes that are no logs."""
        hostile = [message(**{"log_id": f"h-{n}", **members}) for n, members in enumerate(_HOSTILE)]
        self.put(hostile)
        self.put([message("twice", "the same"), message("twice", "the same"), message("twice", "another")])
        self.put([message("number", "call 555-0101"), message("number", "call 555-0102")])
        self.put_bytes("acme", b"no log")
        self.put([message("number", "call 555-0101"), message("number", "call 555-0103"), *hostile[:3]])
        self.put([message(f"after-{n}", "call 555-0101") for n in range(3)])

    def logs(self) -> list[InternalMessage]:
        """Return every log on the stream, including copies."""
        found = []
        for record in self.kinesis.records:
            for piece in deaggregate(record["PartitionKey"], record["Data"]):
                log = piece if isinstance(piece, Broken) else read_log(piece)
                if not isinstance(log, Broken):
                    found.append(log)
        return found

    def sync(
        self,
        catalog: Catalog,
        *,
        policy: Policy = Policy(logs=6),  # noqa: B008 - immutable
        raw: bool = False,
        load: Callable[[], Loaded] | None = None,
        kinesis: Any = None,
        created_ms: int = 1,
    ) -> Counters:
        """Run one sync to the stream's end."""
        client = self.kinesis if kinesis is None else kinesis

        def opened(positions: Mapping[str, ShardPosition]) -> AbstractContextManager[Merge]:
            return read_stream(
                cast("Any", client),
                STREAM,
                positions=positions,
                since=None,
                follow=False,
                stopped=lambda: False,
                time=self.clock.time(),
                readers=lambda open_pages: Readers(open_pages, self.clock.sleep),
            )

        def replaced(positions: Mapping[str, ShardPosition]) -> list[str]:
            return replaced_shards(cast("Any", client), STREAM, positions, time=self.clock.time())

        name = RAW_NAME if raw else NAME
        ensure(catalog, name, KEY)
        return Sync(
            load=load or (lambda: LakeTable(catalog, name)),
            erasures=lambda: self.erasures,
            stream=Stream(STREAM, created_ms, opened, replaced),
            redactor=None if raw else REDACTOR,
            key=KEY,
            time=self.clock.time(),
            counters=Counters(),
            policy=policy,
        ).run()

    def broken(self, rows: Iterable[Mapping[str, Any]], *, raw: bool = False) -> list[str]:
        """Return what is wrong with the table's rows: each log of the stream must be there once, as it was sent."""
        wrong = []
        expected: dict[tuple[str, str, str | bytes], list[InternalMessage]] = {}
        for log in self.logs():
            if self.erasures.covers(log.tenant_id, log.log_id, log.received_at):
                continue
            redacted = not raw and REDACTOR.text(log.text) != log.text
            known = original_digest(log.text, KEY) if redacted else log.text
            expected.setdefault((log.tenant_id, log.log_id, known), []).append(log)
        found: Counter[tuple[str, str, str | bytes]] = Counter()
        for row in rows:
            identity = (row["tenant_id"], row["log_id"], row["original_digest"] or row["text"])
            found[identity] += 1
            if not any(_shown(log, raw=raw) == _told(row) for log in expected.get(identity, ())):
                wrong.append(f"I13: no log on the stream is {row}")
        return wrong + [
            f"I14: {identity} is there {found[identity]} times"
            for identity in expected.keys() | found.keys()
            if found[identity] != (1 if identity in expected else 0)
        ]


def _shown(log: InternalMessage, *, raw: bool) -> tuple[Any, ...]:
    fields = None if log.fields is None else log.fields if raw else REDACTOR.fields(log.fields)
    return (
        log.received_at,
        log.event_at,
        log.severity,
        log.source,
        log.text if raw else REDACTOR.text(log.text),
        fields,
        "" if raw else REDACTOR.version,
    )


def _told(row: Mapping[str, Any]) -> tuple[Any, ...]:
    fields = row["fields"]
    return (
        row["received_at"].isoformat(timespec="milliseconds") + "Z",
        row["event_at"],
        row["severity"],
        row["source"],
        row["text"],
        None if fields is None else exact_json.decoder().decode(fields),
        row["redaction_version"],
    )


def rows(catalog: Catalog, name: str = NAME) -> list[dict[str, Any]]:
    """Return the table's rows as pyiceberg reads them."""
    return catalog.load_table(name).scan().to_arrow().to_pylist()


def went_back(catalog: Catalog) -> list[str]:
    """Return what is wrong with the order of the checkpoints: none may have fewer logs than the one before it."""
    read = [
        found.logs
        for snapshot in catalog.load_table(NAME).snapshots()
        if snapshot.summary is not None
        and (found := checkpoints.read(snapshot.summary.additional_properties)) is not None
    ]
    return [] if read == sorted(read) else [f"I14: the checkpoint went back: {read}"]
