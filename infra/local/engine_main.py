"""A program that runs the engine, refuses web pages, and saves its state at intervals.

MiniStack 1.5.33 itself saves only when it stops.

A forked copy of the process makes each save. The copy has the state of all services at one moment, and the engine
continues meanwhile. The copy writes into a draft folder, then renames file by file, the queues last. If it is killed in
between, a log may be both in the queue and in the table, which the consumer resolves, but never in neither.
"""

import logging
import os
import re
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Final

SAVE_EVERY_S: Final = 10.0
_SHARE: Final = 20
"""A pause is at least so many times as long as the last save: saving takes at most a twentieth of one core."""

_SAVE_LIMIT_S: Final = 300
_QUEUES: Final = "sqs.json"
_WHOLE: Final = frozenset({"cloudformation.json", "dynamodb.json", "kinesis.json", "lambda.json", "s3.json", _QUEUES})
"""A stack can't be restored without these files. Before one is deployed they do not exist, and nothing is saved."""

Application = Callable[[Any, Any, Any], Awaitable[None]]

_OF_THE_API: Final = re.compile(r"/_aws/execute-api/[^/]+/")
"""Paths that are surely the API's: without what follows the id, the engine would look for a service in the headers."""

_THIS_MACHINE: Final = re.compile(rb"(?:(?:[^:/@]+\.)?localhost|[0-9.]+|\[[0-9a-f:.]+\])(?::[0-9]+)?\Z")
_REFUSAL: Final = b"A page in a browser may use the HTTP API, and nothing else of the engine.\n"

_logger = logging.getLogger("rdp.engine")


def main() -> None:
    """Run the engine until SIGTERM. Its environment (`engine.environment`) has its settings."""
    from ministack import app  # type: ignore[import-untyped] # noqa: PLC0415 - heavy, for the engine's own process alone
    from ministack.core import persistence  # type: ignore[import-untyped] # noqa: PLC0415 - as above

    saving = Saving()
    app.save_all = saving.ended_by(app.save_all)  # The engine's own save when it stops.
    app.app = guarded(app.app)
    threading.Thread(target=saving.run, args=(app, persistence), daemon=True).start()
    app.main()


def guarded(app: Application) -> Application:
    """Return the engine's application (ASGI), of which a page in a browser reaches nothing but the HTTP API.

    The engine's key is known, MiniStack 1.5.33 lets pages of every origin read its answers, and some of its paths take
    no key: any page that is open in a browser of this machine could read all texts, and delete them.
    """

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or _OF_THE_API.match(scope["path"]) or not by_page(scope["headers"]):
            await app(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(_REFUSAL))]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": _REFUSAL})

    return answer


def by_page(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Say whether a web page makes the request. Browsers name the page, or that it is another site's (Fetch standard).

    They do neither where the page's own name was pointed at this machine (DNS rebinding): so no name but `localhost` is
    this machine's.
    """
    given = {name.lower(): value.strip().lower() for name, value in headers}
    if b"origin" in given or given.get(b"sec-fetch-site", b"none") != b"none":
        return True
    return not _THIS_MACHINE.match(given.get(b"host", b"localhost"))


class Saving:
    """Saves again and again, one save at a time, until `end`."""

    def __init__(self, every_s: float = SAVE_EVERY_S) -> None:
        self._every_s = every_s
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._saver = 0

    def end(self) -> None:
        """Kill the save that is under way, if any, and begin no other. No save writes anything after this."""
        self._ended.set()
        with self._lock:
            if self._saver:
                os.kill(self._saver, signal.SIGKILL)  # It is not reaped yet, so the id is still its own.

    def ended_by(self, save: Callable[[Any], None]) -> Callable[[Any], None]:
        """Return `save` preceded by `end`, so that no older save overwrites what it writes."""

        def save_last(services: Any) -> None:
            self.end()
            save(services)

        return save_last

    def run(self, app: Any, persistence: Any) -> None:
        """Save at intervals until `end`."""
        pause_s = self._every_s
        while not self._ended.wait(pause_s):
            started_s = time.monotonic()
            self._save_once(app, persistence)
            pause_s = max(self._every_s, _SHARE * (time.monotonic() - started_s))

    def _save_once(self, app: Any, persistence: Any) -> None:
        with self._lock:
            if self._ended.is_set():
                return
            engine_pid = os.getpid()
            self._saver = os.fork()
            if self._saver == 0:
                _save_and_exit(app, persistence, engine_pid)
        status = 0
        try:
            os.waitid(os.P_PID, self._saver, os.WEXITED | os.WNOWAIT)
        finally:
            with self._lock:
                _, status = os.waitpid(self._saver, 0)
                self._saver = 0
        if status and not self._ended.is_set():
            _logger.error("The state could not be saved (status %s); it is as it was saved before.", status)


def _save_and_exit(app: Any, persistence: Any, engine_pid: int) -> None:
    """Save the state of this copy of the engine, unless the engine has ended; never return."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.alarm(_SAVE_LIMIT_S)
        logging.disable(logging.INFO)  # It would log a line for each service every ten seconds.
        os.closerange(3, 65_536)  # Do not keep the engine's sockets open.
        target = Path(persistence.STATE_DIR)
        draft = target.with_name(target.name + ".draft")
        persistence.STATE_DIR = str(draft)
        draft.mkdir(parents=True, exist_ok=True)
        for left in draft.iterdir():
            left.unlink()
        services = app._build_persistence_save_dict()  # noqa: SLF001 - what the engine itself saves when it stops
        persistence.save_all(services)
        saved = {path.name for path in draft.iterdir()}
        if os.getppid() == engine_pid and saved >= _WHOLE:
            target.mkdir(parents=True, exist_ok=True)
            for name in sorted(saved, key=lambda name: name == _QUEUES):
                (draft / name).replace(target / name)
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
