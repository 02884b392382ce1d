"""The Iceberg table as it was when it was loaded: its checkpoint, what it holds of a batch, and one more commit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import pyarrow.compute as pc
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.expressions import And, GreaterThanOrEqual, In, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from requests.exceptions import RequestException
from sqlalchemy.exc import OperationalError

from consumer.lake import checkpoint as checkpoints
from consumer.lake import held
from consumer.lake.checkpoint import LakeCheckpoint, WrongLakeError
from consumer.lake.files import bound, dataset, tenant_of
from consumer.lake.rows import Held, Row
from consumer.lake.schema import PROPERTIES, RETRIES, arrow_table
from consumer.lake.sync import CommitUnclearError

_COMPARED: Final = ["tenant_id", "log_id", "text", "original_digest"]


class LakeTable:
    """One load of the table. A commit succeeds only on top of the loaded snapshot, and then takes its place."""

    def __init__(self, catalog: Catalog, name: str) -> None:
        """Load the table.

        Raises:
            WrongLakeError: none of its snapshots has a checkpoint.
        """
        self.table = _without_retries(catalog.load_table(name))
        self.checkpoint = checkpoint_of(self.table)

    def held(self, log_ids: Mapping[str, Sequence[str]], since: datetime) -> Iterator[Held]:
        """Yield what the table holds of each tenant's (ordered) log ids, in rows received at `since` or later.

        Memory: one row group's ids, and the rows found. Files whose bounds exclude all these ids are not opened.
        """
        if not log_ids or self.table.current_snapshot() is None:
            return
        asked = And(
            In(term=Reference("tenant_id"), values={literal(tenant_id) for tenant_id in log_ids}),
            GreaterThanOrEqual(term=Reference("received_at"), value=literal(since)),
        )
        for task in self.table.scan(row_filter=asked).plan_files():
            file = task.file
            asked_ids = held.within(
                log_ids.get(tenant_of(file), ()), bound(file.lower_bounds, "log_id"), bound(file.upper_bounds, "log_id")
            )
            if not asked_ids:
                continue
            found = dataset(self.table, [task])
            wanted = pc.field("log_id").isin(asked_ids)
            # Read only the ids first: texts are the bulk of a file, and are rarely needed.
            present = found.to_table(columns=["log_id"], filter=wanted)["log_id"].unique().to_pylist()
            if present:
                rows = found.to_table(columns=_COMPARED, filter=pc.field("log_id").isin(present))
                yield from (Held(**row) for row in rows.to_pylist())

    def append(self, rows: Iterable[Row], checkpoint: LakeCheckpoint) -> None:
        """Commit the rows and the checkpoint as one snapshot, on top of the loaded one.

        Raises:
            CommitUnclearError: the table has another snapshot by now, or the outcome is unknown.
        """
        if self.table.properties.get(RETRIES) != PROPERTIES[RETRIES]:
            raise AssertionError("a table whose commits are retried by pyiceberg")
        said = checkpoints.summary(checkpoint)
        try:
            with self.table.transaction() as transaction:
                # Also in the properties: a catalog that compacts and expires by itself keeps these, but not snapshots.
                transaction.set_properties(said)
                transaction.append(arrow_table(rows), snapshot_properties=said)
        except (CommitFailedException, CommitStateUnknownException, RequestException, OperationalError) as error:
            raise CommitUnclearError(str(error)) from error
        self.checkpoint = checkpoint


def checkpoint_of(table: Table) -> LakeCheckpoint | None:
    """Return the checkpoint of the nearest snapshot that has one: a catalog's own compaction has none."""
    snapshot = table.current_snapshot()
    if snapshot is None:
        return None
    while snapshot is not None:
        found = checkpoints.read(_said(snapshot))
        if found is not None:
            return found
        snapshot = None if snapshot.parent_snapshot_id is None else table.snapshot_by_id(snapshot.parent_snapshot_id)
    found = checkpoints.read(table.properties)
    if found is None:
        raise WrongLakeError(
            "The table has rows but no checkpoint, so `rdp lake sync` did not write it. Name another lake."
        )
    return found


def _said(snapshot: Snapshot) -> Mapping[str, str]:
    return {} if snapshot.summary is None else snapshot.summary.additional_properties


def _without_retries(table: Table) -> Table:
    """Return the table; if somebody changed the retries' property, it is set again and the table loaded again."""
    while table.properties.get(RETRIES) != PROPERTIES[RETRIES]:
        with table.transaction() as transaction:
            transaction.set_properties({RETRIES: PROPERTIES[RETRIES]})
        table = table.catalog.load_table(table.name())
    return table
