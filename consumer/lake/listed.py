"""The table's rows of a range of time, in batches, for comparing them with another store."""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import And, BooleanExpression, GreaterThanOrEqual, In, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table

from consumer.lake.files import dataset

_BATCH_ROWS: Final = 1024  # 170 MB if every text has the greatest length, 170,000 bytes.


class ListedLog(NamedTuple):
    """The columns that tell which log a row is of, and whether its text is right. The time is UTC, without a zone."""

    tenant_id: str
    log_id: str
    received_at: datetime
    text: str
    redaction_version: str
    original_digest: bytes | None


def logs(table: Table, since: datetime, *, tenants: Collection[str] = ()) -> Iterator[list[ListedLog]]:
    """Yield the rows of these tenants (none given: of all) that were received at `since` (UTC, no zone) or later.

    Files of other tenants and days are not opened. Memory: a few batches of 1,024 rows.

    Raises:
        UnreadableFileError: a file has delete files.
    """
    wanted: BooleanExpression = GreaterThanOrEqual(term=Reference("received_at"), value=literal(since))
    conditions = [pc.field("received_at") >= pa.scalar(since, pa.timestamp("us"))]
    if tenants:
        wanted = And(wanted, In(term=Reference("tenant_id"), values={literal(tenant_id) for tenant_id in tenants}))
        conditions.append(pc.field("tenant_id").isin(sorted(tenants)))
    found = dataset(table, table.scan(row_filter=wanted).plan_files()).scanner(
        columns=list(ListedLog._fields),
        filter=reduce(and_, conditions),
        batch_size=_BATCH_ROWS,
        batch_readahead=1,
        fragment_readahead=1,
    )
    for batch in found.to_batches():
        yield [ListedLog(**row) for row in batch.to_pylist()]
