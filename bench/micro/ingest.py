"""Compares a request's cost in the ingest Lambda and in the baseline: `python -m bench.micro.ingest`.

Every variant runs in a fresh process against the same loopback stub of AWS. CPU is the process's own (user + system). A
variant's number is the median of several rounds. The variants take turns, so that a busy machine slows them alike.
"""

import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from bench.micro import stub

ROUNDS: Final = 5
CALLS: Final = 400
BATCH: Final = 100
MODULES: Final = {"ours": "ingest.handler", "baseline": "bench.baseline.ingest_app"}

_ENVIRON: Final = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "x" * 40,
    "AWS_SESSION_TOKEN": "x" * 800,  # About the length of Lambda's tokens.
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/logs",
    "STREAM_NAME": "logs",
}
_TEXT: Final = "2026-11-24T05:28:38Z web-7 nginx: 10.0.0.12 GET /account/orders?page=2 200 512 0.012 call 555-0199 " * 3


class Context:
    """The part of Lambda's context object that the handlers use."""

    aws_request_id = "6f1b1f0e-0000-0000-0000-000000000000"
    function_name = "ingest"
    memory_limit_in_mb = "256"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:ingest"

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left of a fresh invocation, in milliseconds."""
        return 10_000


def event(body: str, content_type: str) -> dict[str, Any]:
    """Return an HTTP API event (payload format 2.0) of `POST /ingest`."""
    return {
        "version": "2.0",
        "routeKey": "POST /ingest",
        "rawPath": "/ingest",
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": str(len(body)),
            "content-type": content_type,
            "host": "abc.execute-api.us-east-1.amazonaws.com",
            "user-agent": "curl/8.5.0",
            "x-amzn-trace-id": "Root=1-00000000-000000000000000000000000",
            "x-forwarded-for": "203.0.113.9",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc",
            "domainName": "abc.execute-api.us-east-1.amazonaws.com",
            "http": {
                "method": "POST",
                "path": "/ingest",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.9",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /ingest",
            "stage": "$default",
            "time": "24/Nov/2026:05:28:38 +0000",
            "timeEpoch": 1795498118000,
        },
        "body": body,
        "isBase64Encoded": False,
    }


ONE: Final = event(json.dumps({"tenant_id": "acme", "text": _TEXT}), "application/json")
_LINES: Final = event(
    "\n".join(json.dumps({"tenant_id": "acme", "text": f"{i} {_TEXT}"}) for i in range(BATCH)), "application/x-ndjson"
)


def _cpu_us(call: Callable[[], Any], calls: int) -> float:
    started_s = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - started_s) / calls * 1e6


def _takes_all(_logs: Sequence[object], **_: Any) -> frozenset[int]:
    return frozenset()


def _without_aws(module: Any, variant: str) -> Callable[[Any, Context], Any]:
    """Return the handler without its calls to AWS: ours is wired as in production, except for its two sinks."""
    if variant == "baseline":
        module.sqs.send_message = lambda **_: {"MessageId": "m"}
        baseline: Callable[[Any, Context], Any] = module.handler
        return baseline
    settings, routes, outside = module.parts()
    silent = outside._replace(put_on_stream=_takes_all, enqueue=_takes_all)

    def ours(request: Any, context: Context) -> Any:
        return module.respond(
            request,
            remaining_s=context.get_remaining_time_in_millis() / 1000,
            lambda_request_id=context.aws_request_id,
            settings=settings,
            routes=routes,
            outside=silent,
        )

    return ours


def _checked(response: dict[str, Any]) -> None:
    if response["statusCode"] != 202:  # noqa: PLR2004 - the contract's number
        raise SystemExit(f"The handler answered {response['statusCode']}: {response['body']}")


def _worker(variant: str, case: str) -> float:
    """Return one number: CPU microseconds a log, or milliseconds of a cold start."""
    started_s = time.perf_counter()
    module = importlib.import_module(MODULES[variant])
    request = _LINES if case == "batch" else ONE

    handler = _without_aws(module, variant) if case == "handler" else module.handler

    def call() -> dict[str, Any]:
        answered: dict[str, Any] = handler(request, Context())
        return answered

    _checked(call())
    if case == "cold_start":
        return (time.perf_counter() - started_s) * 1e3
    calls = CALLS // 8 if case == "batch" else CALLS
    _cpu_us(call, max(calls // 10, 5))
    return _cpu_us(call, calls) / (BATCH if case == "batch" else 1)


def measure(url: str, variant: str, case: str) -> float:
    """Return a case's number from a fresh process: CPU microseconds a log, or milliseconds of a cold start."""
    ran = subprocess.run(  # noqa: S603 - this module
        [sys.executable, "-m", __spec__.name, variant, case],
        env=os.environ | _ENVIRON | {"AWS_ENDPOINT_URL": url},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(ran.stdout.splitlines()[-1])


def main() -> None:
    """Print the table of ratios."""
    # The baseline takes no batches: each log costs it a request.
    cases = [
        ("handler CPU, one JSON log, AWS stubbed out", "handler", "handler", "us", 1 / 12),
        ("whole invocation CPU, one JSON log", "invocation", "invocation", "us", 1.0),
        (f"CPU a log, NDJSON batch of {BATCH}", "batch", "invocation", "us", 1 / 40),
        ("cold start: import, clients, first event", "cold_start", "cold_start", "ms", 1 / 2),
    ]
    measured: dict[tuple[str, str], list[float]] = {}
    wanted = dict.fromkeys([("ours", c[1]) for c in cases] + [("baseline", c[2]) for c in cases])
    with stub.running() as url:
        for round_ in range(ROUNDS):
            for variant, case in wanted:
                print(f"round {round_ + 1} of {ROUNDS}: {variant} {case}", end="\r", file=sys.stderr)
                measured.setdefault((variant, case), []).append(measure(url, variant, case))
    print(f"{'':46}{'ours':>10}{'baseline':>10}{'ratio':>9}{'asked':>9}")
    for title, our_case, baseline_case, unit, asked in cases:
        ours = statistics.median(measured["ours", our_case])
        baseline = statistics.median(measured["baseline", baseline_case])
        print(
            f"{title:46}{ours:8.1f}{unit}{baseline:8.1f}{unit}{f'1/{baseline / ours:.1f}':>9}{f'1/{1 / asked:.0f}':>9}"
        )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        value = _worker(*sys.argv[1:])
        print(f"\n{value}")
    else:
        main()
