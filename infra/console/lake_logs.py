"""A tenant's logs in the lake, read as `consumer.query.page` reads those of the table: pages, filters and cursors.

The table orders logs by arrival. A generated log id holds the arrival. For a log that brought its own id, the lake
knows only the millisecond of receipt; such a log gets a place within it that never changes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from consumer.item import Item, Key
from consumer.lake import failures, query
from consumer.query.ask import Ask
from consumer.query.page import Found
from consumer.query.ranges import Range
from consumer.timestamps import epoch_ms
from infra import lake_place
from infra.console import moments
from infra.stack import Stack, StackError
from ingest.contract import exact_json
from ingest.contract.log_ids import MAX_MS
from ingest.contract.message import SEVERITIES

_AT_ONCE: Final = 500
"""Logs that one question answers at most: of the largest, 85 MB."""

_NAME: Final = "logs"

# `arrival` is of a UUIDv7's form, as `ingest.contract.log_ids` makes it.
_PLACED: Final = """
WITH timed AS (
  SELECT *, lpad(lower(to_hex(epoch_ms(received_at))), 12, '0') AS time, md5(log_id || text) AS digest
  FROM logs WHERE {where}
), placed AS (
  SELECT *, substr(time, 1, 8) || '-' || substr(time, 9, 4) || '-7' AS prefix FROM timed
), arrived AS (
  SELECT *, CASE
    WHEN starts_with(right(log_id, 36), prefix) AND regexp_full_match(log_id,
      '(s[0-9]{{2}}\\.)?[0-9a-f]{{8}}-[0-9a-f]{{4}}-7[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}')
    THEN right(log_id, 36)
    ELSE prefix || substr(digest, 1, 3) || '-8' || substr(digest, 4, 3) || '-' || substr(digest, 7, 12)
  END AS arrival FROM placed
)
SELECT tenant_id, log_id, source, text, received_at, event_at, severity, fields, redaction_version, arrival
FROM arrived WHERE arrival >= {low} AND arrival <= {high} ORDER BY arrival DESC
"""
_WHOLE: Final = """
SELECT tenant_id, log_id, source, text, received_at, event_at, severity, fields, redaction_version
FROM logs WHERE {where} LIMIT 1
"""

Rows = Sequence[Mapping[str, Any]]


class LakeReads:
    """Reads what `ask` may want, the newest first. `answers(sql)` are rows; the table is called logs."""

    buckets = 1

    def now_ms(self) -> int:
        """Return the latest time: in the lake no id stands where none was received."""
        return MAX_MS

    def __init__(self, answers: Callable[[str], Rows], ask: Ask) -> None:
        self._answers = answers
        self._ask = ask

    def query(self, tenant_id: str, within: Range, *, newest_first: bool, limit: int) -> Iterator[Sequence[Found]]:
        """Yield the logs between two arrivals, `limit` at a time or a few more: those of one millisecond stay together.

        The caller still checks each log, because SQL leaves out only some of the unwanted ones.
        """
        if within.place != "table":
            return  # In the lake all logs are in one place.
        if not newest_first:
            raise NotImplementedError("The lake is read from the newest log on.")
        limit = min(limit, _AT_ONCE)
        since_ms, until_ms = _ms(within.low), _ms(within.high) + 1
        while True:
            where = self._where(tenant_id, since_ms, until_ms)
            times = self._answers(
                f"SELECT received_at FROM logs WHERE {where} ORDER BY received_at DESC LIMIT {limit}"  # noqa: S608 - values are quoted
            )
            from_ms = since_ms if len(times) < limit else _epoch_ms(times[-1]["received_at"])
            asked = _PLACED.format(
                where=self._where(tenant_id, from_ms, until_ms), low=_quoted(within.low), high=_quoted(within.high)
            )
            items = [(row["arrival"], _item(row)) for row in self._answers(asked)] if times else []
            yield [Found(place, item.key, item) for place, item in items]
            if len(times) < limit:
                return
            until_ms = from_ms

    def get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        """Return the logs under these keys and of the time that was asked for."""
        found: dict[Key, Item] = {}
        for key in keys:
            where = _times(self._ask.since_ms or 0, self._ask.until_ms)
            where += f" AND tenant_id = {_quoted(key.tenant_id)} AND log_id = {_quoted(key.log_id)}"
            found |= {item.key: item for item in map(_item, self._answers(_WHOLE.format(where=where)))}
        return found

    def _where(self, tenant_id: str, since_ms: int, until_ms: int) -> str:
        """Return the condition: tenant, time, and what of the filters SQL can say without leaving one out."""
        parts = [f"tenant_id = {_quoted(tenant_id)}", _times(since_ms, until_ms)]
        if self._ask.severity is not None:
            grave = SEVERITIES[SEVERITIES.index(self._ask.severity) :]
            parts.append(f"severity IN ({', '.join(map(_quoted, grave))})")
        # Other letters may fold to ASCII letters (a long s to s): texts with such letters are checked one by one.
        parts += (
            f"(contains(lower(text), {_quoted(word.lower())}) OR strlen(text) > length(text))"
            for word in self._ask.contains
            if word.isascii()
        )
        return " AND ".join(parts)


def opened(where: str, data_dir: Path, stack: Stack, *, raw: bool) -> Callable[[Ask], LakeReads]:
    """Return the reads of the lake in a folder or a table bucket.

    It is opened when it is first read: each read raises `StackError` where it is not there, or does not answer.
    """
    found = cache(lambda: lake_place.find(where, data_dir, lambda: stack))

    def answers(sql: str) -> Rows:
        try:
            with query.connected() as connection:
                answer = query.ask(connection, [(_NAME, found().table(raw=raw))], sql)
                rows: list[dict[str, Any]] = answer.read_all().to_pylist()
        except failures.TOLD as error:
            raise StackError(f"The lake {where}: {failures.told(error)}") from error
        return rows

    return lambda ask: LakeReads(answers, ask)


def _item(row: Mapping[str, Any]) -> Item:
    """Return a row as the table would have it, but without the time of storing, which the lake does not know."""
    return Item(
        tenant_id=row["tenant_id"],
        log_id=row["log_id"],
        source=row["source"],
        original_text=row["text"],
        modified_data=row["text"],
        received_at=_rfc3339(row["received_at"]),
        processed_at="",
        redaction_version=row["redaction_version"],
        fields=None if row["fields"] is None else exact_json.decoder().decode(row["fields"]),
        event_at=row["event_at"],
        severity=row["severity"],
    )


def _times(since_ms: int, until_ms: int | None) -> str:
    parts = [f"received_at >= TIMESTAMP {_quoted(_sql_time(since_ms))}"]
    if until_ms is not None:
        sign = "<" if until_ms <= moments.LAST_MS else "<="
        parts.append(f"received_at {sign} TIMESTAMP {_quoted(_sql_time(until_ms))}")
    return " AND ".join(parts)


def _quoted(text: str) -> str:
    """Return the text as SQL has it: within quotes only a quote has a meaning, and two of them are one."""
    return "'" + text.replace("'", "''") + "'"


def _sql_time(at_ms: int) -> str:
    return moments.sent(at_ms).removesuffix("Z").replace("T", " ")


def _ms(place: str) -> int:
    """Return the time of an arrival, or of what sorts before every arrival of its time."""
    return int(place[:8] + place[9:13], 16)


def _rfc3339(at: datetime) -> str:
    return f"{at.isoformat(timespec='milliseconds')}Z"


def _epoch_ms(at: datetime) -> int:
    return epoch_ms(_rfc3339(at))
