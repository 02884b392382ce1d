"""Starts the engine's process, waits until it answers, and stops it so that it saves its state."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from consumer.replay import private
from infra.local import engine_main
from infra.local.state import State
from infra.stack import StackError

DEFAULT_PORT: Final = 4566
"""MiniStack's own default."""

_START_TIMEOUT_S: Final = 60
_STOP_TIMEOUT_S: Final = 60
_POLL_S: Final = 0.05
_LOG_TAIL_BYTES: Final = 2000
_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


# Engines that this process started, so that it can reap them. Another process finds an engine by its process id.
_children: "dict[int, subprocess.Popen[bytes]]" = {}


def start(
    data_dir: Path, state: State, *, python: str = sys.executable, environ: Mapping[str, str] = os.environ
) -> int:
    """Start the engine of the data folder on `state.port`; return its process id once it answers.

    `python` is the interpreter that has the engine installed, `environ` is the caller's environment.

    Raises:
        StackError: the port is taken, or the engine dies or does not answer in time.
    """
    if not is_port_free(state.port):
        raise StackError(
            f"Port {state.port} on 127.0.0.1 is in use by another program. Stop it, or choose another with "
            f"--port N (0 picks a free one; for stored data of an earlier start also --data-dir D)."
        )
    data_dir = data_dir.resolve()
    scratch = data_dir / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)  # Unpacked functions that a killed engine left.
    private.made_folder(scratch)
    log_path = data_dir / "engine.log"
    with log_path.open("wb") as log:
        # Its own session: Ctrl-C in the terminal reaches only rdp, which then stops the engine in order.
        process = subprocess.Popen(  # noqa: S603 - our own program
            [python, "-I", engine_main.__file__],
            env=environment(data_dir, state, environ),
            cwd=data_dir,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_answer(process, state, log_path)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    _children[process.pid] = process
    return process.pid


def stop(state: State, *, timeout_s: float = _STOP_TIMEOUT_S) -> None:
    """Stop the engine by SIGTERM, never by SIGKILL, and wait until it has saved its state and has ended.

    Raises:
        StackError: it still runs after `timeout_s`.
    """
    if state.pid is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(state.pid, signal.SIGTERM)
    deadline_s = time.monotonic() + timeout_s
    while _is_alive(state.pid):
        if time.monotonic() > deadline_s:
            raise StackError(
                f"The engine (process {state.pid}) still runs {timeout_s:.0f} s after SIGTERM. Wait and try again; "
                f"`kill -9 {state.pid}` loses what came since it last saved."
            )
        time.sleep(_POLL_S)


def is_running(state: State) -> bool:
    """Say whether the engine of this state answers on its port."""
    return state.pid is not None and _is_alive(state.pid) and _answers(state)


def is_port_free(port: int) -> bool:
    """Say whether nothing listens on the port of 127.0.0.1."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # A closing connection doesn't hold the port.
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def pick_free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def environment(data_dir: Path, state: State, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the engine's whole environment. Its functions inherit it, so it has only few of the caller's variables."""
    inherited = {name: environ[name] for name in _INHERITED if name in environ}
    return inherited | {
        "GATEWAY_PORT": str(state.port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AUTH": "true",  # Each function has only the permissions of its own role.
        "AWS_ACCESS_KEY_ID": state.access_key_id,  # The engine takes this key for the account's root user.
        "AWS_SECRET_ACCESS_KEY": state.secret_access_key,
        "MINISTACK_REGION": state.region,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data_dir / "engine"),
        "TMPDIR": str(data_dir / "tmp"),
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": f"unix://{data_dir}/no-docker",  # Functions run as processes: leave the user's Docker alone.
        "PYTHONUNBUFFERED": "1",
    }


def _await_answer(process: "subprocess.Popen[bytes]", state: State, log_path: Path) -> None:
    deadline_s = time.monotonic() + _START_TIMEOUT_S
    while not _answers(state):
        if process.poll() is not None:
            raise StackError(f"The engine ended with code {process.returncode}. {_tail(log_path)}")
        if time.monotonic() > deadline_s:
            raise StackError(f"The engine does not answer after {_START_TIMEOUT_S} s. {_tail(log_path)}")
        time.sleep(_POLL_S)


def _answers(state: State) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", state.port, timeout=5)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_alive(pid: int) -> bool:
    child = _children.get(pid)
    if child is not None:  # A child that has ended stays a zombie, whose id seems alive, until poll reaps it.
        if child.poll() is None:
            return True
        del _children[pid]
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # The id now belongs to another user's process.
        return False
    return True


def _tail(log_path: Path) -> str:
    return f"The end of {log_path}:\n{log_path.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors='replace').strip()}"
