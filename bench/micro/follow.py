"""Measures a log's time from its 202 to the output of `rdp logs --follow`: `python -m bench.micro.follow [logs]`.

It starts an engine without the simulated work, and sends one log at a time, so that each log is timed alone.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Final

from infra.local import lifecycle

LOGS: Final = 60
MOMENTS: Final = 10  # Logs are sent at this many different moments of the follower's second, in turn.
MOST_S: Final = 2.0
_TENANT: Final = "follow"


def _post(endpoint: str, text: str) -> float:
    """Send a log; return the time at which its 202 came."""
    request = urllib.request.Request(  # noqa: S310 - our own engine
        f"{endpoint}/ingest", text.encode(), {"Content-Type": "text/plain", "X-Tenant-ID": _TENANT}
    )
    with urllib.request.urlopen(request):  # noqa: S310 - as above; raises unless 2xx
        return time.monotonic()


def _seen(endpoint: str, data_dir: Path, logs: int) -> list[float]:
    """Return how many seconds each log took."""
    command = [
        *(sys.executable, "-c", "from infra.cli import main; main()", "logs", "--follow", "--json"),
        *("--tenant", _TENANT, "--data-dir", str(data_dir)),
    ]
    took_s = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:  # noqa: S603 - ours
        assert program.stdout is not None  # noqa: S101 - stdout=PIPE
        try:
            for number in range(logs + 1):
                accepted_s = _post(endpoint, str(number))
                line = json.loads(program.stdout.readline())
                if line["text"] != str(number):
                    raise RuntimeError(f"{line['text']} came in the place of {number}.")
                took_s.append(time.monotonic() - accepted_s)
                time.sleep(number % MOMENTS / MOMENTS)
        finally:
            program.terminate()
    return took_s[1:]  # The first log's time includes the program's start.


def main() -> int:
    """Print the times; return 1 when the 95th percentile is over the bound."""
    logs = int(sys.argv[1]) if len(sys.argv) > 1 else LOGS
    with tempfile.TemporaryDirectory(prefix="rdp-follow-") as folder:
        data_dir = Path(folder)
        stack = lifecycle.up(data_dir, port=0, parameters={"SecondsPerChar": "0", "CrashProbability": "0"}).stack
        try:
            times = sorted(_seen(stack.endpoint, data_dir, logs))
        finally:
            lifecycle.down(data_dir)
    p95 = statistics.quantiles(times, n=20)[18]
    load = os.getloadavg()[0]
    print(f"{logs} logs from 202 to screen: median {statistics.median(times):.2f} s, p95 {p95:.2f} s, load {load:.1f}")
    return int(p95 > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
