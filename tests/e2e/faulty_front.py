"""Serves our function on a port of its own; the first request with logs meets a fault.

The real `respond` runs here, with a quota that is used up or a queue that takes nothing or half. So the answers are
those of the client's dialect, and the logs that the queue took are stored.
"""

import base64
import contextlib
import itertools
import random
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, get_args

from ingest.api import dialects
from ingest.api.events import Response
from ingest.api.respond import json_response
from ingest.api.routes import Routes
from ingest.aws.retry import Time
from ingest.contract.errors import Rejected
from ingest.contract.log_ids import RANDOM_BITS, generator
from ingest.contract.message import EncodedLog, decode
from ingest.invocation import Outside, respond
from ingest.settings import Settings
from ingest.sinks import queue

if TYPE_CHECKING:
    from tests.e2e.conftest import LocalStack

Situation = Literal["over_quota", "unavailable", "partly", "crashed", "cut", "away"]
"""The faults, in order: the quota is used up; the queue takes nothing; the queue takes every second log; the function
ends without an answer, which API Gateway turns into a plain 500; the connection is closed when the request was read;
the same, and then nothing listens on the port."""

SITUATIONS: Final[tuple[Situation, ...]] = get_args(Situation)

Send = Callable[[Sequence[EncodedLog], float], frozenset[int]]
"""Sends logs to a queue until a time on the monotonic clock; returns the positions that the queue did not take."""

_AWAY_S: Final = 1.5
_LIMIT_S: Final = 10.0
_QUEUE_LIMIT_S: Final = {True: 5.0, False: 60.0}
"""Seconds to send. True is without a situation: the engine may then be down, and its clients must soon hear so."""

_ROUTES: Final = Routes(dialects.ALL)
_OF_ONE_CONNECTION: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "expect"})


class Front:
    """A front at `url` for one client: requests that name no tenant are of `tenant`. `taken`, `refused` have texts.

    Without a situation there is no fault. A front that is away `comes_back` after some seconds, or never.
    """

    def __init__(self, send: Send, tenant: str, situation: Situation | None, *, comes_back: bool) -> None:
        self.refused: list[str] = []
        self.taken: list[str] = []
        self.faults = 0
        self._send, self._tenant, self._situation, self._comes_back = send, tenant, situation, comes_back
        self._first = threading.Lock()
        self._is_away = False
        # Bound for as long as the front lives, so that nobody else gets the port while it is away.
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._held.bind(("127.0.0.1", 0))
        self._port: int = self._held.getsockname()[1]
        self._open()
        self.url = f"http://127.0.0.1:{self._port}"

    def _open(self) -> None:
        self._server = _Server(("127.0.0.1", self._port), partial(_Handler, self))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop listening; requests under way are still answered."""
        self._stop()
        self._held.close()

    def _stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _leave(self) -> None:
        self._stop()
        if self._comes_back:
            time.sleep(_AWAY_S)  # The absence must last for some time.
            self._is_away = False
            self._open()

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Response | None:
        """Return the answer to one request, or None to cut the connection."""
        if not target.startswith("/t/"):
            target = f"/t/{self._tenant}{target}"
        event = _event(method, target, headers, body, self._tenant)
        found = _ROUTES.find(event)
        holds_logs = found is not None and found.handshake is None
        if self._is_away:
            return None
        if holds_logs and self._situation and self._first.acquire(blocking=False):  # Never released: only the first.
            self.faults += 1
            return self._fault(event)
        return self._respond(event, takes=lambda _: True)

    def _fault(self, event: Any) -> Response | None:
        self._is_away = self._situation == "away"
        put_off = self._respond(event, takes=lambda _: False)
        if self._situation == "partly":
            self.refused.clear()
            turn = itertools.count()
            return self._respond(event, takes=lambda _: next(turn) % 2 == 0)
        if self._situation == "crashed":
            return json_response(500, {"message": "Internal Server Error"})
        if self._situation == "over_quota":
            return self._respond(event, takes=lambda _: False, quota=_used_up)
        if self._situation == "away":
            threading.Thread(target=self._leave, daemon=True).start()
        return None if self._situation in {"cut", "away"} else put_off

    def _respond(self, event: Any, *, takes: Callable[[EncodedLog], bool], quota: Any = None) -> Response:
        """Return our function's answer when the queue takes only the logs for which `takes` is true."""

        def enqueue(logs: Sequence[EncodedLog], **_: Any) -> frozenset[int]:
            taken = [position for position, log in enumerate(logs) if takes(log)]
            deadline_s = time.monotonic() + _QUEUE_LIMIT_S[self._situation is None]
            late = self._send([logs[position] for position in taken], deadline_s) if taken else ()
            lost = frozenset(range(len(logs))).difference(taken) | {taken[position] for position in late}
            for position, log in enumerate(logs):
                (self.refused if position in lost else self.taken).append(decode(log.data).text)
            return lost

        outside = Outside(
            put_on_stream=lambda logs, **_: frozenset(range(len(logs))),  # The consumer puts them there.
            enqueue=enqueue,
            find_key=_no_key,
            take_quota=quota or (lambda **_: None),
            now_ms=lambda: time.time_ns() // 1_000_000,
            monotonic=time.monotonic,
            log_ids=lambda received_ms: generator(received_ms, random.getrandbits(RANDOM_BITS)),
            write_lines=lambda _: None,
        )
        settings = Settings(queue_url="", stream_name="", authentication="jwt" if quota else "none")
        return respond(
            event, remaining_s=_LIMIT_S, lambda_request_id="fault", settings=settings, routes=_ROUTES, outside=outside
        )


