"""The steps of an erasure, in order. If it is killed between two steps, run it again: it ends in the same state.

First it writes the tombstones: from then on no new log of the subject is stored. Then it deletes what is there. A
consumer that did not know the tombstone yet may still store logs, so it waits until that consumer must have ended, and
deletes from the table and the dead-letter queue again. Then it searches every place, and returns the certificate.
"""

import getpass
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from consumer import tombstones
from consumer.erasures import Subject
from consumer.item import Key
from infra import counts
from infra.erasure import lakes, letters, table
from infra.erasure.certificate import Certificate, Counts, LakePart, Outcome, Remains
from infra.erasure.letters import Looked
from infra.stack import Stack, StackError

if TYPE_CHECKING:
    from infra.lake_place import Lake

_CONSUMER_TIMEOUT_S: Final = 900
"""Lambda's longest timeout, used where the stack does not say which function its consumer is."""

_QUEUE_RETENTION_DAYS: Final = 18  # 4 in the queue, and 14 as a dead letter (the template's).
_BACKUP_DAYS: Final = 35  # PointInTimeRecovery, DynamoDB developer guide, November 2026.
_TABLE_BUCKET_DAYS: Final = 13  # S3 Tables' own defaults: 10 days noncurrent, after 3 unreferenced.

NOT_SEARCHED: Final = (
    "files that people made: rdp replay --to, rdp dlq export and purge, changed-items of rdp rebuild, rdp lake query",
    "lakes that were not named (--warehouse), and copies of any",
)


class Caller(NamedTuple):
    """Who asks for the erasure, and when, by AWS's clock."""

    name: str
    now: datetime


class Found(NamedTuple):
    """What an erasure would delete now."""

    rows: int
    conflicts: int
    dead_letters: int
    unclear_letters: int
    hidden_letters: int
    queued: int
    lake: list[LakePart]


def caller(stack: Stack) -> Caller:
    """Return the ARN of the credentials and the user's name on this machine, and AWS's time."""
    sts = stack.place.session.client("sts", endpoint_url=stack.place.aws_endpoint_url)
    answer: Any = sts.get_caller_identity()
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    # The header has whole seconds: a log received within this second counts as received before.
    now = parsedate_to_datetime(date).replace(microsecond=999_000) if date else datetime.now(UTC)
    return Caller(f"{answer['Arn']}, {_person()} on this machine", now)


def _person() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"


def count(stack: Stack, places: "Sequence[Lake]", subject: Subject) -> Found:
    """Return what there is of the subject's logs; nothing is changed."""
    found = [row for page in table.rows(stack.place.dynamodb, stack.table_name, subject) for row in page]
    looked = letters.look(stack, subject)
    return Found(
        rows=len(found),
        conflicts=sum(row.is_conflict for row in found),
        dead_letters=len(looked.meant),
        unclear_letters=len(looked.unclear),
        hidden_letters=looked.hidden,
        queued=sum(counts.queue_depth(stack, stack.queue_url)),
        lake=list(lakes.count(places, subject)),
    )


def erase(
    stack: Stack,
    places: "Sequence[Lake]",
    subject: Subject,
    asked: Caller,
    *,
    sleep: Callable[[float], None],
    tell: Callable[[str], None] = lambda _: None,
) -> Certificate:
    """Erase the subject's logs, and return the certificate; `tell(what)` is called before each step.

    Raises:
        RefusedError, ClientError, and the errors of a lake: called again, it continues.
    """
    client = stack.place.dynamodb
    tell("tombstone")
    replaced = table.mark(client, stack.table_name, subject, at=rfc3339_of(asked.now))
    tell("table")
    rows, conflicts = table.delete(client, stack.table_name, subject)
    tell("dead letters")
    removed = letters.remove(stack, subject)
    tell("lake")
    parts = list(lakes.erase(places, subject))
    wait_s = tombstones.KNOWN_FOR_S + _consumer_timeout_s(stack)
    tell(f"waiting {wait_s} s for what the consumer had begun")
    sleep(wait_s)
    tell("table again")
    more, more_conflicts = table.delete(client, stack.table_name, subject)
    tell("dead letters again")
    removed += letters.remove(stack, subject)
    erased = Counts(rows=replaced + rows + more, conflicts=conflicts + more_conflicts, dead_letters=removed, lake=parts)
    tell("search")
    return search(stack, places, subject, asked, erased=erased)


