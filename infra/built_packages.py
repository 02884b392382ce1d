"""Reads the packages that `rdp package` has built, and refuses one whose function could not start."""

import re
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

from infra.package import HANDLERS, Architecture, Function
from infra.stack import StackError

_MACHINES: Final[Mapping[Architecture, str]] = {"arm64": "aarch64", "x86_64": "x86_64"}
"""The names that wheels and compiled modules use."""

_TAG: Final = re.compile(r"^Tag: *cp3(\d+)-(\w+)-(\w+)\s*$", re.MULTILINE)
"""A wheel's tag for CPython, in its file WHEEL:
https://packaging.python.org/en/latest/specifications/binary-distribution-format/ (November 2026)."""

_SUFFIX: Final = re.compile(r"\.cpython-3(\d+)-(\w+-linux-gnu|darwin)\.so$")
"""How a compiled module for one version of CPython ends (`importlib.machinery.EXTENSION_SUFFIXES`)."""


class _Build(NamedTuple):
    """What a wheel or module was compiled for; `later`: for later versions too (the stable ABI)."""

    name: str
    minor: int
    platform: str
    later: bool = False

    def fits(self, minor: int, machine: str) -> bool:
        fits_version = self.minor <= minor if self.later else self.minor == minor
        is_linux = "linux" in self.platform and "musl" not in self.platform  # Lambda has glibc.
        return fits_version and is_linux and self.platform.endswith(machine)

    def __str__(self) -> str:
        return f"{self.name} for Python 3.{self.minor}{' or later' if self.later else ''} on {self.platform}"


def read(folder: Path, architecture: Architecture, python_version: str) -> dict[Function, bytes]:
    """Return the functions' zips in the folder. `python_version` is such as "3.13".

    Raises:
        StackError: a zip is missing, is no package of its function, or was built for another version or architecture.
    """
    packages = {}
    for function in HANDLERS:
        path = folder / f"{function}.zip"
        build = f"`rdp package --architecture {architecture} --python {python_version} --out {folder}` builds it."
        try:
            packages[function] = path.read_bytes()
            with zipfile.ZipFile(BytesIO(packages[function])) as archive:
                objection = _objection(function, archive, architecture, python_version)
        except FileNotFoundError as error:
            raise StackError(f"{path} is not there. {build}") from error
        except zipfile.BadZipFile as error:
            raise StackError(f"{path} is no zip. {build}") from error
        if objection:
            raise StackError(f"{path} holds {objection}. {build}")
    return packages


def _objection(
    function: Function, archive: zipfile.ZipFile, architecture: Architecture, python_version: str
) -> str | None:
    names = set(archive.namelist())
    for module in HANDLERS[function]:
        if (handler := f"{module.replace('.', '/')}.py") not in names:
            return f"no {handler}: it is no package of {function}"
    minor, machine = int(python_version.removeprefix("3.")), _MACHINES[architecture]
    parts = list(_compiled(archive))
    if not parts:
        return "no compiled module, without which the functions do not start"
    for builds in parts:
        if not any(build.fits(minor, machine) for build in builds):
            return f"{builds[0]}; Runtime=python{python_version} and Architecture={architecture} are asked for"
    return None


def _compiled(archive: zipfile.ZipFile) -> Iterator[list[_Build]]:
    """Yield the builds of each compiled part: a wheel may have several tags, a module has one."""
    for name in archive.namelist():
        if name.endswith(".dist-info/WHEEL"):
            distribution = name.partition("-")[0]
            tags = _TAG.findall(archive.read(name).decode(errors="replace"))
            if builds := [_Build(distribution, int(minor), platform, abi == "abi3") for minor, abi, platform in tags]:
                yield builds
        elif suffix := _SUFFIX.search(name):
            yield [_Build(name, int(suffix[1]), _platform(suffix[2]))]


def _platform(words: str) -> str:
    """Return a module's platform in the form of a wheel's tag: `linux_x86_64` for `x86_64-linux-gnu`."""
    machine, linux, _ = words.partition("-linux-gnu")
    return f"linux_{machine}" if linux else machine
