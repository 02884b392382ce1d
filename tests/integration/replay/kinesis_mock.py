"""kinesis-mock (npm `kinesis-local`, MIT), the engine that is right about resharding, on loopback only.

It is installed by npm into `.rdp/` on its first use. Without node, npm or a registry the tests that need it are
skipped; in CI (`CI=true`) they fail instead.
"""

import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

VERSION: Final = "0.6.2"
_MAIN_SHA256: Final = "6d46874682bffd8c06a3ca90735e292d144626541d1450bc43326557b3dda414"
_ROOT: Final = Path(__file__).parents[3]
_FOLDER: Final = _ROOT / ".rdp" / f"kinesis-local-{VERSION}"
_PRELOAD: Final = Path(__file__).with_name("loopback_only.cjs")
_LISTENING: Final = "0A"  # The state of a listening socket in /proc/net/tcp.


@contextmanager
def running() -> Iterator[str]:
    """Run the engine; the value is its endpoint's URL."""
    package = _installed()
    port, tls_port = _free_ports()
    settings = {
        "KINESIS_MOCK_PLAIN_PORT": str(port),
        "KINESIS_MOCK_TLS_PORT": str(tls_port),
        "LOG_LEVEL": "ERROR",
        "SHARD_LIMIT": "1000",  # Its 50 are too few when one test's streams follow another's.
        **{f"{step}_DURATION": "20ms" for step in ("CREATE_STREAM", "DELETE_STREAM", "SPLIT_SHARD", "MERGE_SHARDS")},
    }
    command = [_tool("node"), "--require", str(_PRELOAD), "main.js"]
    with subprocess.Popen(command, cwd=package, env=os.environ | settings, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - ours
        try:
            _await(process, port)
            for listening in (port, tls_port):
                assert _addresses(listening) <= {"127.0.0.1"}
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _tool(name: str) -> str:
    path = shutil.which(name)
    return path if path is not None else _unavailable(f"{name} is not installed")


def _unavailable(reason: str) -> str:
    if os.environ.get("CI") == "true":
        pytest.fail(f"kinesis-mock must run in CI: {reason}")
    pytest.skip(f"kinesis-mock: {reason}")


def _installed() -> Path:
    """Return the package's folder; npm fills it at the first use."""
    package = _FOLDER / "node_modules" / "kinesis-local"
    if not (package / "main.js").exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        options = ["--prefix", str(_FOLDER), "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(  # noqa: S603 - npm, and a pinned version without its scripts
            [_tool("npm"), "install", *options, f"kinesis-local@{VERSION}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if done.returncode:
            _unavailable(f"npm install failed: {done.stderr.strip()[-200:]}")
    if hashlib.sha256((package / "main.js").read_bytes()).hexdigest() != _MAIN_SHA256:
        pytest.fail(f"kinesis-local {VERSION} is not the one that was reviewed: its main.js differs")
    return package


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:  # Both are open at once, so that the ports differ.
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _await(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline_s = time.monotonic() + 300
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert process.poll() is None, "kinesis-mock ended"
            assert time.monotonic() < deadline_s, "kinesis-mock does not answer"
            time.sleep(0.05)
        else:
            return


def _addresses(port: int) -> set[str]:
    """Return the addresses on which somebody listens at the port (on Linux; elsewhere none)."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state = line.split()[:4]
            address, _, hex_port = local.partition(":")
            if state == _LISTENING and int(hex_port, 16) == port:
                found.add(socket.inet_ntoa(bytes.fromhex(address)[::-1]) if len(address) == 8 else address)
    return found
