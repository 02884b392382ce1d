"""Real clients from their registries, and how to run them: programs that log and end, and shippers."""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.e2e import client_packages, shippers

SOURCES: Final = Path(__file__).parent / "clients"
_LIMIT_S: Final = 900  # Of a failure alone: one client waits for 71 s between its tries, and the machine may be busy.
_PLACE: Final = re.compile(r"log (\d+) of 555-0199: caf(?:é ✓|\\u00e9 \\u2713)")


class Program(NamedTuple):
    """A program of ours that logs through one client (`FILE [ARGUMENTS] URL LOGS [MODE]`), and what its logs must have.

    `packages` is a Python lock file, or a folder with one of npm. `position` is the field with the log's number.
    """

    packages: Path
    file: str
    source: str
    arguments: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    logs: int = 12
    has_time: bool = True
    severity: str | None = "warn"
    position: str | None = None


def _elastic(file: str, *, has_time: bool = True, position: str | None = "position") -> Program:
    return Program(SOURCES / "elastic", file, "elasticsearch", has_time=has_time, position=position)


def _python(
    name: str, source: str, lock: str = "clients.lock", *, has_time: bool = True, position: str | None = "position"
) -> Program:
    packages = SOURCES / "python" / lock
    return Program(packages, "python/senders.py", source, (name,), has_time=has_time, position=position)


def _collect(
    file: str, source: str, *, client: tuple[str, ...] = (), mode: tuple[str, ...] = (), severity: str | None = "warn"
) -> Program:
    """Return a program of six logs: some clients send all at once, and the engine starts a worker for each request."""
    packages = SOURCES / "collect"
    if file.endswith(".py"):
        packages, file = packages / "clients.lock", f"collect/{file}"
    return Program(packages, file, source, client, mode, logs=6, severity=severity)


PROGRAMS: Final[Mapping[str, Program]] = {
    "axiom-py": _python("axiom", "axiom"),
    "datadog-api-client": _python("datadog", "datadog", has_time=False),
    "elasticsearch-8": _python("elasticsearch", "elasticsearch"),
    "elasticsearch-9": _python("elasticsearch", "elasticsearch", "elasticsearch9.lock"),
    "elasticsearch-js": _elastic("elasticsearch.js", has_time=False),
    "logtail-python": _python("logtail", "logtail"),
    "opentelemetry-js-json": _collect("otlp.js", "otlp", mode=("json",)),
    "opentelemetry-js-proto": _collect("otlp.js", "otlp", mode=("proto",)),
    "opentelemetry-sdk": _collect("senders.py", "otlp", client=("otlp",)),
    "pino-elasticsearch": _elastic("pino-elasticsearch.js"),
    "pino-loki": _collect("loki.js", "loki", mode=("pino",)),
    "pygelf": _python("pygelf", "gelf", position="_position"),
    "python-logging-loki": _collect("senders.py", "loki", client=("loki",)),
    "seqlog": _python("seqlog", "seq", position=None),
    "splunk-handler": _collect("senders.py", "splunk_hec", client=("splunk",), severity=None),
    "winston-elasticsearch": _elastic("winston-elasticsearch.js", position=None),
    "winston-loki-json": _collect("loki.js", "loki", mode=("json",)),
    "winston-loki-proto": _collect("loki.js", "loki", mode=("proto",)),
    "winston-splunk-httplogger": _collect("splunk.js", "splunk_hec"),
}


def command(program: Program, url: str) -> tuple[list[str], Path]:
    """Install a program's packages; return the command that logs to `url`, and the folder to run it in."""
    if program.packages.is_dir():
        folder = client_packages.node(program.packages)
        first = ["node", program.file]
    else:
        folder = SOURCES
        first = [str(client_packages.python(program.packages)), program.file]
    return [*first, *program.arguments, url, str(program.logs), *program.mode], folder


def run(how: tuple[Sequence[str], Path]) -> str:
    """Run a program; return "" if it succeeded, else its output."""
    ran = subprocess.run(  # noqa: S603 - our own programs
        how[0], cwd=how[1], capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


@contextlib.contextmanager
def shipping(name: str, url: str, folder: Path) -> Iterator[None]:
    """Run a shipper of `folder`'s `shop.log` until the block ends; its output is in the file `said` there."""
    how = shippers.SHIPPERS[name].command(url, folder)
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 - of our lock files
            how, cwd=folder, stdout=said, stderr=said, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def install(name: str) -> None:
    """Install the packages of a shipper."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "shop.log").touch()
        shippers.SHIPPERS[name].command("http://127.0.0.1:1", Path(folder))


def places(rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the places of the logs that rows hold, in order; a log of another text has the place -1."""
    return places_of([row["original_text"]["S"] for row in rows])


def places_of(texts: Sequence[str]) -> list[int]:
    """Return the places that texts name."""
    found = (_PLACE.search(text) for text in texts)
    return sorted(int(place[1]) if place else -1 for place in found)


def line(place: int) -> str:
    """Return the text of a log."""
    return f"log {place} of 555-0199: café ✓"
