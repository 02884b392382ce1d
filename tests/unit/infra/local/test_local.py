"""The data folder's state file, and what keeps an engine from starting."""

import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from infra.local import engine, lifecycle, state
from infra.local.state import State
from infra.stack import StackError


def _state(*, pid: int | None = None, port: int = 1) -> State:
    return State(port=port, pid=pid, region="us-east-1", access_key_id="test", secret_access_key="test")


@pytest.fixture
def listening_port() -> object:
    """A port of 127.0.0.1 that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    """The file round-trips, in a folder that did not exist."""
    written = State(
        port=7,
        pid=8,
        region="eu-central-1",
        access_key_id="a",
        secret_access_key="s",
        endpoint="http://x",
        outputs={"TableName": "t"},
    )
    state.write(tmp_path / "new", written)
    assert state.read(tmp_path / "new") == written


def test_a_folder_without_a_state_has_none(tmp_path: Path) -> None:
    """Nothing was ever started there."""
    assert state.read(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b'{"port": "x"}', b"[]"])
def test_a_damaged_state_is_told_with_its_file(tmp_path: Path, content: bytes) -> None:
    """No traceback of a parser: the file, and what to do."""
    (tmp_path / "stack.json").write_bytes(content)
    with pytest.raises(StackError, match=r"stack\.json is damaged"):
        state.read(tmp_path)


def test_a_secret_is_not_in_a_places_repr() -> None:
    """Keys do not end in a log through repr."""
    place = State(port=1, pid=None, region="r", access_key_id="AKIA", secret_access_key="hush").place
    assert "hush" not in repr(place)


def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path, listening_port: int) -> None:
    """The message names the port."""
    assert not engine.is_port_free(listening_port)
    with pytest.raises(StackError, match=f"Port {listening_port} "):
        engine.start(tmp_path, _state(port=listening_port))


def test_a_free_port_is_free() -> None:
    """What was picked can be bound."""
    assert engine.is_port_free(engine.pick_free_port())


def test_an_engine_that_dies_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    """A start that fails shows why."""
    with pytest.raises(StackError, match=r"ended with code 1.*engine\.log"):
        engine.start(tmp_path, _state(port=engine.pick_free_port()), python="/bin/false")


def test_a_process_of_that_id_that_does_not_answer_is_no_engine(listening_port: int) -> None:
    """After a reboot the process id may be another program's: it is not stopped."""
    assert not engine.is_running(_state(pid=os.getpid(), port=engine.pick_free_port()))
    assert not engine.is_running(_state(pid=None, port=listening_port))


def test_down_leaves_another_programs_process_alone(tmp_path: Path) -> None:
    """A process that has the id by chance gets no signal."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        state.write(tmp_path, _state(pid=other.pid, port=engine.pick_free_port()))
        assert lifecycle.down(tmp_path) is None
        assert other.stdin is not None
        other.stdin.write(b"\n")
    assert other.returncode == 0


def test_find_says_what_to_do(tmp_path: Path) -> None:
    """Without an engine the message names the command that starts one."""
    with pytest.raises(StackError, match="rdp up"):
        lifecycle.find(tmp_path)


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_stop_that_can_write_nothing_says_what_is_lost(tmp_path: Path) -> None:
    """On a full disk the folder's own file cannot be replaced either: that does not hide that logs are gone."""
    with (
        HTTPServer(("127.0.0.1", 0), _Health) as server,
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        threading.Thread(target=process.wait, daemon=True).start()  # It is no zombie then.
        state.write(tmp_path, _state(pid=process.pid, port=server.server_port))
        (tmp_path / ".stack.json.partial").mkdir()  # No draft can be written.
        with pytest.raises(StackError, match=r"could not save .*sqs: what came since its start is lost"):
            lifecycle.down(tmp_path)
        server.shutdown()


def test_a_terraform_stack_is_found_in_whatever_engine_its_folder_lies(tmp_path: Path) -> None:
    """Its own file names no process, so that a restart of the engine leaves it right and `down` stops nothing by it."""
    inside = tmp_path / "terraform"
    with HTTPServer(("127.0.0.1", 0), _Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = _state(port=server.server_port)
        state.write(inside, msgspec.structs.replace(there, outputs={"TableName": "terraform's"}))
        state.write(tmp_path, msgspec.structs.replace(there, pid=os.getpid()))
        assert lifecycle.find(inside).outputs == {"TableName": "terraform's"}
        assert lifecycle.down(inside) is None
        state.write(tmp_path, msgspec.structs.replace(there, pid=os.getpid(), port=1))  # Another one's folder.
        with pytest.raises(StackError, match="No engine runs"):
            lifecycle.find(inside)
        server.shutdown()


def test_the_engine_inherits_no_variable_of_the_caller(tmp_path: Path) -> None:
    """Its functions inherit its environment: a caller's AWS profile or settings must not reach them."""
    of_caller = {"AWS_PROFILE": "production", "TABLE_NAME": "mine", "PYTHONPATH": "/somewhere", "PATH": "/bin"}
    environment = engine.environment(tmp_path, _state(), of_caller)
    assert not (of_caller.keys() - {"PATH"}) & environment.keys()
    assert environment["PATH"] == "/bin"
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["AUTH"] == "true"
