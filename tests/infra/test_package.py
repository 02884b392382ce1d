"""The Lambda packages: complete, reproducible, and derived from the lock."""

import io
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from infra import package
from infra.stack import StackError

_ROOT = Path(__file__).parents[2]

# -S and -I: neither this project nor the packages of its environment can be imported.
_IMPORT = """
import sys
sys.path[:0] = [{zip_folder!r}]
import {function}.handler as handler
assert callable(handler.handler)
for name in ("ingest", {function!r}, "msgspec", "orjson", "cramjam"):
    module = __import__(name, fromlist=["_"])
    assert (module.__file__ or str(list(module.__path__)[0])).startswith({zip_folder!r}), module
print("imported")
"""
_ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "QUEUE_URL": "http://127.0.0.1:9/000000000000/queue",
    "DLQ_URL": "http://127.0.0.1:9/000000000000/dlq",
    "TABLE_NAME": "table",
    "STREAM_NAME": "stream",
}


def _names(zipped: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        return archive.namelist()


@pytest.mark.parametrize("function", ["ingest", "consumer"])
def test_the_handler_can_be_imported_from_the_zip_alone(function: package.Function, tmp_path: Path) -> None:
    """In an interpreter that has nothing else, not even the runtime's boto3, the zip has all that the handler needs."""
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(package.build_here(function))) as archive:
        archive.extractall(unpacked)

    code = _IMPORT.format(zip_folder=str(unpacked), function=function)
    finished = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-I", "-S", "-c", code],
        env=_ENVIRONMENT | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert finished.returncode == 0, finished.stderr
    assert "imported" in finished.stdout


@pytest.mark.parametrize("function", ["ingest", "consumer"])
def test_the_same_input_is_the_same_bytes(function: package.Function, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build of another day is equal: the code's key in S3, and so the deployment, depends on content alone."""
    first = package.build_here(function)
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    assert package.build_here(function) == first


def test_entries_are_sorted_and_carry_no_time_or_owner() -> None:
    """Nothing of the machine that built it is in the archive."""
    with zipfile.ZipFile(io.BytesIO(package.build_here("consumer"))) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}


def test_a_package_holds_its_own_code_and_the_runtime() -> None:
    """What a handler imports, and nothing else of ours; neither has bytecode, boto3 or an installer's notes."""
    ingest, consumer = _names(package.build_here("ingest")), _names(package.build_here("consumer"))
    assert "ingest/handler.py" in ingest
    assert "ingest/access/keys.py" in ingest
    assert not [name for name in ingest if name.startswith("consumer/")]
    assert "ingest/openapi.json" in ingest
    assert not [
        name for name in consumer if re.match(r"consumer/(replay|lake)/|ingest/api/dialects|ingest/handler", name)
    ]
    assert {"ingest/contract/message.py", "consumer/handler.py", "consumer/query/handler.py"} <= set(consumer)
    for name in ingest + consumer:
        assert not re.search(r"\.pyc$|__pycache__|^boto|RECORD$|INSTALLER$|^infra|^tests", name), name


def test_a_wheel_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an index pip fails: the message names architecture and version, and pip's own words follow."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(StackError, match=r"arm64, Python 3\.13:\n.*cramjam"):
        package.build("ingest", "arm64", "3.13")


def test_the_runtimes_lock_is_the_projects() -> None:
    """`lambda-requirements.lock` has these distributions as `requirements.lock` has them, version and hashes."""

    def pins(path: Path) -> dict[str, frozenset[str]]:
        blocks = re.split(r"\n(?=[a-z])", path.read_text())
        return {b.split(" ", 1)[0]: frozenset(re.findall(r"--hash=(\S+)", b)) for b in blocks}

    runtime = pins(package.LOCK)
    assert {pin.split("==")[0] for pin in runtime} == set(package.DISTRIBUTIONS)
    assert runtime.items() <= pins(_ROOT / "requirements.lock").items()
