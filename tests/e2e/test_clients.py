"""Real log clients from npm (tests/e2e/clients) against the running stack."""

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e import client_packages

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack


@pytest.fixture(scope="session")
def clients() -> Path:
    """Return a folder with the clients' programs and their packages."""
    return client_packages.node(Path(__file__).parent / "clients")


# 25 is no multiple of the clients' batches of ten: the last one is sent by their timer. winston's single mode sends all
# at once, and the engine starts a worker for each request that is under way.
@pytest.mark.parametrize(
    ("script", "mode", "logs"),
    [("winston.js", "single", 3), ("winston.js", "batch", 25), ("pino.js", "json", 25), ("pino.js", "ndjson", 25)],
)
def test_every_log_of_a_real_client_is_stored(
    script: str, mode: str, logs: int, *, clients: Path, local_stack: "LocalStack", eventually: "Eventually"
) -> None:
    """What the client's user logged is what the table holds: each log once, redacted, its structured members kept."""
    tenant = f"client-{script.removesuffix('.js')}-{mode}"
    url = f"{local_stack.stack.endpoint}/ingest"
    ran = subprocess.run(  # noqa: S603 - our own scripts
        ["node", script, url, tenant, str(logs), mode],  # noqa: S607 - the fixture found it
        cwd=clients,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout

    eventually(lambda: len(local_stack.rows(tenant)) >= logs)
    eventually(lambda: local_stack.is_drained)  # Nothing is under way that would be a second row.
    rows = sorted(local_stack.rows(tenant), key=lambda row: int(row["fields"]["M"]["position"]["N"]))
    assert [row["original_text"]["S"] for row in rows] == [f"log {i} of 555-0199: café ✓" for i in range(logs)]
    assert {row["modified_data"]["S"].partition(" of ")[2] for row in rows} == {"[REDACTED]: café ✓"}
    assert [row["fields"]["M"]["position"] for row in rows] == [{"N": str(i)} for i in range(logs)]
    assert {row["source"]["S"] for row in rows} == {"json_upload"}
    level = {"S": "warn"} if script == "winston.js" else {"N": "40"}
    assert all(row["fields"]["M"]["level"] == level for row in rows)
