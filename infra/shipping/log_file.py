"""A log file as numbered lines, each with a log_id that follows from the tenant and from the file up to that line."""

import hashlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NamedTuple

_MAX_LINE_BYTES: Final = 1 << 20
"""What ingest takes as a body; of a longer line only this much and one byte more is sent, and ingest refuses it."""

_ID_DIGITS: Final = 32


class Place(NamedTuple):
    """A place between two lines: bytes before it, lines before it, and the digest of tenant, name and those lines."""

    offset: int
    number: int
    digest: bytes

    def after(self, text: bytes, line_bytes: int) -> "Place":
        """Return the place after one more line: its text without the line end, and its length with it."""
        return Place(self.offset + line_bytes, self.number + 1, hashlib.sha256(self.digest + text).digest())

    def next_file(self) -> "Place":
        """Return the start of the file that comes after this one: if both begin alike, their logs are still two."""
        return Place(0, 0, hashlib.sha256(b"next file\n" + self.digest).digest())


class Line(NamedTuple):
    """One line that is not empty. `number` counts from 1; `text` is without its line end; `end` is the place after."""

    number: int
    log_id: str
    text: str
    end: Place


class Undecodable(NamedTuple):
    """A line that is not text in the file's encoding. A gateway would replace its bytes and nobody would notice."""

    number: int
    end: Place


class Empty(NamedTuple):
    """A line with nothing in it."""

    number: int
    end: Place


def start(tenant: str, name: str) -> Place:
    """Return the start of a file. `name` keeps files apart that may begin alike; it may be empty."""
    return Place(0, 0, hashlib.sha256(f"{tenant}\n{name}".encode()).digest())


def read(
    stream: BinaryIO, place: Place, encoding: str, *, unfinished: Callable[[], bool] = lambda: False
) -> Iterator[Line | Undecodable | Empty]:
    r"""Yield the lines from `place`, where the stream stands. A last one without its `\n` is left if `unfinished()`.

    A line's log_id is the digest of everything up to it, so it stays when the file grows: sending a file again, whole
    or from where it broke off, stores nothing twice, and two equal lines of a file are two logs.
    """
    while line := stream.readline(_MAX_LINE_BYTES + 1):
        text, line_bytes = line, len(line)
        # More of a line that is written just now, or the rest of one that is too long to be sent whole.
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
