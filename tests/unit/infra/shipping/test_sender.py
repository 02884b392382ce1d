"""The sender against a small HTTP server: retries, keep-alive, stopping, and an exact tally."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from infra.shipping import sender as module
from infra.shipping import shipment
from infra.shipping.log_file import Line, Place
from infra.shipping.sender import Sender

Reply = tuple[int, dict[str, str], object]


class _Server(ThreadingHTTPServer):
    """Answers with what `reply(body)` returns and counts connections and bodies."""

    daemon_threads = True

    def __init__(self, reply: Callable[[str], Reply | None]) -> None:
        self.reply = reply
        self.bodies: list[str] = []
        self.keys: list[str | None] = []
        self.connections = 0
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.bodies.append(body)
        self.server.keys.append(self.headers["X-Api-Key"])
        reply = self.server.reply(body)
        if reply is None:  # Hang up without an answer.
            self.close_connection = True
            return
        status, headers, value = reply
        payload = json.dumps(value).encode()
        self.send_response(status)
        for name, content in (headers | {"Content-Length": str(len(payload))}).items():
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[str], Reply | None]], _Server]]:
    """Return `serve(reply)`: a running server."""
    running: list[tuple[_Server, threading.Thread]] = []

    def start(reply: Callable[[str], Reply | None]) -> _Server:
        server = _Server(reply)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def _no_pause(_attempt: int, _retry_after_s: float | None) -> float:
    return 0.001


def _send(
    server: _Server | str, lines: Sequence[Line], *, batch: int = 1, connections: int = 2, **options: Any
) -> tuple[Sender, int]:
    url = server if isinstance(server, str) else f"http://127.0.0.1:{server.server_port}/ingest"
    told: list[int] = []
    sender = Sender(url, "acme", connections=connections, on_lines=told.append, **{"pause_s": _no_pause, **options})
    sender.run(shipment.requests(lines, "acme", batch))
    return sender, sum(told)


def _lines(count: int) -> list[Line]:
    return [Line(number, f"id-{number}", f"text {number}", Place(0, 0, b"")) for number in range(1, count + 1)]


_ACCEPTED: Reply = (202, {}, {"status": "enqueued"})

Serve = Callable[[Callable[[str], Reply | None]], _Server]


def test_every_line_is_sent_once_over_few_connections(serve: Serve) -> None:
    """Connections are kept alive, and the progress adds up."""
    server = serve(lambda _: _ACCEPTED)
    sender, told = _send(server, _lines(50))
    assert (sender.tally.accepted, sender.tally.not_accepted, told) == (50, 0, 50)
    assert sorted(server.bodies) == sorted(line.text for line in _lines(50))
    assert server.connections <= 2


def test_what_fails_for_a_moment_is_sent_again(serve: Serve) -> None:
    """500, 429 and a connection that breaks are tried again until the line is accepted."""
    replies: list[Reply | None] = [(500, {}, {"detail": "x"}), (429, {"Retry-After": "0"}, {}), None, _ACCEPTED]
    server = serve(lambda _: replies.pop(0))
    sender, told = _send(server, _lines(1), connections=1)
    assert (sender.tally.accepted, sender.tally.not_accepted, told) == (1, 0, 1)
    assert server.bodies == ["text 1"] * 4


def test_credentials_go_with_every_request(serve: Serve) -> None:
    """With single lines, batches and what is sent again."""
    replies: list[Reply] = [(500, {}, {"detail": "x"}), _ACCEPTED, _ACCEPTED]
    server = serve(lambda _: replies.pop(0))
    _send(server, _lines(3), batch=2, connections=1, headers={"X-Api-Key": "k"})
    assert server.keys == ["k"] * 3


def test_retry_after_is_waited_for(serve: Serve) -> None:
    """The pause is the server's, not the sender's own."""
    pauses: list[tuple[int, float | None]] = []

    def pause(attempt: int, retry_after_s: float | None) -> float:
        pauses.append((attempt, retry_after_s))
        return 0.0

    replies: list[Reply] = [(429, {"Retry-After": "9"}, {}), (500, {}, {}), _ACCEPTED]
    server = serve(lambda _: replies.pop(0))
    _send(server, _lines(1), connections=1, pause_s=pause)
    assert pauses == [(0, 9.0), (1, None)]


@pytest.mark.parametrize("attempt", range(8))
def test_a_pause_is_bounded(attempt: int) -> None:
    """Whatever the server asks for and however often it failed."""
    assert module._pause_s(attempt, 1e9) == 60
    assert 0 <= module._pause_s(attempt, None) <= 10


def test_a_line_that_keeps_failing_is_counted_with_its_cause(serve: Serve) -> None:
    """It fails alone: the lines after it are sent."""
    server = serve(lambda body: (500, {}, {"detail": "no"}) if body == "text 2" else _ACCEPTED)
    sender, told = _send(server, _lines(3), connections=1)
    assert (sender.tally.accepted, told) == (2, 3)
    assert sender.tally.failed == {"HTTP 500 no": 1}
    assert sender.tally.examples == [(2, "HTTP 500 no")]
    assert server.bodies.count("text 2") == 6


def test_a_refused_line_is_not_sent_again(serve: Serve) -> None:
    """A 4xx is the client's to repair."""
    server = serve(lambda _: (400, {}, {"detail": "d", "reason": "empty_text"}))
    sender, _ = _send(server, _lines(2), connections=1)
    assert sender.tally.rejected == {"empty_text": 2}
    assert len(server.bodies) == 2


