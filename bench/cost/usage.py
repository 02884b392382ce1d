"""A run's usage: billed Lambda time from the REPORT lines, AWS calls from the engine's CloudTrail."""

import http.client
import json
import re
import time
from collections import Counter
from collections.abc import Container, Mapping
from typing import Any, Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from bench.histogram import Histogram
from bench.result import FunctionUsage
from infra import function_lines
from infra.stack import Place, Stack

_REPORT: Final = re.compile(r"REPORT RequestId: \S+\s+Duration: ([\d.]+) ms\s+Billed Duration: ([\d.]+) ms")
_MEMORY: Final = re.compile(r"Memory Size: (\d+) MB")
_EVENT_OVERHEAD_BYTES: Final = 26  # PutLogEvents API reference.
_TRAIL_EVENTS: Final = 10_000  # The engine's CloudTrail keeps only the latest 10,000.


def functions(stack: Stack, *, since_ms: float, until_ms: float) -> dict[str, FunctionUsage]:
    """Return the usage of `ingest` and `consumer`, from the REPORT lines of their log groups in that time.

    On the engine, Duration is wall-clock time of a worker process that shares the machine's cores: an upper bound of
    what AWS would bill.
    """
    return {name.lower(): _usage(stack, name, int(since_ms), int(until_ms)) for name in ("Ingest", "Consumer")}


def _usage(stack: Stack, name: str, since_ms: int, until_ms: int) -> FunctionUsage:
    log_group, function = stack.outputs[f"{name}LogGroupName"], stack.outputs[f"{name}FunctionName"]
    # The engine writes Lambda's own lines in any case.
    logging = stack.place.lambda_.get_function_configuration(FunctionName=function).get("LoggingConfig", {})
    is_quiet = logging.get("SystemLogLevel") == "WARN"
    times, gb_s, log_bytes = Histogram(), 0.0, 0
    pages = stack.place.logs.get_paginator("filter_log_events").paginate(
        logGroupName=log_group, startTime=since_ms, endTime=until_ms
    )
    for page in pages:
        for event in page["events"]:
            if not (is_quiet and function_lines.read(event["message"]).platform):
                log_bytes += len(event["message"].encode()) + _EVENT_OVERHEAD_BYTES
            report, memory = _REPORT.search(event["message"]), _MEMORY.search(event["message"])
            if report and memory:
                times.add(float(report[2]))
                gb_s += float(report[2]) / 1000 * int(memory[1]) / 1024
    median_ms = times.percentile(50) if times.count else 0.0
    return FunctionUsage(times.count, times.total, gb_s, log_bytes, median_ms)


class CallCounter:
    """Counts the functions' AWS calls between `start` and `counts`, except those of the operator's key. Engine only."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._started_s = 0.0

    def start(self) -> None:
        """Switch the engine's CloudTrail on. This slows the engine: do not use it where rate or latency is measured.

        Raises:
            RuntimeError: the engine does not accept the setting.
        """
        host = (self._place.aws_endpoint_url or "").removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=10)
        body = json.dumps({"cloudtrail._recording_enabled": True})
        connection.request("POST", "/_ministack/config", body)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        if not answer.get("applied"):
            raise RuntimeError("The engine does not record its calls: leave --count-calls out.")
        self._started_s = time.time()

    def counts(self) -> dict[str, int]:
        """Return how often each operation was called by the functions.

        Raises:
            RuntimeError: there were so many calls that the engine no longer has the first ones.
        """
        calls: Counter[str] = Counter()
        seen: set[str] = set()
        until_s = time.time()
        while new := [event for event in self._look_up(until_s) if self._is_new(event, seen)]:
            for event in new:
                seen.add(event["EventId"])
                if event["AccessKeyId"] != self._place.access_key_id:
                    calls[f"{event['EventSource'].partition('.')[0]}:{event['EventName']}"] += 1
            until_s = min(event["EventTime"] for event in new)
        if len(seen) >= _TRAIL_EVENTS:
            raise RuntimeError(
                f"The engine keeps only the last {_TRAIL_EVENTS:,} calls: make a shorter run with --duration."
            )
        return dict(sorted(calls.items()))

    def _is_new(self, event: Mapping[str, Any], seen: Container[str]) -> bool:
        return event["EventTime"] >= self._started_s and event["EventId"] not in seen

    def _look_up(self, until_s: float) -> list[dict[str, Any]]:
        """Return the last 50 events up to a time: the engine gives no more at once, and no token for the rest.

        The request is signed here because boto3 would cut the time to whole seconds.
        """
        credentials: Any = self._place.session.get_credentials()
        request = AWSRequest(
            "POST",
            f"{self._place.aws_endpoint_url}/",
            headers={"X-Amz-Target": "CloudTrail_20131101.LookupEvents", "Content-Type": "application/x-amz-json-1.1"},
            data=json.dumps({"EndTime": until_s, "MaxResults": 50}),
        )
        SigV4Auth(credentials, "cloudtrail", self._place.region or "us-east-1").add_auth(request)
        answer = URLLib3Session().send(request.prepare())
        events: list[dict[str, Any]] = json.loads(answer.content)["Events"]
        return events
