"""Builds the lake function's package: our modules, and the locked wheels without files that it never loads.

Lambda takes 250 MB unpacked (262,144,000 bytes, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
November 2026). It takes more than 50 MB packed only through S3, where `rdp lake deploy` uploads it.
"""

import re
from pathlib import Path
from typing import Final

from infra import package
from infra.package import Architecture
from infra.stack import StackError

HANDLER: Final = "consumer.lake.handler"

UNPACKED_BYTES: Final = 262_144_000
"""Lambda's limit for an unpacked package."""

LOCK: Final = Path(__file__).parent / "lambda-lake-requirements.lock"
"""The lake's distributions as `requirements.lock` pins them. boto3 is left to the Lambda runtime."""

# Headers, tests and sources; Arrow's network service (Flight); libarrow_python.so under further names; Hive's catalog;
# zstandard's cffi backend, for interpreters without a C API.
_NEVER_LOADED: Final = re.compile(
    r"/tests?/"
    r"|^hive_metastore/|^zstandard/_cffi"
    r"|^pyarrow/(include|includes|src)/"
    r"|^pyarrow/.*\.(pyx|pxd|pxi|h|cc|hpp)$"
    r"|^pyarrow/(libarrow_flight|_flight)"
    r"|^pyarrow/libarrow_python\.so(\.\d+\.\d+\.\d+)?$"
)


def build(architecture: Architecture, python_version: str) -> bytes:
    """Return the zip for AWS. `python_version` is such as "3.13". Downloads the locked wheels through pip.

    Raises:
        StackError: pip can't get a locked wheel for the architecture and version, or the package is too large.
    """
    wheels = package.wheels([LOCK], architecture, python_version)
    files = package.ours([HANDLER]) | {name: content for name, content in wheels.items() if is_loaded(name)}
    if (unpacked_bytes := sum(map(len, files.values()))) > UNPACKED_BYTES:
        raise StackError(
            f"The package has {unpacked_bytes:,} bytes unpacked, but Lambda takes at most {UNPACKED_BYTES:,}."
        )
    return package.zipped(files)


def is_loaded(name: str) -> bool:
    """Say whether the handler may load a file of the wheels."""
    return not _NEVER_LOADED.search(name)


def build_here() -> bytes:
    """Return the zip for the local engine, without wheels: its functions find the engine's installed ones."""
    return package.zipped(package.ours([HANDLER]))
