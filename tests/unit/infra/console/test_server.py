"""The console as a process has it: a real socket, its token, its end."""

import asyncio
import logging
import threading
import urllib.request
from queue import Queue

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.console import server
from infra.stack import Place, Stack, StackError
from tests.unit.infra.console.stored import Stored, browser


def test_it_listens_on_this_machine_alone_and_ends_when_asked() -> None:
    """The told address opens it; `stop` ends it, with its socket closed."""
    addresses: Queue[str] = Queue()
    stop = threading.Event()
    listener = server.listen(0)
    assert listener.getsockname()[0] == "127.0.0.1"
    app = browser(Stored([])).app
    with pytest.raises(StackError, match=r"Port \d+ of 127.0.0.1: .* Take another with --port"):
        server.listen(listener.getsockname()[1])
    running = threading.Thread(target=lambda: server.run(app, listener, stop=stop, tell=addresses.put))
    running.start()
    try:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        address = addresses.get(timeout=30)
        opener.open(address, timeout=30).close()
        with opener.open(address.partition("?")[0], timeout=30) as page:
            assert page.status == 200
            assert "server" not in page.headers
            assert b'name="tenant"' in page.read()
    finally:
        stop.set()
        running.join(30)
    assert not running.is_alive()


def test_an_answer_that_is_under_way_does_not_hold_up_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """It is cut off, and nothing is printed about it."""
    addresses: Queue[str] = Queue()
    asked, stop = threading.Event(), threading.Event()

    async def hang(_: Request) -> Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    app, listener = Starlette(routes=[Route("/hang", hang)]), server.listen(0)
    running = threading.Thread(target=lambda: server.run(app, listener, stop=stop, tell=addresses.put))
    running.start()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    address = addresses.get(timeout=30)
    opener.open(address, timeout=30).close()

    def ask() -> None:
        with pytest.raises(OSError):  # noqa: PT011 - whatever the system says of a connection that is cut
            opener.open(address.partition("?")[0] + "hang", timeout=60)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        assert asked.wait(30)
    finally:
        stop.set()
        running.join(30)
        asking.join(30)
    assert not running.is_alive()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_stack_that_does_not_name_its_consumer_has_no_settings() -> None:
    """Outputs may be of another program: then all rules redact, and the table is taken to keep every log."""
    assert server.consumer_settings(Stack(Place(region="eu-central-1"), "http://127.0.0.1:9", {})) is None
