"""Compares a read from a table of one row and of a million: `python -m bench.micro.query [rows]`.

For each table (`bench.micro.sorted_table`) the real `rdp logs` runs in a process of its own until its first line
comes; the two tables take turns. Also measured on the large table: the time of `rdp console` for its first page, the
number of DynamoDB calls for the newest hundred logs, and how many rows outside of a time range its pages read.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.micro import sorted_table
from bench.micro.sorted_table import APART_MS, FIRST_MS, TABLE, TENANT
from consumer import clock
from consumer.query.ask import Ask
from consumer.query.page import read_page
from consumer.query.table import TableReader
from infra.stack import Place
from ingest.contract.log_ids import received_ms

ROWS: Final = 1_000_000
ROUNDS: Final = 9
MOST_TIMES: Final = 1.5
MOST_CALLS: Final = 2
MOST_PAGE_S: Final = 1.0
"""How many seconds longer the console's first page may take than the first line of `rdp logs`."""

_REGION: Final = "us-east-1"
RDP: Final = (sys.executable, "-c", "from infra.cli import main; main()")
"""The `rdp` command."""


def outputs(path: Path) -> Path:
    """Write the file in which `rdp` finds the stack, in the form of `terraform output -json`; return its path."""
    values = {"api_endpoint": "http://127.0.0.1:9", "table_name": TABLE, "log_id_buckets": "1"}
    path.write_text(json.dumps({name: {"value": value} for name, value in values.items()}))
    return path


def on(file: Path, url: str) -> list[str]:
    """Return the options that name the stack."""
    return ["--outputs", str(file), "--region", _REGION, "--endpoint-url", url]


def environ() -> dict[str, str]:
    """Return this process's environment with credentials that the table accepts."""
    return os.environ | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def _first_line_s(file: Path, url: str) -> float:
    command = [*RDP, "logs", *on(file, url), "--tenant", TENANT]
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - ours
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ()
    ) as program:
        assert program.stdout is not None  # noqa: S101 - stdout=PIPE
        line = program.stdout.readline()
        took_s = time.perf_counter() - started
        program.stdout.read()
    if not line:
        raise RuntimeError("rdp logs printed nothing.")
    return took_s


def _first_page_s(file: Path, url: str) -> float:
    """Return the median time of the console's page with the newest hundred logs; the console runs already."""
    command = [*RDP, "console", *on(file, url), "--port", "0", "--no-browser"]
    with subprocess.Popen(  # noqa: S603 - ours
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ()
    ) as program:
        assert program.stdout is not None  # noqa: S101 - stdout=PIPE
        address = program.stdout.readline().split()[1]
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        browser.open(address).close()
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            with browser.open(f"{address.partition('?')[0]}logs?tenant={TENANT}") as page:
                page.read()
            times.append(time.perf_counter() - started)
        program.terminate()
    return statistics.median(times)


def _table(url: str) -> TableReader:
    place = Place(region=_REGION, aws_endpoint_url=url, access_key_id="test", secret_access_key="test")  # noqa: S106 - as above
    return TableReader(place.dynamodb, TABLE, time=clock.system().time, now_ms=clock.system().now_ms, buckets=1)


def main() -> int:
    """Print the measurements; return 1 when one is outside its bound."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with ExitStack() as stack:
        file = outputs(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "outputs.json")
        urls = {n: stack.enter_context(sorted_table.served(n)) for n in (1, rows)}
        times: dict[int, list[float]] = {n: [] for n in urls}
        for _ in range(ROUNDS + 1):
            for n, url in urls.items():
                times[n].append(_first_line_s(file, url))
        one, many = (statistics.median(times[n][1:]) for n in (1, rows))  # The first round wrote bytecode.
        print(
            f"first line of rdp logs: 1 row {one * 1000:.0f} ms, {rows:,} rows {many * 1000:.0f} ms: {many / one:.2f}x"
        )

        page_s = _first_page_s(file, urls[rows])
        print(f"first page of rdp console: {rows:,} rows {page_s * 1000:.0f} ms")

        table = _table(urls[rows])
        sorted_table.counted(urls[rows])
        page = read_page(table, Ask(tenant_id=TENANT), limit=100)
        calls = sorted_table.counted(urls[rows])["calls"]
        print(f"newest 100 of {rows:,}: {len(page.items)} logs in {len(calls)} calls ({', '.join(calls)})")

        since_ms, until_ms = FIRST_MS + rows // 2 * APART_MS, FIRST_MS + (rows // 2 + rows // 100) * APART_MS
        outside = read = found = 0
        for newest_first in (True, False):
            ask = Ask(tenant_id=TENANT, since_ms=since_ms, until_ms=until_ms, newest_first=newest_first)
            after: str | None = None
            while True:
                page = read_page(table, ask, limit=1_000, after=after)
                found += len(page.items)
                after = page.after
                if after is None:
                    break
            numbers = sorted_table.counted(urls[rows])["rows_read"]
            read += len(numbers)
            outside += sum(not since_ms <= (received_ms(sorted_table.key(n)) or 0) < until_ms for n in numbers)
        print(f"a range of {rows // 100:,} logs, both ways: {found:,} logs, {read:,} rows read, {outside} outside it")
    return int(many / one > MOST_TIMES or page_s > many + MOST_PAGE_S or len(calls) > MOST_CALLS or outside > 0)


if __name__ == "__main__":
    sys.exit(main())
