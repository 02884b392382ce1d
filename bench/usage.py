"""What a run used: billed Lambda time from the REPORT lines, and AWS calls from the engine's CloudTrail."""

import http.client
import json
import re
from collections import Counter
from typing import Any, Final

import msgspec

from infra.stack import Place, Stack

_REPORT: Final = re.compile(r"REPORT RequestId: \S+\s+Duration: ([\d.]+) ms\s+Billed Duration: ([\d.]+) ms")
_MEMORY: Final = re.compile(r"Memory Size: (\d+) MB")
_TRAIL_EVENTS: Final = 10_000  # The engine's CloudTrail keeps this many; more calls push the first ones out.


class FunctionUsage(msgspec.Struct, frozen=True):
    """What one function did: `billed_gb_s` is billed time times configured memory."""

    invocations: int
    billed_ms: float
    billed_gb_s: float


def functions(stack: Stack, *, since_ms: float, until_ms: float) -> dict[str, FunctionUsage]:
    """Return the usage of `ingest` and `consumer`, from the REPORT lines of their log groups in that time.

    The engine's Duration is the wall clock of a worker process that shares the machine's cores: an upper bound of what
    AWS would bill.
    """
    groups = {"ingest": stack.outputs["IngestLogGroupName"], "consumer": stack.outputs["ConsumerLogGroupName"]}
    return {name: _usage(stack, group, int(since_ms), int(until_ms)) for name, group in groups.items()}


def _usage(stack: Stack, log_group: str, since_ms: int, until_ms: int) -> FunctionUsage:
    invocations, billed_ms, gb_s = 0, 0.0, 0.0
    pages = stack.place.logs.get_paginator("filter_log_events").paginate(
        logGroupName=log_group, filterPattern="REPORT", startTime=since_ms, endTime=until_ms
    )
    for page in pages:
        for event in page["events"]:
            report, memory = _REPORT.search(event["message"]), _MEMORY.search(event["message"])
            if report and memory:
                invocations += 1
                billed_ms += float(report[2])
                gb_s += float(report[2]) / 1000 * int(memory[1]) / 1024
    return FunctionUsage(invocations, billed_ms, gb_s)


class CallCounter:
    """Counts AWS calls of the functions (not of the operator's key) between `start` and `counts`; engine only."""

    def __init__(self, place: Place, operator_key_id: str) -> None:
        self._place = place
        self._operator_key_id = operator_key_id

    def start(self) -> None:
        """Switch the engine's CloudTrail on. It slows the engine: not for a run whose rate or latency counts.

        Raises:
            RuntimeError: the engine does not take the switch.
        """
        host = (self._place.aws_endpoint_url or "").removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=10)
        body = json.dumps({"cloudtrail._recording_enabled": True})
        connection.request("POST", "/_ministack/config", body)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        if not answer.get("applied"):
            raise RuntimeError("the engine does not record its calls")

    def counts(self) -> dict[str, int]:
        """Return how often each operation was called by the functions.

        Raises:
            RuntimeError: so many calls were made that the first ones are forgotten.
        """
        trail = self._place.session.client("cloudtrail", endpoint_url=self._place.aws_endpoint_url)
        calls: Counter[str] = Counter()
        total = 0
        pages: Any = trail.get_paginator("lookup_events").paginate()
        for page in pages:
            for event in page["Events"]:
                total += 1
                if event.get("AccessKeyId") != self._operator_key_id:
                    calls[f"{event['EventSource'].partition('.')[0]}:{event['EventName']}"] += 1
        if total >= _TRAIL_EVENTS:
            raise RuntimeError(f"more than {_TRAIL_EVENTS:,} calls: count over a shorter run")
        return dict(calls)
