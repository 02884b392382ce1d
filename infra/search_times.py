"""Parses the times of a search as people type them, for `rdp logs` and the console. Pure."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from consumer import instant
from consumer.timestamps import rfc3339
from ingest.contract.log_ids import MAX_MS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_LAST_MS: Final = 253_000_000_000_000  # In the year 9987.


class BadTimeError(Exception):
    """`name` (`since` or `until`) is not a time, or the two are in the wrong order; the text says what is wrong."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


def read(since: str | None, until: str | None, now: datetime, zone: tzinfo) -> tuple[int | None, int | None]:
    """Return both times in ms since the epoch, None where nothing was typed. A time without a zone is in `zone`.

    Raises:
        BadTimeError: one is not a time, or `since` is not before `until`.
    """
    since_ms, until_ms = _epoch_ms("since", since, now, zone), _epoch_ms("until", until, now, zone)
    if since_ms is not None and until_ms is not None and since_ms >= until_ms:
        raise BadTimeError("since", f"{since} is not before {until}.")
    return since_ms, until_ms


def _epoch_ms(name: str, text: str | None, now: datetime, zone: tzinfo) -> int | None:
    if text is None:
        return None
    try:
        at_ms = (instant.parse(text, now, zone=zone) - _EPOCH) // _MS
    except ValueError as error:
        raise BadTimeError(name, f"{error}.") from error
    return min(max(at_ms, 0), MAX_MS)


def hint(since_ms: int | None, now: datetime, zone: tzinfo) -> str | None:
    """Return a hint if the search begins in the future, else None."""
    now_ms = (now - _EPOCH) // _MS
    if since_ms is None or since_ms <= now_ms:
        return None
    at = min(since_ms, _LAST_MS) * _MS + _EPOCH
    here = at.astimezone(zone)
    is_today = here.date() == now.astimezone(zone).date()
    before = f" For yesterday: --since 'yesterday {here:%H:%M}'." if is_today else ""
    return f"--since is in the future ({rfc3339(min(since_ms, _LAST_MS))}): nothing was received after it yet.{before}"
