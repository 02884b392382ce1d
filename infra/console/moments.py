"""Times as the page shows and sends them: in the operator's zone, and none that no calendar has. Pure."""

from datetime import UTC, datetime, tzinfo
from typing import Final

from consumer.timestamps import epoch_ms, rfc3339
from infra.terminal.log_lines import local_time

LAST_MS: Final = epoch_ms("9999-12-31T23:59:59.999Z")
"""The last millisecond that RFC 3339 can say; a log id's time goes on to the year 10889."""


def sent(at_ms: int) -> str:
    """Return a time (ms since the epoch) as it stands in an address; a later time than the last becomes the last."""
    return rfc3339(min(max(at_ms, 0), LAST_MS))


def shown(at_ms: int, zone: tzinfo) -> str:
    """Return a time (ms since the epoch) to the second, as a person reads it."""
    return "after the year 9999" if at_ms > LAST_MS else local_time(rfc3339(at_ms), zone)[:19]


def zone_name(zone: tzinfo, now: datetime) -> str:
    """Return the zone as it is named beside times: `UTC`, or `Europe/Berlin (now UTC+01:00)`."""
    if zone is UTC:
        return "UTC"
    moment = now.astimezone(zone)
    name = getattr(zone, "key", None) or moment.tzname() or "this machine's zone"
    offset = moment.strftime("%z")
    return f"{name} (now UTC{offset[:3]}:{offset[3:5]})"