def test_only_the_failed_records_of_a_batch_are_sent_again(serve: Serve) -> None:
    """What a partly failed batch had enqueued is not sent twice."""
    replies: list[Reply] = [(500, {}, {"detail": "d", "failed": [{"index": 1}], "rejected": []}), _ACCEPTED]
    server = serve(lambda _: replies.pop(0))
    sender, told = _send(server, _lines(3), batch=3, connections=1)
    assert (sender.tally.accepted, sender.tally.not_accepted, told) == (3, 0, 3)
    assert server.bodies[1] == "text 2"


def test_nobody_there_ends_the_run() -> None:
    """When nothing answers, the rest is not tried line by line: it is left as not sent."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as closed:
        port = closed.server_port
    sender, told = _send(f"http://127.0.0.1:{port}/ingest", _lines(100), connections=2)
    assert sender.tally.accepted == 0
    assert 1 <= sender.tally.failed.total() <= 2
    assert told == sender.tally.failed.total()


def test_a_defect_while_sending_is_raised_not_swallowed(serve: Serve) -> None:
    """An error in a thread reaches the caller."""
    server = serve(lambda _: (202, {}, {"rejected": [{"index": 99, "reason": "x"}]}))
    with pytest.raises(IndexError):
        _send(server, _lines(1))


def test_a_stop_lets_requests_finish_and_sends_no_more(serve: Serve) -> None:
    """Ctrl-C sets `stop`: what is out is tallied, what is not is left."""
    sender: Sender

    def reply(_: str) -> Reply:
        sender.stop.set()
        return _ACCEPTED

    server = serve(reply)
    sender = Sender(f"http://127.0.0.1:{server.server_port}/", "acme", connections=1, on_lines=lambda _: None)
    sender.run(shipment.requests(_lines(50), "acme", 1))
    assert sender.tally.accepted == 1
    assert len(server.bodies) == 1


def test_who_is_not_let_in_stops_at_once(serve: Serve) -> None:
    """A million lines are not sent one by one to a stack that wants a key; none of them counts as refused."""
    server = serve(lambda _: (403, {}, {"message": "Forbidden"}))
    sender, _ = _send(server, _lines(100), connections=2)
    assert sender.lost == "HTTP 403 Forbidden"
    assert len(server.bodies) <= 2
    assert (sender.tally.accepted, sender.tally.rejected.total()) == (0, 0)


def test_headers_go_with_every_request_and_the_accepted_lines_are_told(serve: Serve) -> None:
    """Credentials are headers; what ingest took, and nothing else, is handed on."""
    server = serve(lambda body: (400, {}, {"reason": "empty_text"}) if body == "text 2" else _ACCEPTED)
    took: list[int] = []
    sender = Sender(
        f"http://127.0.0.1:{server.server_port}/",
        "acme",
        connections=2,
        on_accepted=lambda lines: took.extend(line.number for line in lines),
        headers={"X-Api-Key": "k"},
    )
    assert sender.run(shipment.requests(_lines(3), "acme", 1))
    assert sorted(took) == [1, 3]
    assert server.keys == ["k"] * 3
