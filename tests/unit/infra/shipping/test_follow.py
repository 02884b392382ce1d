"""A followed file: what is appended is sent once, through rotation, truncation, outages and kills."""

import contextlib
import gzip
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.shipping.content import NotTextError
from infra.shipping.follow import GRACE_S, Follower
from infra.shipping.once import Asked
from infra.stack import StackError
from tests.unit.infra.shipping.ingest_server import IngestServer, ingest_server


class Clock:
    """A clock that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


class Desk:
    """One followed file with its server; `follower()` is a new run of the program."""

    def __init__(self, folder: Path, server: IngestServer) -> None:
        self.path = folder / "app.log"
        self.path.touch()
        self.position = folder / "position.json"
        self.server = server
        self.clock = Clock()
        self.stop = threading.Event()
        self.told: list[str] = []
        self._open: list[Follower] = []

    def follower(self, **asked: object) -> Follower:
        """Start to follow from the position that is kept."""
        follower = Follower(
            self.path,
            Asked(url=f"{self.server.url}/ingest", tenant="acme", connections=1, batch=2, **asked),  # type: ignore[arg-type]
            self.position,
            stop=self.stop,
            monotonic=self.clock,
            tell=self.told.append,
        )
        self._open.append(follower)
        return follower

    def append(self, text: str) -> None:
        """Write as the application does."""
        with self.path.open("a") as log:
            log.write(text)

    def texts(self) -> list[str]:
        """Return what the server keeps, in the order of arrival."""
        return list(self.server.logs.values())

    def close(self) -> None:
        """Close what is open."""
        for follower in self._open:
            follower.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A file that is empty yet, and a server that takes everything."""
    with ingest_server() as server:
        desk = Desk(tmp_path, server)
        yield desk
        desk.close()


def drain(follower: Follower) -> None:
    """Let it do what there is to do."""
    while follower.step():
        pass


def test_json_lines_keep_their_fields_while_they_are_followed(desk: Desk) -> None:
    """A line that is a JSON object is sent as a record, and one that is sent again stores nothing twice."""
    desk.append('{"text": "a", "n": 1}\nplain\n')
    bodies: list[bytes] = []
    desk.server.before = bodies.append
    drain(desk.follower(ndjson=True))
    assert desk.texts() == ["a", "plain"]
    assert b'"n": 1}' in bodies[0]
    desk.position.unlink()
    drain(desk.follower(ndjson=True))
    assert desk.texts() == ["a", "plain"]


def rotated(desk: Desk, follower: Follower) -> None:
    """Let it see the rotation, and its grace pass."""
    drain(follower)
    desk.clock.now_s += GRACE_S
    drain(follower)


def test_what_is_appended_is_sent_and_half_a_line_waits_for_its_end(desk: Desk) -> None:
    """Each line once, whole."""
    follower = desk.follower()
    desk.append("one\ntwo\nhal")
    drain(follower)
    assert desk.texts() == ["one", "two"]
    desk.append("f\n\nlast\n")
    drain(follower)
    assert desk.texts() == ["one", "two", "half", "last"]
    assert follower.tally.accepted == desk.server.received == 4


def test_another_run_goes_on_where_the_first_one_was(desk: Desk) -> None:
    """Nothing is sent again that the position knows."""
    desk.append("one\ntwo\n")
    drain(desk.follower())
    desk.append("three\n")
    drain(desk.follower())
    assert desk.texts() == ["one", "two", "three"]
    assert desk.server.received == 3


def test_a_lost_position_stores_nothing_twice(desk: Desk) -> None:
    """The ids follow from the file: what is sent again is the same log."""
    desk.append("one\ntwo\n")
    drain(desk.follower())
    desk.position.unlink()
    drain(desk.follower())
    assert desk.server.received == 4
    assert desk.texts() == ["one", "two"]


