"""One thread per shard, which reads a few pages ahead of the thread that takes them."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from consumer.replay.checkpoint import ShardPosition
from consumer.replay.read import Page

READ_AHEAD_PAGES: Final = 2
"""Pages per shard that may wait to be taken."""

PAGES_HELD: Final = READ_AHEAD_PAGES + 2
"""The most pages per shard in memory: those that wait, one that the reader holds, and the one that was taken last."""

OpenPages = Callable[[str, ShardPosition, Callable[[float], None]], Iterator[Page]]
"""(shard_id, position, sleep) -> the shard's pages; `sleep` raises when the readers are closed."""

_JOIN_S: Final = 2.0  # A thread inside a call of the client cannot be interrupted; it is a daemon and ends after it.


class _Closed(Exception):  # noqa: N818 - a signal, not an error
    """Raised inside a reader's sleep when nobody wants its pages any more."""


class ShardReaders:
    """Reads several shards at a time; `take` gives each shard's pages in their order."""

    def __init__(self, open_pages: OpenPages) -> None:
        self._open_pages = open_pages
        self._changed = threading.Condition()
        self._pages: dict[str, deque[Page | Exception]] = {}
        self._stops: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []
        self.pages_read = 0

    def start(self, shard_id: str, position: ShardPosition) -> None:
        """Begin to read a shard from `position`."""
        self._pages[shard_id] = deque()
        self._stops[shard_id] = threading.Event()
        thread = threading.Thread(target=self._read, args=(shard_id, position), name=f"read-{shard_id}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def take(self, shard_id: str, timeout_s: float) -> Page | None:
        """Return the shard's next page, or None when none came within `timeout_s` (0: don't wait).

        Raises:
            Exception: whatever ended the shard's reading.
        """
        with self._changed:
            pages = self._pages[shard_id]
            if not pages and timeout_s > 0:
                self._changed.wait_for(lambda: bool(pages), timeout_s)
            if not pages:
                return None
            page = pages.popleft()
            self._changed.notify_all()
        if isinstance(page, Exception):
            raise page
        return page

    def wait(self, seen_pages: int, timeout_s: float) -> None:
        """Return when more than `seen_pages` pages were read in all, or after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self.pages_read > seen_pages, timeout_s)

    def stop(self, shard_id: str) -> None:
        """End the reading of one shard; its pages not taken are dropped."""
        self._stops[shard_id].set()
        with self._changed:
            self._pages[shard_id].clear()
            self._changed.notify_all()

    def close(self) -> None:
        """End every reading."""
        for shard_id in self._stops:
            self.stop(shard_id)
        for thread in self._threads:
            thread.join(_JOIN_S)

    def _read(self, shard_id: str, position: ShardPosition) -> None:
        stop = self._stops[shard_id]

        def sleep(seconds: float) -> None:
            if stop.wait(seconds):
                raise _Closed

        try:
            for page in self._open_pages(shard_id, position, sleep):
                self._put(shard_id, page)
        except _Closed:
            return
        except Exception as error:  # noqa: BLE001 - handed to the thread that takes the pages, which raises it
            try:
                self._put(shard_id, error)
            except _Closed:
                return

    def _put(self, shard_id: str, page: Page | Exception) -> None:
        stop, pages = self._stops[shard_id], self._pages[shard_id]
        with self._changed:
            self._changed.wait_for(lambda: len(pages) < READ_AHEAD_PAGES or stop.is_set())
            if stop.is_set():
                raise _Closed
            pages.append(page)
            self.pages_read += 1
            self._changed.notify_all()
