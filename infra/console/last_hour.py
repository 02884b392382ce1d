"""Reads the functions' lines of the last hour, or of a shorter time if they are too many to read for one page."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from infra.function_log import Entry

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

WINDOWS: Final = (1, 4, 10, 15, 30)
"""Minutes that are read at a time, from the newest back: an hour together."""

MOST_BYTES: Final = 32_000_000
"""Of lines: some 80,000 requests or batches, and some 40 calls to CloudWatch Logs, which gives 1 MB in each."""

_MINUTE_MS: Final = 60_000


def read(
    client: "CloudWatchLogsClient", groups: Mapping[str, str], until_ms: int, *, most_bytes: int = MOST_BYTES
) -> tuple[list[Entry], int]:
    """Return the lines that may be metrics, and of how many minutes before `until_ms` they are: whole windows only.

    `groups` are log groups by function. A window that goes beyond `most_bytes` is left out, with all that are older.
    """
    entries: list[Entry] = []
    minutes = 0
    for width in WINDOWS:
        end_ms = until_ms - minutes * _MINUTE_MS
        window: list[Entry] = []
        for service, group in groups.items():
            pages = client.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=end_ms - width * _MINUTE_MS, endTime=end_ms - 1
            )
            for page in pages:
                for event in page["events"]:
                    most_bytes -= len(event["message"])
                    if '"_aws"' in event["message"]:
                        window.append(Entry(event["timestamp"], service, event["message"]))
                if most_bytes < 0:
                    return entries, minutes
        entries += window
        minutes += width
    return entries, minutes