def queue_of(stack: "LocalStack") -> Send:
    """Return a function that sends to the queue of an engine's stack."""
    clock = Time(time.monotonic, time.sleep, lambda: 0.5)

    def send(logs: Sequence[EncodedLog], give_up_at_s: float) -> frozenset[int]:
        return queue.send(stack.stack.place.sqs, stack.stack.queue_url, logs, give_up_at_s=give_up_at_s, time=clock)

    return send


@contextlib.contextmanager
def listening(send: Send, tenant: str, situation: Situation | None, *, comes_back: bool = True) -> Iterator[Front]:
    """Give a front, and close it when the block ends."""
    front = Front(send, tenant, situation, comes_back=comes_back)
    try:
        yield front
    finally:
        front.close()


class _Server(ThreadingHTTPServer):
    allow_reuse_port = True  # Beside the socket that holds the port.
    request_queue_size = 128  # By default 5: of more connections at once the rest waits for seconds.
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: Any) -> None:
        """Ignore clients that close their connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, front: Front, *arguments: Any) -> None:
        self._front = front
        super().__init__(*arguments)

    def _serve(self) -> None:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            headers[name.lower()] = f"{headers[name.lower()]},{value}" if name.lower() in headers else value
        answer = self._front.answer(self.command, self.path, headers, self._body())
        if answer is None:
            self.close_connection = True
            return
        said = answer["body"]
        data = base64.b64decode(said) if answer["isBase64Encoded"] else said.encode()
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            if name not in _OF_ONE_CONNECTION:
                self.send_header(name, value)
        if answer["statusCode"] != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD" and answer["statusCode"] != HTTPStatus.NO_CONTENT:
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = _serve  # noqa: N815 - the library's names

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


def _event(method: str, target: str, headers: dict[str, str], body: bytes, tenant: str) -> Any:
    """Return the HTTP API's event of a request; its authorizer names the tenant, for a function that reads it."""
    path, _, query = target.partition("?")
    claims = {"tenant_id": tenant, "scope": "write"}
    return {
        "version": "2.0",
        "headers": headers,
        "rawQueryString": query,
        "queryStringParameters": dict(urllib.parse.parse_qsl(query)),
        "requestContext": {
            "requestId": "fault",
            "http": {"method": method, "path": urllib.parse.unquote(path)},
            "authorizer": {"jwt": {"claims": claims}},
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _used_up(**_: Any) -> NoReturn:
    raise Rejected("over_quota", 1)


def _no_key(_: str) -> NoReturn:
    raise AssertionError("No key is asked for.")
