"""Follows a function's lines in CloudWatch Logs."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from infra.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

GROUPS: Final[Mapping[str, str]] = {
    "ingest": "IngestLogGroupName",
    "consumer": "ConsumerLogGroupName",
    "reader": "ReaderLogGroupName",
}
"""By function: the output that names its log group. A stack without authentication has no reader."""

_LATE_MS: Final = 30_000  # A line may appear in CloudWatch so long after its timestamp.


class Entry(NamedTuple):
    """One line, and the function that wrote it."""

    timestamp_ms: int
    service: str
    message: str


class Follower:
    """Reads a group's new lines. Each poll reaches back a little, because lines come late, and skips known lines."""

    def __init__(self, client: "CloudWatchLogsClient", service: str, group: str, since_ms: int) -> None:
        self._client = client
        self._service = service
        self._group = group
        self._since_ms = since_ms
        self._seen: dict[Any, int] = {}

    def new(self) -> Iterator[Entry]:
        """Yield the lines that have come since the last poll."""
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=self._group, startTime=self._since_ms
        )
        newest_ms = self._since_ms
        for page in pages:
            for event in page["events"]:
                # An engine may give no event id.
                key = event.get("eventId") or (event["logStreamName"], event["timestamp"], event["message"])
                if key not in self._seen:
                    self._seen[key] = event["timestamp"]
                    newest_ms = max(newest_ms, event["timestamp"])
                    yield Entry(event["timestamp"], self._service, event["message"])
        self._since_ms = max(self._since_ms, newest_ms - _LATE_MS)
        self._seen = {key: at_ms for key, at_ms in self._seen.items() if at_ms >= self._since_ms}


def followers(stack: Stack, since_ms: int, *, only: str | None = None) -> list[Follower]:
    """Return a follower of each function's lines, or of those of `only`, since `since_ms` (ms since the epoch)."""
    return [
        Follower(stack.place.logs, name, stack.outputs[output], since_ms)
        for name, output in GROUPS.items()
        if only in {None, name} and output in stack.outputs
    ]
