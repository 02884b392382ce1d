"""Builds the Lambda packages: our modules and the locked runtime wheels as a zip, the same bytes for the same input."""

import importlib.metadata
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from infra import reachable
from infra.stack import StackError
from ingest.api import dialects

Function = Literal["ingest", "consumer"]
Architecture = Literal["arm64", "x86_64"]

HANDLERS: Final[Mapping[Function, tuple[str, ...]]] = {
    "ingest": ("ingest.handler",),
    "consumer": ("consumer.handler", "consumer.query.handler"),
}
"""The modules of the Lambda handlers in each package (a test compares them with the template). Of our modules, a
package has only these and those that they import: a module that runs on an operator's machine is not deployed."""

LOADED: Final[Mapping[Function, tuple[str, ...]]] = {
    "ingest": tuple(f"ingest.api.dialects.{name}" for name in dialects.LATER),
    "consumer": (),
}
"""Modules in each package that no import statement names."""

DATA: Final[Mapping[Function, tuple[str, ...]]] = {"ingest": ("ingest/openapi.json",), "consumer": ()}
"""Files in each package that are no modules."""

DISTRIBUTIONS: Final = ("cramjam", "msgspec", "orjson")
"""The handlers' distributions, with those that they need. botocore, used for errors, is left to the Lambda runtime."""

LOCK: Final = Path(__file__).parent / "lambda-requirements.lock"
"""These distributions as `requirements.lock` pins them, with hashes (a test compares the two)."""

BOTOCORE_DISTRIBUTIONS: Final = ("botocore", "jmespath", "python-dateutil", "six", "urllib3")
"""The distributions that `with_botocore` adds, so that an update of the Lambda runtime changes nothing."""

BOTOCORE_LOCK: Final = Path(__file__).parent / "lambda-botocore-requirements.lock"
"""`BOTOCORE_DISTRIBUTIONS` as `requirements.lock` pins them."""

_ROOT: Final = Path(__file__).parent.parent
_MACHINES: Final[Mapping[Architecture, str]] = {"arm64": "aarch64", "x86_64": "x86_64"}
_GLIBCS: Final = ("manylinux2014", "manylinux_2_28")
"""The platform tags of wheels that run on Lambda: Python 3.12 and later run on Amazon Linux 2023, with glibc 2.34."""

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # The earliest time that a zip can hold.
_MODE: Final = 0o100644 << 16  # Readable by Lambda's user; not executable, because no locked wheel has a program.
_UNIX: Final = 3
_LEVEL: Final = 6
"""Level 9 takes more than twice the time (half a second of a start on this machine) and saves 0.4 % of the bytes."""


def build_here(function: Function, *, with_botocore: bool = False) -> bytes:
    """Return the zip for this interpreter and machine, from the installed distributions. Needs no network.

    Raises:
        StackError: a distribution is not installed.
    """
    files = _our_files(function)
    for name in (*DISTRIBUTIONS, *(BOTOCORE_DISTRIBUTIONS if with_botocore else ())):
        files.update(_installed_files(name))
    return zipped(files)


def build(function: Function, architecture: Architecture, python_version: str, *, with_botocore: bool = False) -> bytes:
    """Return the zip for AWS. `python_version` is such as "3.13". Downloads the locked wheels through pip.

    Raises:
        StackError: pip can't get a locked wheel for the architecture and version.
    """
    locks = (LOCK, *((BOTOCORE_LOCK,) if with_botocore else ()))
    return zipped(_our_files(function) | wheels(locks, architecture, python_version))


def wheels(locks: Iterable[Path], architecture: Architecture, python_version: str) -> dict[str, bytes]:
    """Return the files of the locked wheels for AWS, by their paths in the package. Downloads them through pip.

    Raises:
        StackError: pip can't get a locked wheel for the architecture and version.
    """
    with tempfile.TemporaryDirectory(prefix="rdp-package-") as folder:
        for lock in locks:
            _install_wheels(Path(folder), lock, architecture, python_version)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()
        }


def ours(modules: Iterable[str]) -> dict[str, bytes]:
    """Return these modules of ours and all of ours that they import, by their paths in the package."""
    return {path.relative_to(_ROOT).as_posix(): path.read_bytes() for path in reachable.files(_ROOT, tuple(modules))}


def _our_files(function: Function) -> dict[str, bytes]:
    data = {name: (_ROOT / name).read_bytes() for name in DATA[function]}
    return ours((*HANDLERS[function], *LOADED[function])) | data


def _installed_files(name: str) -> Iterator[tuple[str, bytes]]:
    try:
        files = importlib.metadata.files(name)
    except importlib.metadata.PackageNotFoundError as error:
        raise StackError(f"Python package {name} is not installed. Run `make setup`.") from error
    for path in files or ():
        if ".." not in path.parts:  # A script in bin/, which no Lambda runs.
            yield path.as_posix(), path.read_binary()


def _install_wheels(folder: Path, lock: Path, architecture: Architecture, python_version: str) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
        *("--target", str(folder), "--python-version", python_version),
        *(f"--platform={glibc}_{_MACHINES[architecture]}" for glibc in _GLIBCS),
        *("--implementation", "cp", "--only-binary=:all:", "--no-deps", "--require-hashes", "--requirement", str(lock)),
    ]
    finished = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - no shell, no input
    if finished.returncode:
        raise StackError(f"pip found no wheel for {architecture}, Python {python_version}:\n{finished.stderr.strip()}")


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return the files as a package: the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted(files):
            if _belongs(name):
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = _MODE
                entry.create_system = _UNIX
                archive.writestr(entry, files[name])
    return buffer.getvalue()


def _belongs(name: str) -> bool:
    """Say whether a file belongs in a package: no bytecode, no installer's files, no type stubs.

    The installer's files (RECORD, INSTALLER, direct_url.json) differ between machines.
    """
    folder, _, last = name.rpartition("/")
    if folder.endswith(".dist-info"):
        return last in {"METADATA", "WHEEL", "top_level.txt"} or "licen" in last.lower()
    return "__pycache__" not in name and not name.endswith((".pyc", ".pyi")) and not name.startswith("bin/")
