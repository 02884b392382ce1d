"""What the flow view reads of a stack: counts, lines, alarms, whether the functions start. Open pages share it."""

import threading
import time
from collections import deque
from typing import Final, NamedTuple

from botocore.exceptions import ClientError

from infra import consumer_switch, counts, function_log, function_start
from infra.console import last_hour
from infra.console.flow import MINUTES, Hour, Traffic
from infra.console.troubles import Alarm, Trouble, alarms_of, troubles
from infra.counts import Counts
from infra.function_log import GROUPS
from infra.stack import Stack

_MINUTE_MS: Final = 60_000
_LATE_MS: Final = 30_000
"""How long a line may be on its way into CloudWatch: a look ends this long ago, and the next look begins there."""
_FRESH_S: Final = 2.0
"""How long one look at the stack serves all open pages."""
_ASKED_S: Final = 60.0
"""How long the answer to "do you start?" is kept, because each question invokes the function."""
_SAMPLES: Final = 720


class Look(NamedTuple):
    """What stands where, the last hour, what is wrong, and how many logs waited at the looks of this console.

    `unread` says what could not be read, and why. The counts are of the last `minutes`: fewer than an hour's where its
    lines were too many to be read at once.
    """

    counts: Counts
    hour: Hour
    minutes: int
    troubles: list[Trouble]
    unread: str
    waiting: list[int]


class Watch:
    """Looks at a stack when a page asks; the pages of one moment share a look."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lock = threading.Lock()
        self._followers: list[function_log.Follower] = []
        self._from_ms = 0
        self._traffic = Traffic()
        self._waiting: deque[int] = deque(maxlen=_SAMPLES)
        self._starts = dict[str, function_start.Start]()
        self._asked_s = self._looked_s = float("-inf")
        self._last: Look | None = None

    def look(self) -> Look:
        """Return what a look finds, or found a moment ago."""
        with self._lock:
            if self._last is None or time.monotonic() - self._looked_s > _FRESH_S:
                self._last = self._look()
                self._looked_s = time.monotonic()
            return self._last

    def _look(self) -> Look:
        now = counts.read(self._stack)
        self._waiting.append(now.queued + now.in_flight)
        unread = self._read_lines()
        if time.monotonic() - self._asked_s > _ASKED_S:
            self._starts = function_start.ask(self._stack)
            self._asked_s = time.monotonic()
        alarms, alarms_unread = self._alarms()
        consumer = consumer_switch.find(self._stack).state
        found = list(troubles(now, consumer=consumer, starts=self._starts, alarms=alarms))
        now_ms = int(time.time() * 1000)
        return Look(
            now,
            self._traffic.hour(now_ms),
            min(max((now_ms - self._from_ms) // _MINUTE_MS, 1), MINUTES) if self._followers else MINUTES,
            found,
            f"{unread} {alarms_unread}".strip(),
            list(self._waiting),
        )

    def _read_lines(self) -> str:
        """Count the functions' new lines; return why they could not be read, or ""."""
        try:
            if not self._followers:
                self._read_past()
            for follower in self._followers:
                for entry in follower.new():
                    self._traffic.take(entry.timestamp_ms, entry.message)
        except ClientError as error:
            return f"The functions' lines were not read: {error.response['Error']['Code']}."
        return ""

    def _read_past(self) -> None:
        until_ms = int(time.time() * 1000) - _LATE_MS
        groups = {name: self._stack.outputs[o] for name, o in GROUPS.items() if o in self._stack.outputs}
        entries, minutes = last_hour.read(self._stack.place.logs, groups, until_ms)
        for entry in entries:
            self._traffic.take(entry.timestamp_ms, entry.message)
        self._from_ms = until_ms - minutes * _MINUTE_MS
        self._followers = function_log.followers(self._stack, until_ms)

    def _alarms(self) -> tuple[list[Alarm], str]:
        """Return the alarms that have gone off, and why they could not be read or ""."""
        name = self._stack.outputs.get("DashboardName")  # Named like the stack, as its alarms are.
        if name is None:
            return [], "The stack's outputs do not say its name: alarms were not read."
        try:
            found = self._stack.place.cloudwatch.describe_alarms(AlarmNamePrefix=f"{name}-", StateValue="ALARM")
        except ClientError as error:
            return [], f"Alarms were not read: {error.response['Error']['Code']}."
        alarms = [(one["AlarmName"], one.get("AlarmDescription", "")) for one in found.get("MetricAlarms", [])]
        return list(alarms_of(name, alarms)), ""
