"""`rdp package`: build the functions' packages as files."""

import hashlib
import zipfile
from io import BytesIO
from pathlib import Path

import click

from infra import import_time, package
from infra.package import Architecture
from infra.terminal.out import say


@click.command("package")
@click.option(
    "--architecture",
    type=click.Choice(["arm64", "x86_64"]),
    default="arm64",
    show_default=True,
    help="Processor of the functions.",
)
@click.option(
    "--python",
    "python_version",
    type=click.Choice(["3.12", "3.13"]),
    default="3.13",
    show_default=True,
    help="Python of the functions.",
)
@click.option(
    "--here",
    is_flag=True,
    help="Build for this machine and its Python, without a download, as the local engine needs it.",
)
@click.option(
    "--with-botocore", is_flag=True, help="Put the locked botocore into the package. Without it Lambda's own is used."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build"),
    show_default=True,
    help="Folder to write to.",
)
def command(*, architecture: Architecture, python_version: str, here: bool, with_botocore: bool, out: Path) -> None:
    """Build ingest.zip and consumer.zip, the packages of the functions.

    The same commit and the same lock file give the same bytes, on every machine and at any time.
    """
    out.mkdir(parents=True, exist_ok=True)
    for function in package.HANDLERS:
        if here:
            built = package.build_here(function, with_botocore=with_botocore)
        else:
            built = package.build(function, architecture, python_version, with_botocore=with_botocore)
        (out / f"{function}.zip").write_bytes(built)
        with zipfile.ZipFile(BytesIO(built)) as archive:
            unpacked_bytes = sum(entry.file_size for entry in archive.infolist())
        if here or import_time.runs_here(architecture, python_version):
            measured = f"{import_time.measure_ms(function, built):.0f} ms"
        else:
            measured = "not measurable here"
        say(
            f"{out / f'{function}.zip'}  {len(built) / 1024:,.0f} KiB  unpacked {unpacked_bytes / 1024:,.0f} KiB  "
            f"import {measured}  sha256 {hashlib.sha256(built).hexdigest()}"
        )
