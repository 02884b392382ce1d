"""Decides where the logs of a search are: in the table, or in the lake if the table no longer keeps them. Pure."""

from collections.abc import Callable
from typing import Final, NamedTuple

from msgspec.structs import replace

from consumer.query.ask import Ask
from consumer.query.page import Reads
from consumer.timestamps import epoch_ms
from infra.console.search import BadSearchError, Search

_DAY_MS: Final = 86_400_000
_NO_LAKE: Final = (
    "This console knows no lake for older ones: `rdp lake sync` makes one, and --warehouse names one elsewhere "
    "(extra `lake`)."
)


class Lake(NamedTuple):
    """Old logs: `reads(ask)` reads what a search may want of them, `where` is said to a person."""

    reads: Callable[[Ask], Reads]
    where: str


class Note(NamedTuple):
    """A sentence on where logs come from, and the search that reads them elsewhere, None where there is none."""

    sentence: str
    elsewhere: Search | None


class Places(NamedTuple):
    """`kept_days()` is how long the table keeps a log, 0 for ever; `now_ms()` in ms since the epoch."""

    table: Reads
    lake: Lake | None
    kept_days: Callable[[], int]
    now_ms: Callable[[], int]

    def lake_of(self, search: Search, ask: Ask) -> Lake | None:
        """Return the lake where the search is answered from there, None where it is from the table.

        Raises:
            BadSearchError: the lake is asked for, and there is none.
        """
        if search.source == "lake" and self.lake is None:
            raise BadSearchError("source", _NO_LAKE)
        oldest_ms = self._oldest_ms()
        is_old = oldest_ms is not None and ask.until_ms is not None and ask.until_ms <= oldest_ms
        return self.lake if search.source == "lake" or (not search.source and is_old) else None

    def reads(self, search: Search, ask: Ask) -> Reads:
        """Return what reads the logs of a search.

        Raises:
            BadSearchError: the lake is asked for, and there is none.
        """
        lake = self.lake_of(search, ask)
        return self.table if lake is None else lake.reads(ask)

    def note(self, search: Search, ask: Ask) -> Note | None:
        """Return what is to be said of where these logs are, None where they are all in the table."""
        if lake := self.lake_of(search, ask):
            return Note(f"From the lake {lake.where}, as its last sync left it.", replace(search, source="table"))
        oldest_ms = self._oldest_ms()
        is_kept = oldest_ms is None or ask.since_ms is None or ask.since_ms >= oldest_ms
        if search.follow or (is_kept and not search.source):
            return None
        kept = f"From the table, which keeps a log for {self.kept_days():,} days." if oldest_ms else "From the table."
        in_lake = None if self.lake is None else replace(search, source="lake")
        return Note(kept if self.lake else f"{kept} {_NO_LAKE}", in_lake)

    def reads_of(self, tenant_id: str, received_at: str) -> Reads:
        """Return what reads one log: in the lake, where the time of its receipt is named, or in the table.

        Raises:
            BadSearchError: it is no time, or there is no lake.
        """
        if not received_at:
            return self.table
        if self.lake is None:
            raise BadSearchError("source", _NO_LAKE)
        try:
            at_ms = epoch_ms(received_at)
        except ValueError as error:
            raise BadSearchError("received_at", "This is no time of a receipt.") from error
        return self.lake.reads(Ask(tenant_id=tenant_id, since_ms=max(at_ms, 0), until_ms=max(at_ms, 0) + 1))

    def _oldest_ms(self) -> int | None:
        """Return before which time of receipt the table may have no logs any more, None where it keeps all."""
        days = self.kept_days()
        return self.now_ms() - days * _DAY_MS if days else None
