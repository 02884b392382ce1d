"""Sends requests over a few keep-alive connections, retries where that may help, and tallies the lines' results."""

import http.client
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from infra.shipping import shipment
from infra.shipping.log_file import Line
from infra.shipping.shipment import Answer, Shipment

_ATTEMPTS: Final = 6
_FIRST_BACKOFF_S: Final = 0.2
_MAX_BACKOFF_S: Final = 10.0
_MAX_RETRY_AFTER_S: Final = 60.0
_TIMEOUT_S: Final = 30.0
_SIGNALS_S: Final = 0.2
_EXAMPLES: Final = 5


@dataclass
class Tally:
    """The results of the lines so far: counts by reason or cause, and examples of lines that were not accepted."""

    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[int, str]] = field(default_factory=list)

    @property
    def not_accepted(self) -> int:
        """How many lines were rejected or failed."""
        return self.rejected.total() + self.failed.total()

    def add(self, answer: Answer) -> int:
        """Count the answer's lines, except those to send again; return how many."""
        self.accepted += len(answer.accepted)
        for line, reason in answer.rejected:
            self.reject(line.number, reason)
        return len(answer.accepted) + len(answer.rejected)

    def reject(self, number: int, reason: str) -> None:
        """Count a line as rejected."""
        self.rejected[reason] += 1
        self._remember(number, reason)

    def add_failed(self, sent: Shipment, cause: str) -> int:
        """Count the request's lines as failed; return how many."""
        self.failed[cause] += len(sent.lines)
        for line in sent.lines:
            self._remember(line.number, cause)
        return len(sent.lines)

    def _remember(self, number: int, why: str) -> None:
        if len(self.examples) < _EXAMPLES:
            self.examples.append((number, why))


class Sender:
    """Sends requests to `url` over `connections` threads until all are sent, `stop` is set, or it gives up.

    It gives up when the server does not answer, or refuses the credentials or the URL: `lost` then says why. `headers`
    (credentials) go with each request; `on_accepted` gets the lines that ingest took. `pause_s(attempt, retry_after_s)`
    returns the time until the next attempt.
    """

    def __init__(
        self,
        url: str,
        tenant: str,
        *,
        connections: int,
        on_lines: Callable[[int], None] = lambda _: None,
        on_accepted: Callable[[Sequence[Line]], None] = lambda _: None,
        headers: Mapping[str, str] = {},
        stop: threading.Event | None = None,
        pause_s: "Callable[[int, float | None], float] | None" = None,
    ) -> None:
        self.tally = Tally()
        self.stop = stop or threading.Event()
        self.lost = ""
        self._url = urlsplit(url)
        self._tenant = tenant
        self._connections = connections
        self._on_lines = on_lines
        self._on_accepted = on_accepted
        self._headers = headers
        self._pause_s = pause_s or _pause_s
        self._reading = threading.Lock()
        self._lock = threading.Lock()
        self._ended = False
        self._broken: list[BaseException] = []

    def run(self, requests: Iterable[Shipment]) -> bool:
        """Send all requests and return True; False if `stop` or giving up left some. Requests under way finish."""
        pending = iter(requests)
        threads = [threading.Thread(target=self._work, args=(pending,)) for _ in range(self._connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                # The timeout is for signals: Python handles one only in the main thread, and a signal that arrives just
                # before the join would not wake it.
                thread.join(_SIGNALS_S)
        if self._broken:
            raise self._broken[0]
        return self._ended and not self.lost

    def _work(self, pending: Iterator[Shipment]) -> None:
        connection = self._connect()
        try:
            while not (self.stop.is_set() or self.lost):
                with self._reading:
                    sent = next(pending, None)
                if sent is None:
                    self._ended = not self.stop.is_set()
                    return
                self._send(connection, sent)
        except BaseException as error:  # noqa: BLE001 - run raises it again in its caller's thread
            self._broken.append(error)
            self.lost = type(error).__name__
        finally:
            connection.close()

    def _send(self, connection: http.client.HTTPConnection, sent: Shipment) -> None:
        cause = ""
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._post(connection, sent)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                cause = f"no answer ({type(error).__name__})"
                wait_s = None
                hopeless = True
            else:
                with self._lock:
                    self._on_lines(self.tally.add(answer))
                    self._on_accepted(answer.accepted)
                if not answer.again:
                    return
                cause = answer.cause
                wait_s = answer.retry_after_s
                hopeless = answer.hopeless
                sent = shipment.request(answer.again, self._tenant)
                if hopeless:
                    break
            if attempt + 1 < _ATTEMPTS and self.stop.wait(self._pause_s(attempt, wait_s)):
                break
        with self._lock:
            self._on_lines(self.tally.add_failed(sent, cause))
        if hopeless:
            self.lost = cause  # The other lines would fail too, after the same time.

    def _post(self, connection: http.client.HTTPConnection, sent: Shipment) -> Answer:
        connection.request("POST", self._url.path, body=sent.body, headers={**sent.headers, **self._headers})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return shipment.read_answer(sent, response.status, headers, response.read())

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        return kind(self._url.hostname or "", self._url.port, timeout=_TIMEOUT_S)


def _pause_s(attempt: int, retry_after_s: float | None) -> float:
    """Return the time until the next attempt: the server's if it named one, else exponential with full jitter."""
    if retry_after_s is not None:
        return min(retry_after_s, _MAX_RETRY_AFTER_S)
    return random.uniform(0, min(_MAX_BACKOFF_S, _FIRST_BACKOFF_S * 2**attempt))  # noqa: S311 - no secret
