"""A server on loopback that plays AWS by a script."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator


class Server:
    """A scripted AWS on loopback: each connection is served by the next script, and every request is kept."""

    def __init__(self, *scripts: Callable[[socket.socket, "Server"], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._scripts = scripts
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return the server's URL."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        for script in self._scripts:
            connection, _ = self._listener.accept()
            with connection:
                script(connection, self)

    def read_request(self, connection: socket.socket) -> None:
        """Keep the headers, in lower case, and the body of the next request."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        headers = {name.lower(): value for name, value in headers.items()}
        while len(body) < int(headers["content-length"]):
            body += connection.recv(65536)
        self.requests.append((headers, body))

    def close(self) -> None:
        """Wait until every script has run."""
        self._thread.join(timeout=60)
        self._listener.close()


@contextlib.contextmanager
def serving(*scripts: Callable[[socket.socket, Server], None]) -> Iterator[Server]:
    """Run a server for the scripts."""
    server = Server(*scripts)
    try:
        yield server
    finally:
        server.close()


def answers(*bodies: bytes, status: str = "200 OK", head: str = "") -> Callable[[socket.socket, Server], None]:
    """Answer one request after the other on the same connection, and then close it."""

    def script(connection: socket.socket, server: Server) -> None:
        for body in bodies:
            server.read_request(connection)
            connection.sendall(f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return script


def hangs(connection: socket.socket, server: Server) -> None:
    """Take the request and answer nothing until the client goes away."""
    server.read_request(connection)
    connection.recv(1)
