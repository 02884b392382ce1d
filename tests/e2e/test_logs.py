"""`rdp logs` and `rdp log` on the engine: by time, by word, and as logs come."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consumer.query.ask import Ask
from consumer.query.page import arrival_of, read_page
from infra import stored_logs
from infra.local import lifecycle

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

_ROOT = Path(__file__).parents[2]
_COMMAND = [sys.executable, "-c", "from infra.cli import main; main()"]


_PARAMETERS = {
    "SecondsPerChar": "0",
    "CrashProbability": "0.1",
    "ConsumerTimeoutSeconds": "2",
    "VisibilityTimeoutSeconds": "12",
    "MaxReceiveCount": "50",
}


@pytest.fixture(scope="module")
def stack(start_stack: "StartStack") -> "LocalStack":
    """A stack without the simulated work, whose crashed deliveries come back soon."""
    return start_stack(_PARAMETERS)


@pytest.fixture(scope="module")
def rdp(stack: "LocalStack") -> Callable[..., list[str]]:
    """Run a verb on the stack; return its lines."""

    def run(*arguments: str) -> list[str]:
        finished = subprocess.run(  # noqa: S603 - our own command
            [*_COMMAND, *arguments, "--data-dir", str(stack.data_dir)],
            cwd=_ROOT,
            capture_output=True,
            check=True,
            timeout=300,
        )
        return finished.stdout.decode().splitlines()

    return run


def _texts(lines: list[str]) -> list[str]:
    return [json.loads(line)["text"] for line in lines]


def test_a_request_s_logs_come_back_in_their_order(
    stack: "LocalStack", rdp: Callable[..., list[str]], eventually: "Eventually"
) -> None:
    """A traceback sent as one batch is read as it was sent, whatever order it was stored in."""
    lines = [f"line {number:03}" for number in range(60)]
    assert stack.post_json([{"tenant_id": "order", "text": line} for line in lines]).status == 202
    eventually(lambda: len(stack.rows("order")) == len(lines))
    assert _texts(rdp("logs", "--tenant", "order", "--json")) == lines
    assert _texts(rdp("logs", "--tenant", "order", "--newest", "5", "--json")) == lines[-5:]
    assert _texts(rdp("logs", "--tenant", "order", "--oldest", "5", "--json")) == lines[:5]
    assert _texts(rdp("logs", "--tenant", "order", "--all", "--contains", "LINE 01", "--json")) == lines[10:20]


def test_time_level_and_fields_are_kept_and_found(
    stack: "LocalStack", rdp: Callable[..., list[str]], eventually: "Eventually"
) -> None:
    """The sender's time to the nanosecond, its level, its numbers to the digit: in table, filter and `rdp log`."""
    body = (
        b'[{"tenant_id":"kinds","log_id":"own","msg":"call 555-0199","time":1795833985.123456789,"level":50,'
        b'"user":{"name":"bob"},"big":9223372036854775809},{"tenant_id":"kinds","msg":"fine","level":"info"}]'
    )
    assert stack.request("POST", "/ingest", body, {"content-type": "application/json"}).status == 202
    eventually(lambda: len(stack.rows("kinds")) == 2)
    (line,) = rdp("logs", "--tenant", "kinds", "--severity", "warn", "--field", "user.name=bob", "--json")
    row = json.loads(line, parse_float=str)
    assert (row["event_at"], row["severity"]) == ("2026-11-28T02:46:25.123456789Z", "error")
    assert (row["fields"]["time"], row["fields"]["big"]) == ("1795833985.123456789", 9223372036854775809)
    assert row["text"] == "call [REDACTED]"
    (line,) = rdp("logs", "--tenant", "kinds", "--not-field", "user.name=bob", "--json")
    assert json.loads(line)["text"] == "fine"
    whole = "\n".join(rdp("log", "kinds", "own", "--zone", "UTC"))
    assert "1795833985.123456789" in whole
    assert "call [REDACTED]" in whole
    assert "call 555-0199" in rdp("log", "kinds", "own", "--raw")
    assert len(rdp("logs", "--tenant", "kinds", "--since", "1h")) == 2
    assert rdp("logs", "--tenant", "kinds", "--until", "1h") == []


