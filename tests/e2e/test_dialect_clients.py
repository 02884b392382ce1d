"""Unmodified clients, each in its own dialect, against the running stack: what their users log is what is stored.

One log of each is longer than a log may be: it alone is missing, and the client goes on. (pino-elasticsearch and
Filebeat log sound ones only.)
"""

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import pytest

from infra.local import front
from tests.e2e import client_packages

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_SOURCES: Final = Path(__file__).parent / "clients"
_LOCK: Final = _SOURCES / "python" / "clients.lock"
_LOGS: Final = 12
_AT_A_TIME: Final = 2  # The machine's cores: the engine starts a worker for each request that is under way.
_LIMIT_S: Final = 300


class Client(NamedTuple):
    """One client: its program's arguments before the URL, its packages' lock (npm's where it is None), what is due."""

    arguments: tuple[str, ...]
    lock: Path | None
    source: str
    has_time: bool = True
    position: str | None = "position"


_SENDERS: Final = str(_SOURCES / "python" / "senders.py")
CLIENTS: Final = {
    "axiom-py": Client((_SENDERS, "axiom"), _LOCK, "axiom"),
    "datadog-api-client": Client((_SENDERS, "datadog"), _LOCK, "datadog", has_time=False),
    "elasticsearch-8": Client((_SENDERS, "elasticsearch"), _LOCK, "elasticsearch"),
    "elasticsearch-9": Client((_SENDERS, "elasticsearch"), _LOCK.with_name("elasticsearch9.lock"), "elasticsearch"),
    "elasticsearch-js": Client(("elasticsearch.js",), None, "elasticsearch", has_time=False),
    "logtail-python": Client((_SENDERS, "logtail"), _LOCK, "logtail"),
    "pino-elasticsearch": Client(("pino-elasticsearch.js",), None, "elasticsearch"),
    "pygelf": Client((_SENDERS, "pygelf"), _LOCK, "gelf", position="_position"),
    "seqlog": Client((_SENDERS, "seqlog"), _LOCK, "seq", position=None),
}


@pytest.fixture(scope="module")
def root(local_stack: "LocalStack") -> Iterator[str]:
    """The URL of the session's stack at the root of a port: some clients take no path."""
    yield front.start(local_stack.data_dir, local_stack.state).endpoint
    front.stop(local_stack.data_dir)


@pytest.fixture(scope="module")
def outcome(root: str) -> Callable[[str], str]:
    """Return a function that gives what a client printed, "" where it ended well; all clients run in this fixture."""

    def run(name: str, client: Client, folder: Path) -> str:
        command = ["node"] if client.lock is None else [str(client_packages.python(client.lock))]
        ran = subprocess.run(  # noqa: S603 - our own programs
            [*command, *client.arguments, f"{root}/t/{_tenant(name)}", str(_LOGS)],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        return "" if ran.returncode == 0 else ran.stdout + ran.stderr

    for lock in {client.lock for client in CLIENTS.values() if client.lock}:
        client_packages.python(lock)
    folder = client_packages.node(_SOURCES / "elastic")
    with ThreadPoolExecutor(_AT_A_TIME) as executor:
        waiting = {name: executor.submit(run, name, client, folder) for name, client in CLIENTS.items()}
    return lambda name: waiting[name].result()


def _tenant(name: str) -> str:
    return f"of-{name}"


@pytest.mark.parametrize("name", CLIENTS)
def test_what_a_client_logs_is_stored(
    name: str, outcome: Callable[[str], str], local_stack: "LocalStack", eventually: "Eventually"
) -> None:
    """Each log once, in the client's words, redacted, with its time, level and place."""
    client = CLIENTS[name]
    assert outcome(name) == ""
    rows = eventually(partial(_rows, local_stack, _tenant(name), _LOGS))
    wanted = [f"log {i} of 555-0199: café ✓" for i in range(_LOGS)]
    assert sorted(row["original_text"]["S"] for row in rows) == sorted(wanted)
    assert {row["modified_data"]["S"].partition(" of ")[2] for row in rows} == {"[REDACTED]: café ✓"}
    assert {(row["source"]["S"], row["severity"]["S"]) for row in rows} == {(client.source, "warn")}
    assert all(("event_at" in row) == client.has_time for row in rows)
    if client.position:
        assert all(row["original_text"]["S"].split()[1] == _place(row["fields"]["M"], client.position) for row in rows)


def _rows(stack: "LocalStack", tenant: str, least: int) -> list[dict[str, Any]] | None:
    rows = stack.rows(tenant)
    return rows if len(rows) >= least else None


def _place(fields: dict[str, dict[str, str]], name: str) -> str:
    return next(iter(fields[name].values()))


def test_filebeat_with_its_setup_ships_a_file(
    root: str, local_stack: "LocalStack", eventually: "Eventually", tmp_path: Path
) -> None:
    """It asks for version, license, policy and template, and sends; a run that is cut off and begun anew loses none."""
    site = next(client_packages.python(_LOCK).parents[1].glob("lib/python*/site-packages/filebeat"))
    (binary,) = site.glob("*-linux-*/filebeat")
    binary.chmod(0o755)
    log, url = tmp_path / "shop.log", urlsplit(root)
    (tmp_path / "filebeat.yml").write_text(
        f"""
filebeat.inputs: [{{type: filestream, id: shop, paths: ["{log}"]}}]
output.elasticsearch: {{hosts: ["{url.scheme}://{url.netloc}"], path: /t/of-filebeat, api_key: "id:key"}}
"""
    )
    wanted: list[str] = []
    for part in range(2):
        wanted += [f"part {part} line {i}: café ✓" for i in range(_LOGS)]
        log.write_text("".join(f"{line}\n" for line in wanted))
        with (tmp_path / "said").open("wb") as said:
            options = ["--strict.perms=false", "-e", "-c", str(tmp_path / "filebeat.yml")]
            places = ["--path.home", str(tmp_path), "--path.data", str(tmp_path / "data")]
            shipper = subprocess.Popen([binary, *options, *places], stderr=said)  # noqa: S603 - the lock's own
        try:
            rows = eventually(partial(_rows, local_stack, "of-filebeat", len(wanted)))
        finally:
            shipper.kill()
            shipper.wait()
    assert {row["original_text"]["S"] for row in rows} == set(wanted)
    assert all(row["source"] == {"S": "elasticsearch"} and "event_at" in row for row in rows)
