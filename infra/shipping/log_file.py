"""A log file as numbered lines, each with a log_id that follows from its place in the file's content."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple, cast

_CHUNK_BYTES: Final = 1 << 20
_MAX_LINE_BYTES: Final = 1 << 20
"""What ingest takes as a body; of a longer line only this much and one byte more is sent, and ingest refuses it."""


class Line(NamedTuple):
    """One line that is not empty. `number` counts from 1; `text` is without its line end."""

    number: int
    log_id: str
    text: str


class Undecodable(NamedTuple):
    """A line that is not text in the file's encoding. A gateway would replace its bytes and nobody would notice."""

    number: int


class Scan(NamedTuple):
    """What a first reading says: the content's SHA-256 in hex, its lines, and how many of them are empty."""

    digest: str
    lines: int
    empty: int


def seekable(stream: BinaryIO) -> BinaryIO:
    """Return the stream, or a temporary copy of one (a pipe) that can't be read twice."""
    if stream.seekable():
        return stream
    copy = tempfile.SpooledTemporaryFile(max_size=16 * _CHUNK_BYTES)  # noqa: SIM115 - the caller reads it
    shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return cast("BinaryIO", copy)


def scan(stream: BinaryIO) -> Scan:
    """Read the stream from its start to its end."""
    stream.seek(0)
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK_BYTES):
        digest.update(chunk)
    lines = empty = 0
    for text in _texts(stream):
        lines += 1
        empty += not text
    return Scan(digest.hexdigest(), lines, empty)


def read(stream: BinaryIO, tenant: str, digest: str, encoding: str) -> Iterator[Line | Undecodable]:
    """Yield the lines that are not empty.

    A line's log_id is a hash of tenant, file content and line number: sending the same file again, whole or from where
    it broke off, stores nothing twice, and two equal lines of a file are two logs. A file that has grown is another.
    """
    for number, text in enumerate(_texts(stream), start=1):
        if text:
            identity = hashlib.sha256(f"{tenant}\n{digest}\n{number}".encode())
            try:
                yield Line(number, identity.hexdigest()[:32], text.decode(encoding))
            except UnicodeDecodeError:
                yield Undecodable(number)


def _texts(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while text := stream.readline(_MAX_LINE_BYTES + 1):
        rest = text
        while not rest.endswith(b"\n") and (rest := stream.readline(_MAX_LINE_BYTES)):
            pass  # The rest of a line that is too long to be sent whole.
        yield text.removesuffix(b"\n").removesuffix(b"\r")