@contextmanager
def _following(stack: "LocalStack", tenant: str, *options: str, told: Path | None = None) -> Iterator[list[str]]:
    """Run `rdp logs --follow` and give the list to which its lines are added as they come.

    What it tells on standard error stands in the file `told`.
    """
    command = [*_COMMAND, "logs", "--tenant", tenant, "--follow", "--json", *options, "--data-dir", str(stack.data_dir)]
    lines: list[str] = []
    with (
        (told or Path("/dev/null")).open("w") as stderr,
        subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,  # noqa: S603 - our own
    ):

        def read() -> None:
            assert process.stdout is not None
            for line in iter(process.stdout.readline, ""):
                lines.append(line)  # noqa: PERF402 - another thread looks at the list meanwhile

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        yield lines
        process.terminate()
        reader.join(30)
        assert process.wait(30) == 0


def test_following_shows_every_log_once(stack: "LocalStack", eventually: "Eventually") -> None:
    """Own ids and generated ones, and those that came back late from a crash: none is missed or shown twice."""
    assert stack.post_text("follow", "before", "b-0").status == 202
    eventually(lambda: stack.row("follow", "b-0"))
    with _following(stack, "follow") as lines:
        eventually(lambda: lines)
        for request in range(20):
            records: list[dict[str, Any]] = [
                {"tenant_id": "follow", "text": f"{request}-{place}"} for place in range(5)
            ]
            records[0]["log_id"] = f"own-{request}"
            assert stack.post_json(records).status == 202
        eventually(lambda: stack.is_drained and len(lines) >= 101)
    assert sorted(_texts(lines)) == sorted(["before", *(f"{r}-{p}" for r in range(20) for p in range(5))])


def test_a_read_under_load_is_whole_and_in_order(stack: "LocalStack", eventually: "Eventually") -> None:
    """While logs arrive, pages of any size hold every log that was stored when the first began: once, in order."""
    stop = threading.Event()

    def send() -> None:
        number = 0
        while not stop.is_set():
            own = {"log_id": f"load-{number}"} if number % 2 else {}
            stack.post_json([{"tenant_id": "load", "text": f"{number}"} | own, {"tenant_id": "load", "text": "x"}])
            number += 1

    sender = threading.Thread(target=send)
    sender.start()
    try:
        eventually(lambda: len(stack.rows("load")) >= 40)
        table = stored_logs.table(stack.stack)
        for size in (1, 7, 1_000):
            there = {row["log_id"]["S"] for row in stack.rows("load")}
            for newest_first in (True, False):
                found = []
                after: str | None = None
                until_ms = int(time.time() * 1000) + 1
                while True:
                    ask = Ask(tenant_id="load", newest_first=newest_first, until_ms=until_ms)
                    page = read_page(table, ask, limit=size, after=after)
                    found += page.items
                    after = page.after
                    if after is None:
                        break
                arrivals = [arrival_of(item) for item in found]
                assert arrivals == sorted(arrivals, reverse=newest_first)
                ids = [item.log_id for item in found]
                assert len(ids) == len(set(ids))
                assert there <= set(ids)
    finally:
        stop.set()
        sender.join()


def test_following_goes_on_after_an_outage(
    stack: "LocalStack", start_stack: "StartStack", eventually: "Eventually", tmp_path: Path
) -> None:
    """An engine that is down does not end it: it says so, and shows the new logs when the engine is up again."""
    told = tmp_path / "told"
    with _following(stack, "outage", told=told) as lines:
        assert stack.post_text("outage", "before", "b").status == 202
        eventually(lambda: lines)
        lifecycle.down(stack.data_dir)
        eventually(lambda: "cannot be reached" in told.read_text())
        again = start_stack(_PARAMETERS, data_dir=stack.data_dir)
        assert again.post_text("outage", "after", "a").status == 202
        eventually(lambda: len(lines) == 2)
        assert "answers again" in told.read_text()
    assert _texts(lines) == ["before", "after"]