def test_a_rotation_by_name_loses_nothing(desk: Desk) -> None:
    """The writer goes on in the renamed file until it opens the new one; its last half line is a line then."""
    follower = desk.follower()
    desk.append("started\n")
    drain(follower)
    with desk.path.open("a") as old:
        desk.path.rename(desk.path.with_name("app.log.1"))
        desk.path.write_text("started\n")
        drain(follower)
        desk.clock.now_s += GRACE_S - 1
        drain(follower)
        assert desk.texts() == ["started"]
        old.write("late\nvery late")
    rotated(desk, follower)
    assert desk.texts() == ["started", "late", "very late", "started"]
    desk.append("two\n")
    drain(follower)
    assert desk.texts()[-1] == "two"
    assert desk.server.received == 5


def test_two_rotations_while_nobody_followed_lose_nothing(desk: Desk) -> None:
    """The file is found under its new name, then the one between, then the newest."""
    desk.append("a1\n")
    drain(desk.follower())
    desk.append("a2\n")
    desk.path.rename(desk.path.with_name("app.log.2"))
    desk.path.with_name("app.log.1").write_text("b\n")
    desk.path.write_text("c\n")
    for order, name in enumerate(("app.log.2", "app.log.1", "app.log")):
        os.utime(desk.path.with_name(name), ns=(order * 10**9, order * 10**9))
    follower = desk.follower()
    for _ in range(3):
        rotated(desk, follower)
    assert desk.texts() == ["a1", "a2", "b", "c"]


@pytest.mark.parametrize("alive", [True, False])
def test_copytruncate_loses_nothing(desk: Desk, alive: bool) -> None:  # noqa: FBT001 - pytest's parameter
    """What was appended before the copy is read from the copy, also when the file has grown beyond the old place."""
    follower = desk.follower()
    desk.append("a1\n")
    drain(follower)
    desk.append("a2\n")
    shutil.copy2(desk.path, desk.path.with_name("app.log.1"))
    with desk.path.open("r+") as log:
        log.truncate(0)
    desk.append("b1 is longer than what was there\n")
    if not alive:
        follower = desk.follower()
    rotated(desk, follower)
    assert desk.texts() == ["a1", "a2", "b1 is longer than what was there"]


def test_a_file_that_was_cut_begins_anew(desk: Desk) -> None:
    """Equal first lines of before and after are two logs."""
    follower = desk.follower()
    desk.append("started\none\n")
    drain(follower)
    desk.path.write_text("started\n")
    drain(follower)
    assert desk.texts() == ["started", "one", "started"]


def test_what_is_gone_is_said(desk: Desk) -> None:
    """A file that was packed while nobody followed cannot be read on; the next one is."""
    desk.append("one\n")
    drain(desk.follower())
    desk.path.unlink()
    desk.path.write_text("other\n")
    follower = desk.follower()
    drain(follower)
    assert desk.texts() == ["one", "other"]
    assert "lines after line 1 may be lost" in desk.told[0]


def test_a_sibling_that_is_touched_is_no_rotation(desk: Desk) -> None:
    """While the file has its name, nothing else is read."""
    desk.path.with_name("app.log.1").write_text("old\n")
    desk.append("one\n")
    os.utime(desk.path, ns=(1, 1))
    follower = desk.follower()
    rotated(desk, follower)
    assert desk.texts() == ["one"]


def test_an_outage_is_waited_out_and_the_position_stays(desk: Desk) -> None:
    """A window counts when ingest has taken all of it; who is killed meanwhile sends it again."""
    answers = iter([500] * 12)
    desk.server.before = lambda _: next(answers, None)
    desk.append("one\ntwo\nthree\n")
    follower = desk.follower()
    drain(follower)
    assert desk.texts() == ["one", "two", "three"]
    assert follower.tally.failed.total() == 0
    assert follower.tally.accepted == 3
    assert "Trying again" in desk.told[0]


def test_who_is_not_let_in_ends_it_and_loses_nothing(desk: Desk) -> None:
    """A revoked key must not make lines count as sent."""
    desk.server.before = lambda _: 403
    desk.append("one\n")
    with pytest.raises(StackError, match="HTTP 403"):
        drain(desk.follower())
    desk.server.before = lambda _: None
    drain(desk.follower())
    assert desk.texts() == ["one"]


