"""A file as numbered lines with stable log_ids."""

import io
import os
from typing import BinaryIO

import pytest

from infra.shipping import log_file
from infra.shipping.log_file import Line, Undecodable


def _read(content: bytes, tenant: str = "acme", encoding: str = "utf-8") -> list[Line | Undecodable]:
    stream = io.BytesIO(content)
    return list(log_file.read(stream, tenant, log_file.scan(stream).digest, encoding))


def _texts(content: bytes) -> list[str | None]:
    return [line.text if isinstance(line, Line) else None for line in _read(content)]


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"", []),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\n\nb\n", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"\r\n", []),
        (b" a \n\t\n", [" a ", "\t"]),
        (b"a\rb\n", ["a\rb"]),
        ("Zoë\u2028x\x85y\n".encode(), ["Zoë\u2028x\x85y"]),
        (b"good\n\xff\n", ["good", None]),
    ],
)
def test_lines_end_at_a_newline_and_keep_everything_else(content: bytes, texts: list[str | None]) -> None:
    r"""Only \n and \r\n end a line; empty lines are left out; what is not UTF-8 is told apart, not replaced."""
    assert _texts(content) == texts


def test_a_scan_counts_lines_and_empty_ones() -> None:
    """The last line counts with and without its newline."""
    scanned = log_file.scan(io.BytesIO(b"a\n\nb"))
    assert (scanned.lines, scanned.empty) == (3, 1)


def test_the_same_file_gives_the_same_ids_and_equal_lines_have_their_own() -> None:
    """Sending a file again is idempotent, and a line that stands twice in it is two logs."""
    first, second = _read(b"same\nsame\n"), _read(b"same\nsame\n")
    assert first == second
    assert len({line.log_id for line in first if isinstance(line, Line)}) == 2


def test_ids_depend_on_tenant_and_content() -> None:
    """The same line for another tenant, or in another file, is another log."""
    ids = {_read(b"a\n")[0], _read(b"a\n", tenant="other")[0], _read(b"a\nb\n")[0]}
    assert len({line.log_id for line in ids if isinstance(line, Line)}) == 3


def test_ids_are_what_ingest_takes() -> None:
    """32 hexadecimal digits."""
    line = _read(b"a")[0]
    assert isinstance(line, Line)
    assert len(line.log_id) == 32
    assert int(line.log_id, 16) >= 0


def test_numbers_count_empty_lines() -> None:
    """A line's number is that of an editor."""
    assert [line.number for line in _read(b"\na\n\xff\n\nb")] == [2, 3, 5]


def test_another_encoding_is_decoded() -> None:
    """Latin-1 logs can be sent by naming their encoding."""
    line = _read(b"caf\xe9\n", encoding="latin-1")[0]
    assert isinstance(line, Line)
    assert line.text == "café"


def test_a_line_longer_than_ingest_takes_is_one_line() -> None:
    """It is cut to one byte more than ingest accepts, so that ingest refuses it, and its rest is no second line."""
    content = b"x" * (3 << 20) + b"\nlast\n"
    texts = [line.text for line in _read(content) if isinstance(line, Line)]
    assert [len(text) for text in texts] == [(1 << 20) + 1, 4]
    assert log_file.scan(io.BytesIO(content)).lines == 2


def test_a_pipe_is_copied_so_that_it_can_be_read_twice() -> None:
    """Standard input has no start to go back to."""
    read_end, write_end = os.pipe()
    os.write(write_end, b"a\nb\n")
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        copied: BinaryIO = log_file.seekable(pipe)
        with copied:
            assert log_file.scan(copied).lines == 2
            assert log_file.scan(copied).lines == 2
