"""A small server that takes logs as ingest does and keeps them by log_id, for the tests of what sends to it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class IngestServer(ThreadingHTTPServer):
    """Keeps each log under its id, in the order of the first arrival; `before(body)` may answer with a status."""

    daemon_threads = True

    def __init__(self, before: Callable[[bytes], int | None]) -> None:
        self.before = before
        self.logs: dict[str, str] = {}
        self.received = 0
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, log_id: str, text: str) -> None:
        """Keep one log; the same id with another text would be a conflict."""
        assert self.logs.setdefault(log_id, text) == text
        self.received += 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: IngestServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.before(body)
        if status is None:
            status = 202
            if "X-Log-ID" in self.headers:
                self.server.take(self.headers["X-Log-ID"], body.decode())
            else:
                for line in body.splitlines():
                    self.server.take(json.loads(line)["log_id"], json.loads(line)["text"])
        self.send_response(status)
        answer = b'{"reason": "text_too_large"}' if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else b"{}"
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Be silent."""


@contextmanager
def ingest_server(before: Callable[[bytes], int | None] = lambda _: None) -> Iterator[IngestServer]:
    """Give a running server."""
    with IngestServer(before) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
