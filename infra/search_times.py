"""The times of a search as people type them, for `rdp logs` and the console alike. Pure."""

from datetime import datetime, tzinfo

from consumer import instant
from ingest.contract.log_ids import MAX_MS


class BadTimeError(Exception):
    """`name` (`since` or `until`) is no time, or the two are in the wrong order; the text says what is wrong."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


def read(since: str | None, until: str | None, now: datetime, zone: tzinfo) -> tuple[int | None, int | None]:
    """Return both times in ms since the epoch, None where nothing was typed. One without a zone is of `zone`.

    Raises:
        BadTimeError: one is no time, or `since` is not before `until`.
    """
    since_ms, until_ms = _epoch_ms("since", since, now, zone), _epoch_ms("until", until, now, zone)
    if since_ms is not None and until_ms is not None and since_ms >= until_ms:
        raise BadTimeError("since", f"{since} is not before {until}.")
    return since_ms, until_ms


def _epoch_ms(name: str, text: str | None, now: datetime, zone: tzinfo) -> int | None:
    if text is None:
        return None
    try:
        at_ms = int(instant.parse(text, now, zone=zone).timestamp() * 1000)
    except ValueError as error:
        raise BadTimeError(name, f"{error}.") from error
    return min(max(at_ms, 0), MAX_MS)
