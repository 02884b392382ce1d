"""Programs that take turns: each is a greenlet that stops before every call until the scheduler continues it."""

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple, TypeVar

import greenlet

from tests.faults.answers import client_error, read_timeout
from tests.faults.injector import Killed

How = Literal[
    "go",
    "lost",  # the call took effect, but the caller sees a time-out
    "refused",  # a 500, and the call had no effect
    "kill",  # the caller is killed before the call; a kill after it is the same as one before the next call
]

_READS: Final = frozenset({"list_shards", "get_shard_iterator", "get_records", "batch_get_item"})
_RECEIPT_NUMBER: Final = re.compile(r"#\d+")
_T = TypeVar("_T")

OUR_BUGS: Final = (AssertionError, TypeError, AttributeError, NameError)
"""Errors that end the whole search: they are mistakes in the test's code, which would hide real failures."""


class Pending(NamedTuple):
    """A task's next call. `choices` returns the messages that a receive may bring; it is called when the turn comes."""

    name: str
    enabled: Callable[[], bool]
    choices: Callable[[], list[tuple[str, ...]]] | None = None


class Task:
    """One program from its start. `history` is a digest of all that it has seen, and so identifies its local state."""

    def __init__(self, name: str, component: str, run: "Callable[[Task], object]") -> None:
        self.name = name
        self.component = component
        self.pending: Pending | None = None
        self.history = b""
        self.dead = False
        self.deadline_s: float | None = None
        self.sends = 0
        self.failure: BaseException | None = None
        self.steps: list[str] = []
        self._run = run
        self._ended = False
        self._greenlet: Any = None

    def start(self) -> None:
        """Run to the first call."""
        self._greenlet = greenlet.greenlet(self._body)
        self._greenlet.task = self
        self.pending = self._greenlet.switch()

    def go_on(self, order: object) -> None:
        """Carry out the pending call as ordered, and run to the next call."""
        self.pending = self._greenlet.switch(order)

    def end(self) -> None:
        """End the program; it makes no further call."""
        self._ended = True
        self.dead = True
        while self._greenlet is not None and not self._greenlet.dead:
            self.pending = self._greenlet.switch("kill")

    def call(self, service: str, operation: str, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Wait for the task's turn; return the call's answer."""
        order = self.stop(Pending(f"{service}.{operation}", lambda: True))
        if order == "refused":
            self.note("refused")
            raise client_error(operation, "InternalFailure", 500)
        try:
            answer = act()
        except Exception as error:
            self.note(repr(error))
            raise
        if order == "lost":
            self.note("lost")
            raise read_timeout()
        self.note(_RECEIPT_NUMBER.sub("#", repr(answer)))
        return answer

    def act(self, name: str, do: Callable[[], _T]) -> _T:
        """Wait for the task's turn; do a step outside of the program, such as a deletion by Lambda's poller."""
        self.stop(Pending(name, lambda: True))
        return do()

    def stop(self, pending: Pending) -> object:
        """Return the scheduler's order for the pending call.

        Raises:
            Killed: the program was killed.
        """
        if self.dead:
            raise Killed  # A dead process cannot clean up: calls in its `finally` blocks must not reach AWS.
        order: object = greenlet.getcurrent().parent.switch(pending)
        if order == "kill":
            self.note("killed")
            self.dead = True
            raise Killed
        return order

    def note(self, seen: str) -> None:
        """Add something that the program saw to its history."""
        self.history = blake2b(self.history + seen.encode(), digest_size=12).digest()

    def revive(self) -> None:
        """Start the program's next process, as Lambda does after one has died."""
        if self._ended:
            raise greenlet.GreenletExit
        self.dead = False
        self.deadline_s = None

    def _body(self) -> None:
        try:
            self._run(self)
        except Killed:
            pass
        except OUR_BUGS:
            raise
        except Exception as error:  # noqa: BLE001 - a program that fails is over; what it left behind is judged
            self.failure = error


def hows(pending: Pending) -> tuple[How, ...]:
    """Return how a pending call may go wrong; a call that only reads can lose nothing but its answer."""
    service, _, operation = pending.name.partition(".")
    if service not in {"sqs", "kinesis", "dynamodb"}:
        return ("kill",)
    return ("refused", "kill") if operation in _READS else ("lost", "refused", "kill")


def current() -> Task:
    """Return the task that runs now."""
    task: Task = greenlet.getcurrent().task
    return task


class Switched:
    """A client whose calls are switch points. `client` is called at each of them, because each run has a new world."""

    def __init__(self, service: str, client: Callable[[], object]) -> None:
        self._service = service
        self._client = client

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def call(**asked: Any) -> dict[str, Any]:
            method = getattr(self._client(), operation)
            return current().call(self._service, operation, lambda: method(**asked))

        return call


def switched(service: str, client: Callable[[], object]) -> Any:
    """Return a client with switch points, in place of boto3's."""
    return Switched(service, client)
