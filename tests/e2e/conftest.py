"""Stacks of the real template on the embedded engine: one for the session, others for tests that need their own."""

import contextlib
import http.client
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra import counts, dead_letters
from infra.dead_letter import DeadLetter
from infra.local import engine, lifecycle, state, terraform
from infra.stack import Place, Stack
from ingest.access.presented import KEY_HEADERS
from tests.e2e import captured_logs
from tests.leaks import LEAD_CHARS

QUIET: Mapping[str, str] = {"SecondsPerChar": "0", "CrashProbability": "0"}
_KEY_HEADERS = {"authorization", *KEY_HEADERS}
# For every wait for a condition: longer than the visibility timeout, after which a log comes back if the function had
# no time for it. It costs time only where something fails; 360 s were too few on a machine that other work shared.
_LIMIT_S = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, and put the tests that wait for minutes last."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: item.path.name == "test_terraform.py")  # Last: see `terraform_apply`.


@dataclass(frozen=True)
class Answer:
    """An HTTP answer with a JSON body."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class LocalStack:
    """A stack on an engine of its own in `data_dir`. `sent` has the beginnings of bodies, and keys and tokens."""

    data_dir: Path
    state: state.State
    sent: set[str] = field(default_factory=set)

    @cached_property
    def stack(self) -> Stack:
        """The stack: endpoint, outputs. It is kept, because its clients cost 0.1 s of CPU time to make, a poll each."""
        return self.state.stack

    @property
    def place(self) -> Place:
        """The stack's clients, with the engine's root key."""
        return self.stack.place

    @property
    def counts(self) -> counts.Counts:
        """The present counts."""
        return counts.read(self.stack, exact=True)

    @property
    def is_drained(self) -> bool:
        """Whether nothing is queued or in flight; both numbers are of one answer, so that no log moves in between."""
        return counts.queue_depth(self.stack, self.stack.queue_url) == (0, 0)

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """All dead letters, which stay in the queue. An empty queue is not read, because that takes seconds."""
        dead = self.counts.dlq
        return list(dead_letters.look(self.place.sqs, self.stack.dlq_url)) if dead else []

    def request(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}) -> Answer:
        """Send one request on a new connection; return the answer."""
        self.sent.add((body or b"")[:LEAD_CHARS].decode(errors="replace"))
        for name in headers:
            if name.lower() not in _KEY_HEADERS:
                continue
            key = headers[name].rpartition(" ")[2]
            self.sent.update((key, key[-LEAD_CHARS:]))  # All tokens begin alike.
        url = urlsplit(self.stack.endpoint)
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=_LIMIT_S)
        try:
            connection.request(method, url.path + path, body=body, headers=dict(headers))
            response = connection.getresponse()
            answer_headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, answer_headers, json.loads(response.read() or b"null"))
        finally:
            connection.close()

    def post_text(self, tenant: str, text: str, log_id: str | None = None) -> Answer:
        """POST one plain-text log."""
        headers = {"Content-Type": "text/plain", "X-Tenant-ID": tenant} | ({"X-Log-ID": log_id} if log_id else {})
        return self.request("POST", "/ingest", text.encode(), headers)

    def post_json(self, value: object, headers: Mapping[str, str] = {}) -> Answer:
        """POST a JSON value."""
        return self.request(
            "POST", "/ingest", json.dumps(value).encode(), {"Content-Type": "application/json"} | dict(headers)
        )

    def row(self, tenant: str, log_id: str) -> dict[str, Any] | None:
        """Return the stored item in DynamoDB's JSON, or None."""
        key = {"tenant_id": {"S": tenant}, "log_id": {"S": log_id}}
        return self.place.dynamodb.get_item(TableName=self.stack.table_name, Key=key, ConsistentRead=True).get("Item")

    def rows(self, tenant: str) -> list[dict[str, Any]]:
        """Return all items of a tenant."""
        pages = self.place.dynamodb.get_paginator("query").paginate(
            TableName=self.stack.table_name,
            KeyConditionExpression="tenant_id = :tenant",
            ExpressionAttributeValues={":tenant": {"S": tenant}},
        )
        return [item for page in pages for item in page["Items"]]


StartStack = Callable[..., LocalStack]
Eventually = Callable[..., Any]


@contextlib.contextmanager
def _stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartStack]:
    """Give `start(parameters, data_dir=None)`, which starts a quiet stack, or one with other parameters.

    All stacks stop when the block ends. Before that, each is checked: no line of its functions may hold a text, a field
    value or a key that went through it.
    """
    sent: dict[Path, set[str]] = {}

    def start(parameters: Mapping[str, str] | None = None, data_dir: Path | None = None) -> LocalStack:
        folder = data_dir or tmp_path_factory.mktemp("rdp")
        sent.setdefault(folder, set())
        known = state.read(folder)
        chosen = dict(QUIET) | dict(parameters or {})
        started = lifecycle.up(folder, port=None if known else 0, parameters=chosen, reset=True)
        return LocalStack(folder, started, sent[folder])

    yield start
    leaks: list[str] = []
    try:
        for folder, sent_there in sent.items():
            last = state.read(folder)
            if last is not None and engine.is_running(last):
                leaks += captured_logs.leaks_of(last.stack, sent_there)
    finally:
        for folder in sent:
            lifecycle.down(folder)
    if leaks:
        pytest.fail("A line of a function's log holds a text:\n" + "\n".join(leaks[:20]))


@pytest.fixture(scope="module")
def start_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartStack]:
    """Return `start(parameters, data_dir=None)`; its stacks stop after the module, because each uses CPU time."""
    with _stacks(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="session")
def start_shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartStack]:
    """Return `start()`, for the stacks of the whole session."""
    with _stacks(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="session")
def local_stack(start_shared_stack: StartStack) -> LocalStack:
    """The session's stack, without delay and crashes. Each test on it uses its own tenants."""
    return start_shared_stack()


@pytest.fixture(scope="session", autouse=True)
def terraform_apply(request: pytest.FixtureRequest) -> Iterator[Future[state.State] | None]:
    """The `terraform apply`, which runs from the first test on, or None if no test needs it.

    It is applied with authentication, because only then there is a reader. It takes more than a minute, in which the
    provider mostly waits, so other tests run meanwhile.
    """
    asked = any(item.path.name == "test_terraform.py" for item in request.session.items)
    if not asked or shutil.which("terraform") is None:
        yield None
        return
    data_dir = request.getfixturevalue("local_stack").data_dir
    with ThreadPoolExecutor(1) as executor:
        yield executor.submit(terraform.apply, data_dir, {**QUIET, "Authentication": "api_key"})


@pytest.fixture(scope="session")
def own_stack(start_shared_stack: StartStack) -> LocalStack:
    """The judge's stack, to which no other test sends: another test's dead letter would be a broken promise."""
    return start_shared_stack()


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """Return `eventually(read)`: the first value of `read()` that is true, or the test fails."""

    def wait(read: Callable[[], Any]) -> Any:
        deadline_s = time.monotonic() + _LIMIT_S
        while not (value := read()):
            if time.monotonic() > deadline_s:
                pytest.fail(f"Not true within {_LIMIT_S} s; it was {value!r}.")
            time.sleep(0.1)
        return value

    return wait
