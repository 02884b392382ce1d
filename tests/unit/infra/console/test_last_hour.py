"""The lines of the last hour, as many as may be read."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.console import last_hour

_UNTIL_MS = 1_795_000_000_000
_GROUPS = {"ingest": "/ingest", "consumer": "/consumer"}


class Logs:
    """A CloudWatch Logs client: a metric's line and another one each half minute in both groups, one a page."""

    def __init__(self) -> None:
        self.pages = 0
        self.events = [
            {"timestamp": _UNTIL_MS - n * 30_000 - 1, "message": text}
            for n in range(200)
            for text in ('{"_aws": 1}', "x" * 989)
        ]

    def get_paginator(self, _name: str) -> "Logs":
        """Return the one paginator."""
        return self

    def paginate(self, *, logGroupName: str, startTime: int, endTime: int) -> Iterator[Any]:  # noqa: N803 - AWS's names
        """Yield the group's events between two times, both included."""
        assert logGroupName in _GROUPS.values()
        for event in self.events:
            if startTime <= int(str(event["timestamp"])) <= endTime:
                self.pages += 1
                yield {"events": [event]}


def test_an_hour_is_read_once() -> None:
    """Each metric's line of both functions in the hour, and no other; the oldest window begins an hour ago."""
    client: Any = Logs()
    entries, minutes = last_hour.read(client, _GROUPS, _UNTIL_MS)
    assert minutes == 60
    assert len(entries) == len(set(entries)) == 240
    assert {entry.message for entry in entries} == {'{"_aws": 1}'}
    assert min(entry.timestamp_ms for entry in entries) >= _UNTIL_MS - 3_600_000


@pytest.mark.parametrize(("most_bytes", "minutes"), [(0, 0), (4_000, 1), (21_000, 5), (100_000, 15)])
def test_too_many_lines_are_not_read(most_bytes: int, minutes: int) -> None:
    """The newest whole windows that fit: no more is read than one page beyond the bound."""
    client: Any = Logs()
    entries, found = last_hour.read(client, _GROUPS, _UNTIL_MS, most_bytes=most_bytes)
    assert found == minutes
    assert len(entries) == minutes * 4
    assert client.pages <= most_bytes / 500 + 2