def search(
    stack: Stack,
    places: "Sequence[Lake]",
    subject: Subject,
    asked: Caller,
    *,
    erased: Counts | None = None,
    erased_at: datetime | None = None,
) -> Certificate:
    """Return a certificate that says what every place still holds of the subject's logs; nothing is changed.

    `erased_at` is when the erasure was requested, if that was before. What must remain then goes sooner.
    """
    looked = letters.look(stack, subject)
    queued = sum(counts.queue_depth(stack, stack.queue_url))
    found = [
        *table.find(stack, subject),
        *(f"dead letter {letter.message_id}" for letter in looked.meant),
        *lakes.find(places, subject),
    ]
    outcome: Outcome = "found" if found else "undecided" if queued or looked.hidden or looked.unclear else "gone"
    return Certificate(
        tenant_id=subject.tenant_id,
        log_id=subject.log_id,
        received_until=subject.until if subject.log_id is None else None,
        asked_by=asked.name,
        asked_at=rfc3339_of(asked.now),
        certified_at=rfc3339_of(max(datetime.now(UTC), asked.now)),  # AWS's whole second may lie ahead of our clock.
        erased=erased,
        remains=list(_remains(stack, places, erased_at or asked.now, looked, queued)),
        not_searched=list(NOT_SEARCHED),
        found=found,
        outcome=outcome,
    )


def standing(stack: Stack, tenant_id: str) -> str | None:
    """Return the time up to which the tenant's logs are erased already, from its tombstone; None if it has none."""
    return tombstones.read(stack.place.dynamodb, stack.table_name).tenants.get(tenant_id)


def marked(stack: Stack, tenant_id: str, log_id: str | None) -> Subject:
    """Return what the tombstone of a tenant, or of a log id, says was erased.

    Raises:
        StackError: there is no such tombstone.
    """
    erasures = tombstones.read(stack.place.dynamodb, stack.table_name)
    if log_id is None and tenant_id in erasures.tenants:
        return Subject(tenant_id, None, erasures.tenants[tenant_id])
    if log_id is not None and Key(tenant_id, log_id) in erasures.logs:
        return Subject(tenant_id, log_id, "")
    raise StackError(f"{' '.join(filter(None, (tenant_id, log_id)))} was never erased here: there is no tombstone.")


def _remains(stack: Stack, places: "Sequence[Lake]", now: datetime, looked: Looked, queued: int) -> Iterator[Remains]:
    summary = stack.place.kinesis.describe_stream_summary(StreamName=stack.stream_name)["StreamDescriptionSummary"]
    yield Remains(
        place="stream",
        what="its records as they were sent; replay, rebuild and sync leave them out",
        until=rfc3339_of(now + timedelta(hours=summary["RetentionPeriodHours"])),
    )
    if queued:
        yield Remains(
            place="queue",
            what=f"erased logs, if the queue's messages (of all tenants, now {queued}) hold some; the consumer drops "
            f"them. If the number does not fall, `rdp tail --level warning` names what is tried again and again",
            until=f"the queue is empty, at most {_QUEUE_RETENTION_DAYS} days",
        )
    if looked.hidden:
        yield Remains(
            place="dead-letter queue",
            what=f"{looked.hidden} dead letters that SQS does not show now, because somebody else is reading them",
            until="you search again, in 5 minutes",
        )
    if looked.unclear:
        ids = ", ".join(letter.message_id for letter in looked.unclear)
        yield Remains(
            place="dead-letter queue",
            what=f"dead letters that cannot be read and may hold it (`rdp dlq show ID`, `rdp dlq purge --id ID`): "
            f"{ids}",
            until="you purge them, or 14 days after they came",
        )
    if _has_backups(stack):
        yield Remains(
            place="point-in-time backup of the table",
            what="its rows as they were; after you restore a table, erase again in it",
            until=rfc3339_of(now + timedelta(days=_BACKUP_DAYS)),
        )
    for lake in places:
        if not lake.in_folder:
            yield Remains(
                place=lake.where,
                what="old files that no snapshot names; only S3 Tables itself deletes them",
                until=rfc3339_of(now + timedelta(days=_TABLE_BUCKET_DAYS)),
            )


def _has_backups(stack: Stack) -> bool:
    """Say whether the table has point-in-time backups; True also where DynamoDB refuses to say."""
    try:
        described: Any = stack.place.dynamodb.describe_continuous_backups(TableName=stack.table_name)
    except ClientError:
        return True
    recovery = described["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return bool(recovery.get("PointInTimeRecoveryStatus") == "ENABLED")


def _consumer_timeout_s(stack: Stack) -> int:
    name = stack.outputs.get("ConsumerFunctionName")
    if name is None:
        return _CONSUMER_TIMEOUT_S
    return stack.place.lambda_.get_function_configuration(FunctionName=name)["Timeout"]


def rfc3339_of(at: datetime) -> str:
    """Return the time in the format of a log's `received_at`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
