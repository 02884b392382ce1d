"""The engine's saves at intervals, by a copy of the process; and who reaches the engine."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from infra.local.engine_main import _WHOLE, Saving, guarded

_LIMIT_S = 60


class _Engine:
    """What saves look at: the state, where it goes, and a save that waits in its midst for a file to appear."""

    def __init__(self, folder: Path, *, files: frozenset[str] = _WHOLE) -> None:
        self.STATE_DIR = str(folder / "engine")
        self.begun = folder / "begun"
        self.go = folder / "go"
        self._files = files

    def _build_persistence_save_dict(self) -> str:
        self.begun.touch()
        while not self.go.exists():
            time.sleep(0.01)
        return "old"

    def save_all(self, state: str) -> None:
        Path(self.STATE_DIR).mkdir(exist_ok=True)
        for name in self._files:
            (Path(self.STATE_DIR) / name).write_text(state)


def _started(saving: Saving, engine: _Engine) -> threading.Thread:
    thread = threading.Thread(target=saving.run, args=(engine, engine), daemon=True)
    thread.start()
    return thread


def _await(path: Path) -> None:
    deadline_s = time.monotonic() + _LIMIT_S
    while not path.exists():
        assert time.monotonic() < deadline_s, path
        time.sleep(0.01)


def test_a_save_at_an_interval_is_there(tmp_path: Path) -> None:
    """All of its files, the queues' last; the engine's own folder is where they go."""
    engine, saving = _Engine(tmp_path), Saving(every_s=0.01)
    engine.go.touch()
    thread = _started(saving, engine)
    _await(tmp_path / "engine" / "sqs.json")
    assert {path.name: path.read_text() for path in (tmp_path / "engine").iterdir()} == dict.fromkeys(_WHOLE, "old")
    saving.end()
    thread.join(_LIMIT_S)
    assert not thread.is_alive()


def test_the_last_save_is_overwritten_by_no_older_one(tmp_path: Path) -> None:
    """One that is under way when the engine stops is ended and writes nothing."""
    engine, saving = _Engine(tmp_path), Saving(every_s=0.01)
    thread = _started(saving, engine)
    _await(engine.begun)
    saving.ended_by(engine.save_all)("new")
    engine.go.touch()
    thread.join(_LIMIT_S)
    assert not thread.is_alive()
    assert {path.read_text() for path in (tmp_path / "engine").iterdir()} == {"new"}


@pytest.mark.parametrize("lacks", sorted(_WHOLE))
def test_a_save_that_is_not_whole_replaces_nothing(tmp_path: Path, lacks: str) -> None:
    """Before a stack is deployed, or on a full disk, the engine has not all of the files."""
    engine, saving = _Engine(tmp_path, files=_WHOLE - {lacks}), Saving(every_s=0.01)
    engine.go.touch()
    thread = _started(saving, engine)
    _await(engine.begun)
    engine.begun.unlink()
    _await(engine.begun)  # The next one has begun, so the first one has ended.
    saving.end()
    thread.join(_LIMIT_S)
    assert not (tmp_path / "engine").exists()


_API = "/_aws/execute-api/a1/ingest"
_OWN = {"host": "127.0.0.1:4566"}


def _reaches(path: str, headers: dict[str, str], kind: str = "http") -> bool:
    """Say whether the engine gets the request. Else the answer is a whole 403."""
    reached: list[str] = []
    sent: list[Any] = []

    async def engine(scope: Any, _receive: Any, _send: Any) -> None:
        reached.append(scope["type"])

    async def receive() -> Any:
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(guarded(engine)({"type": kind, "path": path, "headers": named}, receive, send))  # type: ignore[arg-type]
    if not reached:
        start, body = sent
        assert start["status"] == 403
        assert dict(start["headers"])[b"content-length"] == b"%d" % len(body["body"])
    return bool(reached)


@pytest.mark.parametrize("path", ["/", "/_ministack/reset", "/_aws/execute-api/", "/_aws/execute-api/a1", "/x" + _API])
@pytest.mark.parametrize(
    "headers",
    [
        {**_OWN, "Origin": "https://evil.example"},
        {**_OWN, "origin": "null"},
        {**_OWN, "sec-fetch-site": "cross-site"},
        {"host": "evil.example:4566"},
        {"host": "localhost.evil.example"},
        {"host": "127.0.0.1.evil.example:4566"},
        {"host": "evillocalhost"},
        {"host": "localhost@evil.example"},
    ],
)
def test_a_page_in_a_browser_does_not_reach_the_engine(path: str, headers: dict[str, str]) -> None:
    """It knows the key, and could sign: it would read every text, and delete the stack."""
    assert not _reaches(path, headers)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:4566", "localhost:4566", "LOCALHOST", "[::1]:4566", "logs.s3.localhost:4566", "10.0.0.1"]
)
def test_a_program_reaches_the_engine(host: str) -> None:
    """By whatever name of this machine. So does a person who opens an address in a browser."""
    assert _reaches("/", {"host": host})
    assert _reaches("/", {"host": host, "Sec-Fetch-Site": "none"})
    assert _reaches("/", {})


def test_a_page_reaches_the_api() -> None:
    """It is public, and has a CORS configuration of its own; the front passes on the name that its client used."""
    assert _reaches(
        _API, {"host": "logs.example:8080", "origin": "https://logs.example", "sec-fetch-site": "cross-site"}
    )


def test_the_engines_start_passes() -> None:
    """An ASGI server tells the application of it."""
    assert _reaches("", {}, kind="lifespan")
