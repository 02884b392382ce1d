"""Real log clients from npm (tests/e2e/clients) against the running stack."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_SOURCES = Path(__file__).parent / "clients"
_CACHE = Path(__file__).parents[2] / ".rdp" / "clients"


def _unavailable(reason: str) -> None:
    """Skip, except where CI runs: there the clients must be there."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def clients() -> Path:
    """Return a folder with the clients' programs and their packages, installed once for each lock file."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        _unavailable("node and npm are not installed")
    lock = (_SOURCES / "package-lock.json").read_bytes()
    folder = _CACHE / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "node_modules").is_dir():
        half = folder.with_name(f"{folder.name}.{os.getpid()}")
        half.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_SOURCES / name, half)
        installed = subprocess.run(  # noqa: S603 - our own lock file
            [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=half,
            capture_output=True,
            text=True,
            timeout=6000,
            check=False,
        )
        if installed.returncode:
            shutil.rmtree(half)
            _unavailable(f"npm ci failed: {installed.stderr[-500:]}")
        half.rename(folder)
    for script in _SOURCES.glob("*.js"):
        shutil.copy(script, folder)
    return folder


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
