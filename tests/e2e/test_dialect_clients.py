"""Unmodified clients, each in its own dialect, against the running stack: what their users log is what is stored.

One log of some is longer than a log may be: it alone is missing, and the client goes on.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest

from infra.local import front
from tests.e2e import real_clients
from tests.e2e.real_clients import PROGRAMS

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_AT_A_TIME: Final = 2  # The machine's cores: the engine starts a worker for each request that is under way.


@pytest.fixture(scope="module")
def outcome(local_stack: "LocalStack") -> Iterator[Callable[[str], str]]:
    """Return a function that gives what a client printed, "" where it ended well; all clients run in this fixture."""
    root = front.start(local_stack.data_dir, local_stack.state).endpoint
    runs = {name: real_clients.command(PROGRAMS[name], f"{root}/t/{_tenant(name)}") for name in PROGRAMS}
    with ThreadPoolExecutor(_AT_A_TIME) as executor:
        waiting = {name: executor.submit(real_clients.run, how) for name, how in runs.items()}
    yield lambda name: waiting[name].result()
    front.stop(local_stack.data_dir)


def _tenant(name: str) -> str:
    return f"of-{name}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_client_logs_is_stored(
    name: str, outcome: Callable[[str], str], local_stack: "LocalStack", eventually: "Eventually"
) -> None:
    """Each log once, in the client's words, redacted, with its time, level and place."""
    client = PROGRAMS[name]
    assert outcome(name) == ""
    rows = eventually(partial(_rows, local_stack, _tenant(name), client.logs))
    assert real_clients.places(rows) == list(range(client.logs))
    if name != "pino-loki":  # It pushes pino's lines, the user's text within.
        assert {row["original_text"]["S"] for row in rows} == {real_clients.line(i) for i in range(client.logs)}
    assert all("555-0199" not in row["modified_data"]["S"] for row in rows)
    assert {row["source"]["S"] for row in rows} == {client.source}
    assert {row.get("severity", {}).get("S") for row in rows} == {client.severity}
    assert all(("event_at" in row) == client.has_time for row in rows)
    if client.position:
        assert all(row["original_text"]["S"].split()[1] == _place(row["fields"]["M"], client.position) for row in rows)


def _rows(stack: "LocalStack", tenant: str, least: int) -> list[dict[str, Any]] | None:
    rows = stack.rows(tenant)
    return rows if len(rows) >= least else None


def _place(fields: dict[str, dict[str, str]], name: str) -> str:
    return next(iter(fields[name].values()))
