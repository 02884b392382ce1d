"""Starts, finds and stops the front: the program that serves the API at the root of a port. Its note says where."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from infra.local.state import State
from infra.stack import StackError

DEFAULT_PORT: Final = 8080
_PROGRAM: Final = Path(__file__).with_name("front_server.py")

_START_LIMIT_S: Final = 30.0
_STOP_LIMIT_S: Final = 10.0
_POLL_S: Final = 0.02


# Fronts that this process started, so that it can reap them.
_children: "dict[int, subprocess.Popen[bytes]]" = {}


class Note(msgspec.Struct, frozen=True):
    """What the front writes when it listens. `pid` is 0 once it was told to end; the next one uses the same port."""

    port: int
    pid: int


class Front(NamedTuple):
    """A running front. `taken` is the port that it wanted at its start, if another program had that one."""

    endpoint: str
    taken: int | None = None


def start(data_dir: Path, state: State) -> Front:
    """Start the engine's front unless it runs already; return it once it listens.

    It listens on its last port, or on 8080; if that is taken, on a free one. It ends when the engine ends.

    Raises:
        StackError: it does not start.
    """
    if (running := find(data_dir)) is not None:
        return running
    note = _read(data_dir)
    wanted = note.port if note else DEFAULT_PORT
    log_path = data_dir / "front.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [
                sys.executable,
                "-I",
                str(_PROGRAM),
                str(wanted),
                str(state.port),
                str(state.pid),
                urlsplit(state.endpoint).path,
                str(_path(data_dir).resolve()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal reaches only rdp, which ends this in order.
        )
    deadline_s = time.monotonic() + _START_LIMIT_S
    while (started := _read(data_dir)) is None or started.pid != process.pid:
        if process.poll() is not None or time.monotonic() > deadline_s:
            process.kill()
            process.wait()
            raise StackError(
                f"The endpoint at the root of a port does not start. {log_path} says why. If it is empty, the "
                f"disk may be full."
            )
        time.sleep(_POLL_S)
    _children[process.pid] = process
    return Front(f"http://127.0.0.1:{started.port}", None if started.port == wanted else wanted)


def find(data_dir: Path) -> Front | None:
    """Return the running front, or None."""
    note = _read(data_dir)
    return Front(f"http://127.0.0.1:{note.port}") if note and _is_alive(note.pid) and _listens(note.port) else None


def stop(data_dir: Path) -> None:
    """End the front, if one runs, and wait until it takes no more requests. Requests under way are cut off."""
    note = _read(data_dir)
    if note is None or not _is_alive(note.pid):
        return
    draft = _path(data_dir).with_suffix(".tmp")
    draft.write_text(json.dumps({"port": note.port, "pid": 0}))
    draft.replace(_path(data_dir))
    deadline_s = time.monotonic() + _STOP_LIMIT_S
    while _listens(note.port) and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)
    if note.pid in _children:
        _children.pop(note.pid).wait(_STOP_LIMIT_S)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def _is_alive(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _read(data_dir: Path) -> Note | None:
    try:
        return msgspec.json.decode(_path(data_dir).read_bytes(), type=Note)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def _path(data_dir: Path) -> Path:
    return data_dir / "front.json"
