"""The API at the root of a port, as `rdp up` starts it: a client that knows host and port only, and gzip."""

import gzip
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from infra.local import engine, front, lifecycle, state

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(local_stack: "LocalStack") -> Iterator[http.client.HTTPConnection]:
    """A connection to the front of the session's stack."""
    endpoint = urlsplit(front.start(local_stack.data_dir, local_stack.state).endpoint)
    connection = http.client.HTTPConnection(endpoint.hostname or "", endpoint.port, timeout=360)
    yield connection
    connection.close()
    front.stop(local_stack.data_dir)


def prefer(data_dir: Path, port: int) -> None:
    """Make a folder whose front wants this port, as if one had ended there. Fronts of other tests want 8080."""
    data_dir.mkdir()
    (data_dir / "front.json").write_text(json.dumps({"port": port, "pid": 0}))


def post(root: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """Return status and body of an answer; the connection is kept."""
    root.request("POST", path, body=body, headers=headers)
    answer = root.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("media", ["application/json", "text/plain", "application/x-ndjson"])
def test_gzip_arrives_undamaged_under_every_type(
    root: http.client.HTTPConnection, local_stack: "LocalStack", eventually: "Eventually", media: str
) -> None:
    """At the root of the port, under types that the engine hands on as text and under others."""
    name = media.replace("/", ".")
    record = json.dumps({"tenant_id": "front", "log_id": name, "text": "é packed"}).encode()
    body = "é packed".encode() if media == "text/plain" else record
    headers = {"Content-Type": media, "Content-Encoding": "gzip", "X-Tenant-ID": "front", "X-Log-ID": name}
    status, answer = post(root, "/ingest", gzip.compress(body), headers)
    assert status == 202, answer
    row = eventually(lambda: local_stack.row("front", name))
    assert row["original_text"] == {"S": "é packed"}


def test_answers_come_as_the_api_gives_them(root: http.client.HTTPConnection) -> None:
    """Health, a refusal, and a path that is none, one after the other on one connection."""
    root.request("GET", "/health")
    answer = root.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, {"status": "ok"})
    status, body = post(root, "/ingest", b"{", {"Content-Type": "application/json"})
    assert (status, json.loads(body)["detail"]) == (400, "Invalid JSON payload")
    assert post(root, "/nowhere", b"", {})[0] == 404


def test_up_shows_it_status_too_and_down_ends_it(tmp_path: Path) -> None:
    """The endpoint that `rdp up` prints is the front's; killed with its engine, it leaves nothing behind."""
    data_dir = tmp_path / "data"
    prefer(data_dir, engine.pick_free_port())

    def rdp(*arguments: str) -> str:
        command = [sys.executable, "-c", "from infra.cli import main; main()", *arguments, "--data-dir", str(data_dir)]
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True, timeout=360)  # noqa: S603 - our own command
        return done.stdout

    try:
        shown = rdp("up", "--detach", "--port", "0")
        endpoint = json.loads(rdp("status", "--json"))["endpoint"]
        assert f"endpoint  {endpoint}\n" in shown
        assert urlsplit(endpoint).path == ""
        running = front.find(data_dir)
        assert running is not None
        assert running.endpoint == endpoint
        assert rdp("up", "--detach").count(endpoint) == 2  # It still runs, and is not started twice.

        front.stop(data_dir)
        port = urlsplit(endpoint).port
        with socket.create_server(("127.0.0.1", port or 0)):
            shown = rdp("up", "--detach")
        assert f"Another program has port {port}: " in shown
        moved = re.search(r"^endpoint  (.+)$", shown, re.MULTILINE)
        assert moved is not None
        assert moved[1] != endpoint
        endpoint = moved[1]

        rdp("down")
        assert front.find(data_dir) is None
        assert f"endpoint  {endpoint}\n" in rdp("up", "--detach")  # The port stays.

        known = state.read(data_dir)
        assert known is not None
        assert known.pid is not None
        os.kill(known.pid, signal.SIGKILL)
        deadline_s = time.monotonic() + 60
        while front.find(data_dir) is not None and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert front.find(data_dir) is None
    finally:
        front.stop(data_dir)
        lifecycle.down(data_dir)


def test_a_taken_port_is_no_obstacle(local_stack: "LocalStack", tmp_path: Path) -> None:
    """Two folders that want one port run at once: the second front takes a free port and says which one it wanted."""
    wanted = engine.pick_free_port()
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        prefer(folder, wanted)
    fronts = [front.start(folder, local_stack.state) for folder in folders]
    try:
        assert urlsplit(fronts[0].endpoint).port == wanted
        assert fronts[0].taken is None
        assert fronts[1].taken == wanted
        assert fronts[1].endpoint != fronts[0].endpoint
        for one in fronts:
            assert not engine.is_port_free(urlsplit(one.endpoint).port or 0)
    finally:
        for folder in folders:
            front.stop(folder)
