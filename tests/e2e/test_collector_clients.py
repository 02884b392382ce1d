"""Unmodified clients of OpenTelemetry, Splunk and Loki against the running stack: what is logged is what is stored."""

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from infra.local import front
from tests.e2e import client_packages

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_SOURCES: Final = Path(__file__).parent / "clients" / "collect"
_LOGS: Final = 6
_AT_A_TIME: Final = 2  # The machine's cores: the engine starts a worker for each request that is under way.
_LIMIT_S: Final = 300


class Client(NamedTuple):
    """One client: its program's arguments around URL and number of logs, and what is due."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    source: str
    severity: str | None = "warn"


CLIENTS: Final = {
    "opentelemetry-sdk": Client(("senders.py", "otlp"), (), "otlp"),
    "rotel": Client(("senders.py", "rotel"), (), "otlp"),
    "splunk-handler": Client(("senders.py", "splunk"), (), "splunk_hec", None),
    "python-logging-loki": Client(("senders.py", "loki"), (), "loki"),
    "opentelemetry-js-json": Client(("otlp.js",), ("json",), "otlp"),
    "opentelemetry-js-proto": Client(("otlp.js",), ("proto",), "otlp"),
    "winston-splunk-httplogger": Client(("splunk.js",), (), "splunk_hec"),
    "winston-loki-json": Client(("loki.js",), ("json",), "loki"),
    "winston-loki-proto": Client(("loki.js",), ("proto",), "loki"),
    "pino-loki": Client(("loki.js",), ("pino",), "loki"),
}


@pytest.fixture(scope="module")
def root(local_stack: "LocalStack") -> Iterator[str]:
    """The URL of the session's stack at the root of a port."""
    yield front.start(local_stack.data_dir, local_stack.state).endpoint
    front.stop(local_stack.data_dir)


@pytest.fixture(scope="module")
def outcome(root: str) -> Callable[[str], str]:
    """Return a function that gives what a client printed, "" where it ended well; all clients run in this fixture."""
    python = str(client_packages.python(_SOURCES / "clients.lock"))
    folder = client_packages.node(_SOURCES)

    def run(name: str, client: Client) -> str:
        is_python = client.before[0].endswith(".py")
        program = [python, str(_SOURCES / client.before[0])] if is_python else ["node", client.before[0]]
        ran = subprocess.run(  # noqa: S603 - our own programs
            [*program, *client.before[1:], f"{root}/t/{_tenant(name)}", str(_LOGS), *client.after],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        return "" if ran.returncode == 0 else ran.stdout + ran.stderr

    with ThreadPoolExecutor(_AT_A_TIME) as executor:
        waiting = {name: executor.submit(run, name, client) for name, client in CLIENTS.items()}
    return lambda name: waiting[name].result()


def _tenant(name: str) -> str:
    return f"of-{name}"


@pytest.mark.parametrize("name", CLIENTS)
def test_what_a_client_logs_is_stored(
    name: str, outcome: Callable[[str], str], local_stack: "LocalStack", eventually: "Eventually"
) -> None:
    """Each log once, in the client's words, redacted, with its time and level."""
    client = CLIENTS[name]
    assert outcome(name) == ""
    rows: list[dict[str, Any]] = eventually(partial(_all, local_stack, _tenant(name)))
    found = sorted(row["original_text"]["S"] for row in rows)
    assert len(found) == _LOGS, found
    for i, text in enumerate(found):  # pino-loki pushes pino's lines, the user's text within.
        assert f"log {i} of 555-0199: café ✓" in text
    assert all("555-0199" not in row["modified_data"]["S"] for row in rows)
    assert {row["source"]["S"] for row in rows} == {client.source}
    assert {row.get("severity", {}).get("S") for row in rows} == {client.severity}
    assert all(row["event_at"]["S"].endswith("Z") for row in rows)


def _all(stack: "LocalStack", tenant: str) -> list[dict[str, Any]] | None:
    rows = stack.rows(tenant)
    return rows if len(rows) >= _LOGS else None
