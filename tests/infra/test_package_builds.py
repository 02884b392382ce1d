"""Packages for AWS's architectures and versions, built from the locked wheels."""

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest

from infra import import_time, package
from infra.stack import StackError

_ROOT = Path(__file__).parents[2]
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}


@cache
def _build(architecture: package.Architecture, python_version: str, *, again: int = 0) -> bytes:
    del again
    try:
        return package.build("consumer", architecture, python_version)
    except StackError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(f"the wheels can't be had here: {error}")


def _extensions(built: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        return [name for name in archive.namelist() if name.endswith(".so")]


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
@pytest.mark.parametrize("python_version", ["3.12", "3.13"])
def test_the_extensions_are_for_the_architecture_and_version(
    architecture: package.Architecture, python_version: str
) -> None:
    """Each compiled module fits the Lambda runtime that is asked for, and none another."""
    extensions = _extensions(_build(architecture, python_version))
    assert len(extensions) >= 3
    for name in extensions:
        if found := re.search(r"cpython-3(\d+)", name):
            assert f"3.{found.group(1)}" == python_version, name
        if found := re.search(r"(aarch64|x86_64)", name):
            assert found.group(1) == _MACHINES[architecture], name
        else:
            assert name.endswith(".abi3.so"), name


def test_the_same_wheels_are_the_same_bytes() -> None:
    """Two builds, each with its own download and folder, have one hash."""
    first, second = (hashlib.sha256(_build("arm64", "3.13", again=i)).hexdigest() for i in range(2))
    assert first == second


def test_another_process_builds_the_same_bytes() -> None:
    """Neither the order of a set nor anything else of a process shows in the package."""
    program = (
        "import hashlib; from infra import package; "
        "print(hashlib.sha256(package.build_here('consumer', with_botocore=True)).hexdigest())"
    )
    hashes = {
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program],
            cwd=_ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(hashes) == 1


def test_botocore_is_bundled_only_when_asked_for() -> None:
    """It is four fifths of such a package, and the Lambda runtime has one. Nothing needs boto3."""
    without, bundled = package.build_here("ingest"), package.build_here("ingest", with_botocore=True)
    with zipfile.ZipFile(io.BytesIO(bundled)) as archive:
        names = archive.namelist()
    for module in ("botocore", "urllib3", "jmespath", "dateutil"):
        assert any(name.startswith(f"{module}/") for name in names), module
    assert not any(name.startswith("boto3/") for name in names)
    assert len(bundled) > 4 * len(without)


def test_botocores_lock_is_the_projects() -> None:
    """`lambda-botocore-requirements.lock` has these distributions as `requirements.lock` has them."""

    def pins(path: Path) -> dict[str, frozenset[str]]:
        blocks = re.split(r"\n(?=[a-z])", path.read_text())
        return {b.split(" ", 1)[0]: frozenset(re.findall(r"--hash=(\S+)", b)) for b in blocks}

    bundled = pins(package.BOTOCORE_LOCK)
    assert {pin.split("==")[0] for pin in bundled} == set(package.BOTOCORE_DISTRIBUTIONS)
    assert bundled.items() <= pins(_ROOT / "requirements.lock").items()


@pytest.mark.parametrize("function", ["ingest", "consumer"])
def test_the_import_time_is_a_real_import(function: package.Function) -> None:
    """Some milliseconds for the package, and an error for one whose handler can't be imported."""
    assert 5 < import_time.measure_ms(function, package.build_here(function)) < 20_000
    broken = io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr(f"{function}/__init__.py", "")
        archive.writestr(f"{function}/handler.py", "import absent_module")
    with pytest.raises(StackError, match="absent_module"):
        import_time.measure_ms(function, broken.getvalue())
