"""A log file as numbered lines. A line's log_id is a digest of the tenant, the name and the file up to that line."""

import hashlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NamedTuple

_MAX_LINE_BYTES: Final = 1 << 20
"""The largest body that ingest takes. Of a longer line only one byte more than this is sent, and ingest refuses it."""

_ID_DIGITS: Final = 32


class Place(NamedTuple):
    """A place between two lines: the bytes and lines before it, and the digest of tenant, name and those lines."""

    offset: int
    number: int
    digest: bytes

    def after(self, text: bytes, line_bytes: int) -> "Place":
        """Return the place after one more line. `text` is without the line end, `line_bytes` counts it."""
        return Place(self.offset + line_bytes, self.number + 1, hashlib.sha256(self.digest + text).digest())

    def next_file(self) -> "Place":
        """Return the start of the next file. Its digest differs, so equal lines of both files are different logs."""
        return Place(0, 0, hashlib.sha256(b"next file\n" + self.digest).digest())


class Line(NamedTuple):
    """One line that is not empty. `number` counts from 1; `text` is without line end; `end` is the place after it.

    `record` is the JSON object that is sent for it (`infra.shipping.records`), or None if it is sent as a text.
    """

    number: int
    log_id: str
    text: str
    end: Place
    record: str | None = None


class Undecodable(NamedTuple):
    """A line that can't be decoded. It is not sent, because a gateway would replace its bytes without notice."""

    number: int
    end: Place


class Empty(NamedTuple):
    """A line with nothing in it."""

    number: int
    end: Place


def start(tenant: str, name: str) -> Place:
    """Return the start of a file. `name` distinguishes files that begin with the same lines; it may be empty."""
    return Place(0, 0, hashlib.sha256(f"{tenant}\n{name}".encode()).digest())


def read(
    stream: BinaryIO, place: Place, encoding: str, *, unfinished: Callable[[], bool] = lambda: False
) -> Iterator[Line | Undecodable | Empty]:
    r"""Yield the lines from `place` on, where the stream must be. A last line without `\n` is left if `unfinished()`.

    A line's log_id is the digest of everything up to it, so it does not change when the file grows. Sending a file
    again, from its start or from where it broke off, stores nothing twice. Two equal lines of a file are two logs.
    """
    while line := stream.readline(_MAX_LINE_BYTES + 1):
        text, line_bytes = line, len(line)
        # The line is being written right now, or is longer than the limit: read on until its end.
        while not line.endswith(b"\n") and (line := stream.readline(_MAX_LINE_BYTES + 1)):
            text = (text + line)[: _MAX_LINE_BYTES + 1]
            line_bytes += len(line)
        if not line and unfinished():
            return
        text = text.removesuffix(b"\n").removesuffix(b"\r")
        place = place.after(text, line_bytes)
        if not text:
            yield Empty(place.number, place)
            continue
        try:
            yield Line(place.number, place.digest.hex()[:_ID_DIGITS], text.decode(encoding), place)
        except UnicodeDecodeError:
            yield Undecodable(place.number, place)
