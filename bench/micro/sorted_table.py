"""A DynamoDB on loopback that keeps one tenant's logs in key order and finds a range as DynamoDB does.

`python -m bench.micro.sorted_table ROWS` serves a table of ROWS rows. Only their keys are kept, in a sorted list; an
item is made when it is read. A local engine reads all of a tenant's rows for each query, so a measurement with it would
measure the engine. `GET /` returns the calls and the rows that they read since the last `GET /`.
"""

import bisect
import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import orjson

from consumer.item import Item, attributes
from consumer.timestamps import rfc3339
from ingest.contract.log_ids import generator

TENANT: Final = "acme"
TABLE: Final = "logs"
FIRST_MS: Final = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)
APART_MS: Final = 100
_PAGE_BYTES: Final = 1_048_576  # Query API reference: a page is 1 MB at most.
_TEXT: Final = "GET /api/v1/orders/8812 200 in 31 ms, user 4711, call 555-0199 " * 3


def key(number: int) -> str:
    """Return the log id of log number `number`; it is `APART_MS` later than the log before."""
    return generator(FIRST_MS + number * APART_MS, number << 6)(0)


def _item(number: int, log_id: str) -> dict[str, Any]:
    at = rfc3339(FIRST_MS + number * APART_MS)
    item = Item(
        tenant_id=TENANT,
        log_id=log_id,
        source="json_upload",
        original_text=_TEXT,
        modified_data=_TEXT.replace("555-0199", "[REDACTED]"),
        received_at=at,
        processed_at=at,
        redaction_version="1",
        severity="info",
    )
    return dict(attributes(item))


class Table:
    """The rows, and which calls read which rows."""

    def __init__(self, rows: int) -> None:
        self._keys = [key(number) for number in range(rows)]
        self.calls: list[str] = []
        self.rows_read: list[int] = []

    def query(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer Query: a range of the table's keys, in either direction; the indexes are empty."""
        self.calls.append(request.get("IndexName", "table"))
        values = request["ExpressionAttributeValues"]
        if "IndexName" in request or values[":tenant_id"]["S"] != TENANT:
            return {"Items": [], "Count": 0}
        low, high = 0, len(self._keys)
        if ":low" in values:
            low = bisect.bisect_left(self._keys, values[":low"]["S"])
            high = bisect.bisect_right(self._keys, values[":high"]["S"])
        forward = request.get("ScanIndexForward", True)
        if start := request.get("ExclusiveStartKey"):
            if forward:
                low = bisect.bisect_right(self._keys, start["log_id"]["S"])
            else:
                high = bisect.bisect_left(self._keys, start["log_id"]["S"])
        numbers = range(low, high) if forward else range(high - 1, low - 1, -1)
        items: list[dict[str, Any]] = []
        left = _PAGE_BYTES
        for number in numbers[: request.get("Limit", len(numbers))]:
            items.append(_item(number, self._keys[number]))
            self.rows_read.append(number)
            left -= sum(len(name) + len(str(*value.values())) for name, value in items[-1].items())
            if left <= 0:
                break
        answer: dict[str, Any] = {"Items": items, "Count": len(items)}
        if len(items) < len(numbers):
            answer["LastEvaluatedKey"] = {name: items[-1][name] for name in ("tenant_id", "log_id")}
        return answer


def _handler(table: Table) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            if operation != "Query":
                raise ValueError(f"{operation}: a read of this table needs Query alone")
            self._send(orjson.dumps(table.query(request)))

        def do_GET(self) -> None:
            self._send(orjson.dumps({"calls": table.calls, "rows_read": table.rows_read}))
            table.calls, table.rows_read = [], []

        def _send(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


@contextlib.contextmanager
def served(rows: int) -> Iterator[str]:
    """Serve a table of so many rows in a process of its own; give its URL."""
    command = [sys.executable, "-m", "bench.micro.sorted_table", str(rows)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - this module
        try:
            assert server.stdout is not None  # noqa: S101 - stdout=PIPE
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def counted(url: str) -> dict[str, list[Any]]:
    """Return the calls and the rows read since the last call of this function."""
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own server on loopback
        counts: dict[str, list[Any]] = json.load(answer)
        return counts


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(Table(int(sys.argv[1])))) as http_server:
        print(http_server.server_port, flush=True)
        http_server.serve_forever()
