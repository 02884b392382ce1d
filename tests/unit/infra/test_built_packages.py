"""Packages of a folder: taken when their functions can start where they are to run, else refused in one line."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra import built_packages, package
from infra.package import Architecture
from infra.stack import StackError

_HANDLERS = {f"{module.replace('.', '/')}.py": "" for modules in package.HANDLERS.values() for module in modules}
_FITS = {
    "msgspec-1.dist-info/WHEEL": "Tag: cp313-cp313-manylinux_2_17_aarch64\nTag: cp313-cp313-manylinux2014_aarch64\n",
    "msgspec/_core.cpython-313-aarch64-linux-gnu.so": "",
    "protobuf-1.dist-info/WHEEL": "Root-Is-Purelib: false\nTag: cp310-abi3-manylinux2014_aarch64\n",
    "six-1.dist-info/WHEEL": "Tag: py2-none-any\nTag: py3-none-any\n\n",
}


def _zipped(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _folder(folder: Path, files: Mapping[str, str]) -> Path:
    for function in package.HANDLERS:
        (folder / f"{function}.zip").write_bytes(_zipped(files))
    return folder


def test_packages_that_fit_are_read(tmp_path: Path) -> None:
    """Byte by byte, with an older stable ABI, which later versions take."""
    zipped = _zipped(_HANDLERS | _FITS)
    read = built_packages.read(_folder(tmp_path, _HANDLERS | _FITS), "arm64", "3.13")
    assert read == {"ingest": zipped, "consumer": zipped}


@pytest.mark.parametrize(
    ("part", "content", "holds"),
    [
        (
            "msgspec-1.dist-info/WHEEL",
            "Tag: cp312-cp312-manylinux2014_aarch64\n",
            "msgspec for Python 3.12 on manylinux",
        ),
        ("msgspec-1.dist-info/WHEEL", "Tag: cp313-cp313-manylinux2014_x86_64\n", "on manylinux2014_x86_64"),
        ("msgspec-1.dist-info/WHEEL", "Tag: cp313-cp313-musllinux_1_2_aarch64\n", "on musllinux_1_2_aarch64"),
        ("msgspec-1.dist-info/WHEEL", "Tag: cp313-cp313-macosx_11_0_arm64\n", "on macosx_11_0_arm64"),
        ("protobuf-1.dist-info/WHEEL", "Tag: cp314-abi3-manylinux2014_aarch64\n", "protobuf for Python 3.14 or later"),
        ("orjson/o.cpython-311-aarch64-linux-gnu.so", "", "orjson/o.cpython-311-aarch64-linux-gnu.so for Python 3.11"),
        ("orjson/o.cpython-313-x86_64-linux-gnu.so", "", "on linux_x86_64"),
        ("orjson/o.cpython-313-darwin.so", "", "on darwin"),
    ],
)
def test_what_was_built_for_another_runtime_is_refused(tmp_path: Path, part: str, content: str, holds: str) -> None:
    """One line names the zip, what it holds, what was asked for, and what builds that."""
    with pytest.raises(StackError) as raised:
        built_packages.read(_folder(tmp_path, _HANDLERS | _FITS | {part: content}), "arm64", "3.13")
    told = str(raised.value)
    assert told.startswith(f"{tmp_path}/ingest.zip holds ")
    assert holds in told
    assert "Runtime=python3.13 and Architecture=arm64 are asked for" in told
    assert f"`rdp package --architecture arm64 --python 3.13 --out {tmp_path}`" in told
    assert "\n" not in told


@pytest.mark.parametrize(("architecture", "version"), [("x86_64", "3.13"), ("arm64", "3.12")])
def test_the_same_packages_do_not_fit_elsewhere(tmp_path: Path, architecture: Architecture, version: str) -> None:
    """What is right for one runtime is an outage on another."""
    with pytest.raises(StackError, match=f"Runtime=python{version} and Architecture={architecture} are"):
        built_packages.read(_folder(tmp_path, _HANDLERS | _FITS), architecture, version)


def test_packages_that_this_machine_runs_are_not_for_lambda(tmp_path: Path) -> None:
    """`rdp package --here` under another version of Python than Lambda's: what the real wheels say is read."""
    for function in package.HANDLERS:
        (tmp_path / f"{function}.zip").write_bytes(package.build_here(function))
    with pytest.raises(StackError, match=r"ingest\.zip holds (cramjam|msgspec|orjson)"):
        built_packages.read(tmp_path, "arm64", "3.99")


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    """Nothing there, no zip, another function's package, a package without the runtime's modules."""
    with pytest.raises(StackError, match=r"ingest\.zip is not there\. `rdp package .*` builds it"):
        built_packages.read(tmp_path, "arm64", "3.13")
    (_folder(tmp_path, {}) / "ingest.zip").write_bytes(b"PK no more")
    with pytest.raises(StackError, match=r"ingest\.zip is no zip"):
        built_packages.read(tmp_path, "arm64", "3.13")
    swapped = {name: "" for name in _HANDLERS if not name.startswith("ingest")}
    with pytest.raises(StackError, match=r"holds no ingest/handler\.py: it is no package of ingest"):
        built_packages.read(_folder(tmp_path, swapped | _FITS), "arm64", "3.13")
    with pytest.raises(StackError, match="holds no compiled module"):
        built_packages.read(_folder(tmp_path, _HANDLERS), "arm64", "3.13")
