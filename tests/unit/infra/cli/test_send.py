"""`rdp send` as it is typed, against a server that takes logs as ingest does."""

import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

from infra.cli import main
from infra.options.locator import Locator
from infra.stack import Place, Stack
from infra.terminal import exits
from tests.unit.infra.shipping.ingest_server import IngestServer, ingest_server


class Send(Protocol):
    """How the tests call `rdp send`."""

    def __call__(self, *arguments: str | Path, stdin: bytes = b"") -> Result:
        """Run it."""


@pytest.fixture
def server() -> Iterator[IngestServer]:
    """A server that takes everything."""
    with ingest_server() as running:
        yield running


@pytest.fixture
def send(server: IngestServer) -> Send:
    """Return `send(*arguments)`: `rdp send --tenant acme` to the server."""

    def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
        stack = Stack(Place(region="eu-west-1"), server.url, {})
        command = ["send", "--tenant", "acme", *map(str, arguments)]
        return CliRunner().invoke(main, command, obj=Locator(lambda _where: stack), input=stdin)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A log file with two equal lines."""
    path = tmp_path / "app.log"
    path.write_bytes(b"one\nsame\nsame\n")
    return path


def test_a_file_that_grew_brings_the_new_lines_alone(send: Send, server: IngestServer, file: Path) -> None:
    """The old ones keep their ids, whatever the size of the requests; equal lines are logs of their own."""
    assert send(file).exit_code == 0
    with file.open("ab") as log:
        log.write(b"same\nnew\n")
    assert send(file, "--batch", "1").exit_code == 0
    assert sorted(server.logs.values()) == ["new", "one", "same", "same", "same"]


def test_packed_piped_and_plain_are_one_file(send: Send, server: IngestServer, file: Path, tmp_path: Path) -> None:
    """The ids follow from the text: gzip, UTF-16 and standard input store nothing twice."""
    packed = tmp_path / "app.log.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    wide = tmp_path / "wide.log"
    wide.write_bytes(file.read_text().encode("utf-16"))
    for result in (send(file), send(packed), send(wide), send("-", stdin=file.read_bytes())):
        assert result.exit_code == 0, result.output
        assert "accepted  3 " in result.output
    assert len(server.logs) == 3


def test_json_lines_are_records_if_asked_for(send: Send, server: IngestServer, tmp_path: Path) -> None:
    """With --ndjson only, also alone in a request and after a retry; lines that are no JSON object are texts."""
    bodies: list[bytes] = []

    def refuse_the_first(body: bytes) -> int | None:
        bodies.append(body)
        return 503 if len(bodies) == 1 else None

    server.before = refuse_the_first
    log = tmp_path / "app.ndjson"
    log.write_text('{"text": "a", "n": 1.10}\nplain\n{"text": "b", "log_id": "own"}\n')
    assert send(log, "--ndjson").exit_code == 0
    assert b'"n": 1.10}' in bodies[-1]
    assert list(server.logs.values()) == ["a", "plain", "b"]
    assert list(server.logs)[2] == "own"
    first = next(iter(server.logs))
    assert send(log, "--ndjson", "--batch", "1").exit_code == 0
    assert len(server.logs) == 3
    assert f'{{"log_id": "{first}", "text": "a", "n": 1.10}}\n'.encode() in bodies
    server.logs.clear()
    assert send(log).exit_code == 0
    assert next(iter(server.logs.values())) == '{"text": "a", "n": 1.10}'


def test_names_keep_files_apart(send: Send, server: IngestServer, file: Path) -> None:
    """Two hosts whose files begin alike."""
    assert send(file, "--name", "a").exit_code == 0
    assert send(file, "--name", "b").exit_code == 0
    assert len(server.logs) == 6


def test_half_a_line_of_a_file_that_is_written_is_held_back(send: Send, server: IngestServer, file: Path) -> None:
    """Its first half would be a log that nobody wrote. The next sending brings the whole one."""

    def write_on(_: bytes) -> None:
        with file.open("ab") as log:
            log.write(b"half")

    server.before = write_on
    first = send(file, "--batch", "1", "--connections", "1")
    assert first.exit_code == 0
    assert "held back line 4: it has no line end, and the file is growing" in first.output
    server.before = lambda _: None
    with file.open("ab") as log:
        log.write(b" end\n")
    assert send(file).exit_code == 0
    assert list(server.logs.values()) == ["one", "same", "same", "halfhalfhalf end"]


def test_an_empty_file_is_told(send: Send, file: Path) -> None:
    """On standard error; a file of empty lines is told by their number, and one with logs not at all."""
    file.write_bytes(b"")
    result = send(file)
    assert (result.exit_code, result.stderr) == (0, f"The file {file} is empty.\n")
    assert send("-").stderr == "The input is empty.\n"
    for content in (b"\n\n", b"one\n", b"one"):
        file.write_bytes(content)
        assert send(file).stderr == ""


def test_a_last_line_without_its_end_is_sent(send: Send, server: IngestServer, file: Path) -> None:
    """A file that nobody writes to is complete."""
    file.write_bytes(b"one\nlast")
    assert send(file).exit_code == 0
    assert list(server.logs.values()) == ["one", "last"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_stack_that_wants_credentials_says_so_at_once(
    send: Send, server: IngestServer, file: Path, status: int
) -> None:
    """Which options to give, and that not all lines were sent; no line is named, because it is not about a line."""
    server.before = lambda _: status
    result = send(file, "--batch", "1", "--connections", "1")
    assert result.exit_code == exits.FAILED
    assert f"failed    1 (HTTP {status} 1)" in result.output
    assert "--api-key" in result.output
    assert "Not all lines were sent. When the cause is mended, send the same file again" in result.output
    assert "line 1" not in result.output


def test_a_refused_line_has_an_exit_status_of_its_own(send: Send, server: IngestServer, file: Path) -> None:
    """The verb did its work; what it looked at is not as it must be."""
    server.before = lambda body: 400 if body == b"one" else None
    result = send(file, "--batch", "1")
    assert result.exit_code == exits.BAD
    assert "line 1: HTTP 400" in result.output


def test_a_refused_line_says_the_limit_and_what_to_do(send: Send, server: IngestServer, file: Path) -> None:
    """Once for a reason, after the lines that it refused."""
    file.write_bytes(b"\xff\xfa\nlong\n\xff\xfa\n")
    server.before = lambda _: 413
    said = send(file).output
    assert said.count("line 3: invalid_encoding\n") == 1
    assert "  line 2: text_too_large\n" in said
    assert said.count("  invalid_encoding: The line is no text in the file's encoding. Name the encoding with") == 1
    assert "  text_too_large: The line is longer than 170,000 bytes of UTF-8" in said


def test_a_wrong_tenant_is_told_by_its_option_and_form(send: Send, file: Path) -> None:
    """A command line has no header."""
    result = send(file, "--tenant", "bad tenant")
    assert result.exit_code == exits.WRONG_COMMAND_LINE
    said = " ".join(result.stderr.split())
    assert "'--tenant': 'bad tenant' is not a tenant id. A tenant id has 1 to 64 of A-Z a-z 0-9 . _ -" in said
    assert "X-Tenant-ID" not in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x7fELF\x01\x00", "does not look like text"),
        (b"BZh9", "bzip2 -dc"),
        (gzip.compress(b"a\n" * 99)[:-9], "cut off"),
    ],
)
def test_what_is_no_text_is_one_sentence(send: Send, file: Path, content: bytes, said: str) -> None:
    """Nothing of it is sent."""
    file.write_bytes(content)
    result = send(file)
    assert result.exit_code == exits.FAILED
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr


@pytest.mark.parametrize("encoding", ["nonsense", "base64", "rot13", "undefined", "a\x00b"])
def test_an_encoding_of_no_text_is_refused(send: Send, file: Path, encoding: str) -> None:
    """At once, not at the first line."""
    result = send(file, "--encoding", encoding)
    assert result.exit_code == exits.WRONG_COMMAND_LINE
    assert "is not a text encoding" in result.stderr


_PROGRAM = """
import sys
from infra.cli import main
from infra.options.locator import Locator
from infra.stack import Place, Stack
main(sys.argv[2:], obj=Locator(lambda _where: Stack(Place(region="eu-west-1"), sys.argv[1], {})))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_it_also_while_it_waits_for_a_pipe(server: IngestServer, number: signal.Signals) -> None:
    """What came is sent and told; no traceback, no `Aborted!`, the shell's status for an interrupted program."""
    came: list[bytes] = []
    server.before = came.append
    command = [sys.executable, "-c", _PROGRAM, server.url, "send", "-", "--tenant", "acme", "--batch", "1"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[4]
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"one\ntwo\n")
        process.stdin.flush()
        while len(server.logs) < 1:
            os.sched_yield()
        process.send_signal(number)
        said = process.stdout.read().decode()
        assert process.wait(timeout=300) == exits.INTERRUPTED, process.stderr.read()
        assert process.stderr.read() == b""
    assert "Not all lines were sent. Send the same file again" in said