def test_a_refused_line_is_told_and_does_not_stop_the_rest(desk: Desk) -> None:
    """By its number and the reason."""
    desk.server.before = lambda body: 400 if body == b"bad" else None
    desk.path.write_bytes(b"one\ntwo\n\xff\nthree\nfour\nbad\n")
    follower = desk.follower()
    drain(follower)
    desk.append("last\n")
    drain(follower)
    assert desk.texts() == ["one", "two", "three", "four", "last"]
    assert follower.tally.rejected == {"invalid_encoding": 1, "HTTP 400": 1}
    not_text, refused = sorted(desk.told)
    assert not_text.startswith("Line 3 was rejected: invalid_encoding. The line is no text")
    assert "--encoding" in not_text
    assert refused == "Line 6 was rejected: HTTP 400."


def test_a_mark_at_the_start_is_left_out_and_what_is_packed_refused(desk: Desk) -> None:
    """As of a file that is sent once."""
    desk.path.write_bytes("\ufeffone\n".encode())
    drain(desk.follower())
    assert desk.texts() == ["one"]
    for content in (gzip.compress(b"a\n"), "a\n".encode("utf-16"), b"\x7fELF\x00"):
        desk.path.write_bytes(content)
        desk.position.unlink(missing_ok=True)
        with pytest.raises(NotTextError):
            drain(desk.follower())


def test_utf_16_without_a_mark_is_not_followed(desk: Desk) -> None:
    """No byte ends its lines, so `--encoding utf-16-le --text` would send halves of characters."""
    desk.path.write_bytes("ab\ncd\n".encode("utf-16-le"))
    with pytest.raises(NotTextError, match="leave --follow out"):
        drain(desk.follower(encoding="utf-16-le", text=True))
    assert desk.texts() == []


def test_a_position_of_another_file_is_refused(desk: Desk) -> None:
    """Two files cannot share one."""
    desk.append("one\n")
    drain(desk.follower())
    with pytest.raises(StackError, match="is the position of"):
        desk.follower(name="other")
    desk.position.write_text("{}")
    with pytest.raises(StackError, match="is not a position"):
        desk.follower()


_PROGRAM = """
import sys
from infra.cli import main
from infra.options.locator import Locator
from infra.stack import Place, Stack
main(sys.argv[2:], obj=Locator(lambda _where: Stack(Place(region="eu-west-1"), sys.argv[1], {})))
"""


@contextlib.contextmanager
def _run(desk: Desk) -> "Iterator[subprocess.Popen[bytes]]":
    """Run `rdp send --follow`, and kill it at the end, so that a test that fails does not wait for it."""
    command = [sys.executable, "-c", _PROGRAM, desk.server.url, "send", str(desk.path), "--tenant", "acme"]
    command += ["--follow", "--position", str(desk.position), "--batch", "3"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[4]
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        os.sched_yield()


def test_killed_again_and_again_it_loses_nothing_and_doubles_nothing(desk: Desk) -> None:
    """SIGKILL at moments that the server chooses: while it answers, before and after the position is written."""
    wanted = [f"line {number}" for number in range(300)]
    desk.append("".join(f"{text}\n" for text in wanted[:200]))
    for kills_at in (1, 30, 90):
        with _run(desk) as process:
            least = desk.server.received + kills_at
            _until(lambda least=least: desk.server.received >= least or len(desk.server.logs) == 200)  # type: ignore[misc] # a default binds the loop's value
            process.send_signal(signal.SIGKILL)
            process.communicate()
    desk.append("".join(f"{text}\n" for text in wanted[200:]))
    with _run(desk) as process:
        _until(lambda: len(desk.server.logs) >= len(wanted))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert b"Traceback" not in errors
    assert b"Aborted" not in errors
    assert sorted(desk.texts()) == sorted(wanted)
    assert desk.position.stat().st_mode & 0o777 == 0o600


def test_only_one_follows_with_a_position(desk: Desk) -> None:
    """The second one says so and ends; the first goes on."""
    desk.append("one\n")
    with _run(desk) as first:
        _until(lambda: bool(desk.server.logs))
        with _run(desk) as second:
            _, errors = second.communicate(timeout=300)
            assert second.returncode == 1
            assert b"Another `rdp send --follow`" in errors
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=300)
        assert first.returncode == 0
