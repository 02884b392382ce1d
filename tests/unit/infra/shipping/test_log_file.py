"""A file as numbered lines with stable log_ids."""

import io

import pytest

from infra.shipping import log_file
from infra.shipping.log_file import Empty, Line, Undecodable


def _read(content: bytes, tenant: str = "acme", encoding: str = "utf-8", name: str = "") -> list[Line | Undecodable]:
    found = log_file.read(io.BytesIO(content), log_file.start(tenant, name), encoding)
    return [line for line in found if not isinstance(line, Empty)]


def _texts(content: bytes) -> list[str | None]:
    return [line.text if isinstance(line, Line) else None for line in _read(content)]


def _ids(content: bytes, tenant: str = "acme", name: str = "") -> list[str]:
    return [line.log_id for line in _read(content, tenant, name=name) if isinstance(line, Line)]


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


def test_equal_lines_of_a_file_are_logs_of_their_own() -> None:
    """Sending a file again is idempotent, and a line that stands twice in it is two logs."""
    assert _ids(b"same\nsame\n") == _ids(b"same\nsame\n")
    assert len(set(_ids(b"same\nsame\n"))) == 2


@pytest.mark.parametrize("grown", [b"a\n\nb\nc\n", b"a\n\nb\n", b"a\n\nb\r\nc", b"a\n\nb\n\xff\n"])
def test_a_file_that_grew_keeps_the_ids_of_what_was_there(grown: bytes) -> None:
    """Log files grow: the old lines are not stored again, also the last one whose line end came later."""
    assert _ids(grown)[:2] == _ids(b"a\n\nb")


def test_ids_depend_on_tenant_name_and_everything_before() -> None:
    """The same line for another tenant, under another name, or after other lines, is another log."""
    last = {
        _ids(b"a\nb\n")[-1],
        _ids(b"a\nb\n", tenant="other")[-1],
        _ids(b"a\nb\n", name="host")[-1],
        _ids(b"x\nb\n")[-1],
        _ids(b"\nb\n")[-1],
    }
    assert len(last) == 5


def test_files_that_follow_each_other_and_begin_alike_share_no_id() -> None:
    """After a rotation the first line is often that of every file."""
    first = log_file.start("acme", "")
    (line,) = log_file.read(io.BytesIO(b"started\n"), first, "utf-8")
    (again,) = log_file.read(io.BytesIO(b"started\n"), line.end.next_file(), "utf-8")
    assert isinstance(line, Line)
    assert isinstance(again, Line)
    assert (line.text, line.number) == (again.text, again.number)
    assert line.log_id != again.log_id


def test_reading_goes_on_from_a_place_with_the_same_ids() -> None:
    """From the end of any line the rest is what a reading from the start gives."""
    content = b"a\n\nb\n\xff\nc"
    whole = list(log_file.read(io.BytesIO(content), log_file.start("acme", ""), "utf-8"))
    for number, line in enumerate(whole, start=1):
        rest = io.BytesIO(content)
        rest.seek(line.end.offset)
        assert list(log_file.read(rest, line.end, "utf-8")) == whole[number:]


def test_a_line_that_is_not_finished_can_be_left() -> None:
    """Half a line would be a log that nobody wrote."""
    found = log_file.read(io.BytesIO(b"a\nhal"), log_file.start("acme", ""), "utf-8", unfinished=lambda: True)
    assert [line.number for line in found] == [1]


class _Written(io.BytesIO):
    """A file that grows between two reads."""

    def __init__(self, first: bytes, then: bytes) -> None:
        super().__init__(first)
        self._then = then

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        place = self.tell()
        self.seek(0, io.SEEK_END)
        self.write(self._then)
        self._then = b""
        self.seek(place)
        return line


def test_a_line_that_is_finished_while_it_is_read_is_whole() -> None:
    """The second half is no rest to be skipped."""
    found = list(log_file.read(_Written(b"hal", b"f\nb\n"), log_file.start("acme", ""), "utf-8"))
    assert [line.text for line in found if isinstance(line, Line)] == ["half", "b"]


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
