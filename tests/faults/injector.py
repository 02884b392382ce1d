"""Faults on the AWS clients: every call goes through an `Injector`, which counts it and may fail it or kill the caller.

It wraps boto3's clients and `ingest.aws.clients`: any object whose methods are AWS's operations with keyword arguments.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, NoReturn, get_args

from tests.clock import Clock
from tests.faults.answers import client_error, read_timeout, unreachable

Fault = Literal[
    "refused",  # a 500, nothing is committed
    "lost_answer",  # committed, but no answer comes
    "timeout",  # not committed, no answer comes
    "unreachable",  # no connection
    "throttled",  # the service's throttling error
    "denied",  # a refusal that no retry changes
    "slow",  # committed after a delay
    "garbled",  # committed, but the answer makes the client raise an unexpected exception
    "partial",  # one entry of a batch is not committed, and the answer says so
    "partial_lost",  # one entry of a batch is committed, but the answer says that it is not
    "unreported",  # one entry of a batch is not committed, and the answer does not mention it
    "expired_iterator",
    "empty_page",
]
FAULTS: Final[tuple[Fault, ...]] = get_args(Fault)

HANG_S: Final = 4.0
"""Duration of a call that times out: the longest read time-out of the Lambdas' clients."""
SLOW_S: Final = 0.9
_EMPTY_PAGES: Final = 200

Moment = Literal["before", "after"]
Send = Callable[[dict[str, Any]], dict[str, Any]]

_THROTTLES: Final = {
    "sqs": "RequestThrottled",  # SendMessageBatch API reference, Errors
    "kinesis": "ProvisionedThroughputExceededException",
    "dynamodb": "ThrottlingException",
}
_SERVER_ERRORS: Final = {
    "sqs": "InternalFailure",
    "kinesis": "InternalFailureException",
    "dynamodb": "InternalServerError",
}


class Killed(BaseException):
    """The process was killed; only the world that restarts it catches this."""


class Batch(NamedTuple):
    """How to read a batch operation's entries, and how its answer reports a failed entry."""

    entries: Callable[[Mapping[str, Any]], list[Any]]
    kept: Callable[[dict[str, Any], list[Any]], dict[str, Any]]
    failed: Callable[[dict[str, Any], int, Any], dict[str, Any]]
    unreported: Callable[[dict[str, Any], int], dict[str, Any]]


def _of_member(name: str) -> tuple[Callable[[Mapping[str, Any]], list[Any]], Callable[..., dict[str, Any]]]:
    return (lambda asked: list(asked[name])), (lambda asked, entries: {**asked, name: entries})


def _sqs_failed(answer: dict[str, Any], _: int, entry: Any) -> dict[str, Any]:
    successful = [taken for taken in answer.get("Successful", []) if taken["Id"] != entry["Id"]]
    failure = {"Id": entry["Id"], "Code": "InternalError", "SenderFault": False}
    return {"Successful": successful, "Failed": [*answer.get("Failed", []), failure]}


def _in_list(member: str, failure: dict[str, Any]) -> Callable[[dict[str, Any], int, Any], dict[str, Any]]:
    def failed(answer: dict[str, Any], index: int, _: Any) -> dict[str, Any]:
        results = list(answer[member])
        results[index : index + 1] = [failure]
        return {**answer, member: results}

    return failed


def _unread(answer: dict[str, Any], _: int, entry: Any) -> dict[str, Any]:
    table, key = entry
    found = [item for item in answer["Responses"][table] if any(item[name] != value for name, value in key.items())]
    return {"Responses": {table: found}, "UnprocessedKeys": {table: {"Keys": [key]}}}


def _batches() -> dict[str, Batch]:
    def sqs() -> Batch:
        return Batch(*_of_member("Entries"), _sqs_failed, lambda answer, _: answer)

    def keys(asked: Mapping[str, Any]) -> list[Any]:
        return [(table, key) for table, request in asked["RequestItems"].items() for key in request["Keys"]]

    def with_keys(asked: dict[str, Any], entries: list[Any]) -> dict[str, Any]:
        ((table, request),) = asked["RequestItems"].items()
        return {**asked, "RequestItems": {table: {**request, "Keys": [key for _, key in entries]}}}

    throttled = {"Error": {"Code": "ThrottlingError", "Message": "as told"}}
    exceeded = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "as told"}
    return {
        "sqs.send_message_batch": sqs(),
        "sqs.delete_message_batch": sqs(),
        "sqs.change_message_visibility_batch": sqs(),
        "kinesis.put_records": Batch(
            *_of_member("Records"),
            _in_list("Records", exceeded),
            lambda answer, index: {**answer, "Records": answer["Records"][:index]},
        ),
        "dynamodb.batch_execute_statement": Batch(
            *_of_member("Statements"),
            _in_list("Responses", throttled),
            lambda answer, index: {**answer, "Responses": answer["Responses"][:index]},
        ),
        "dynamodb.batch_get_item": Batch(keys, with_keys, _unread, lambda answer, _: answer),
    }


BATCHES: Final = _batches()


@dataclass
class Rule:
    """A fault on a step (`component service.operation`): after `skip` calls, `times` times (None: always).

    `index` is the position of the entry that fails in a batch; in a shorter batch the last entry fails.
    """

    step: str
    fault: Fault
    times: int | None = 1
    index: int = 0
    skip: int = 0
    met: int = 0

    def __post_init__(self) -> None:
        if self.fault == "empty_page" and self.times is None:
            self.times = _EMPTY_PAGES  # With empty pages for ever, a reader would rightly never finish.

    def applies(self, step: str) -> bool:
        """Return whether this call is to fail, and count it."""
        if step != self.step or (self.times is not None and self.met >= self.skip + self.times):
            return False
        self.met += 1
        return self.met > self.skip


class Injector:
    """Sits between the code and the model of AWS. `component` is the program that makes the calls."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.component = ""
        self.rules: list[Rule] = []
        self.steps: list[str] = []
        self.kill_at: tuple[int, Moment] | None = None
        self.deadline_s: float | None = None
        self.dead = False
        self.lives: list[int] = []  # The number of steps when each life began.
        self.doomed_life: int | None = None
        self.on_death: Callable[[], object] = lambda: None
        self.sigkills = 0
        self.on_start: Callable[[int], object] = lambda _: None

    def start(self, component: str, deadline_s: float | None) -> None:
        """Start a process (a life) of `component`, which Lambda ends at `deadline_s`; `on_start` is told its number."""
        self.component, self.deadline_s, self.dead = component, deadline_s, False
        self.lives.append(len(self.steps))
        self.on_start(len(self.lives) - 1)

    @property
    def is_doomed(self) -> bool:
        """Whether this life will be killed with SIGKILL, and so needs a process of its own."""
        return self.kill_at is not None and self.doomed_life == len(self.lives) - 1

    def forget(self) -> None:
        """Count lives and steps from 0 again."""
        self.steps.clear()
        self.lives.clear()

    def wrap(self, service: str, client: object) -> Any:
        """Return a client that may fail at every call."""
        return _Wrapped(self, service, client)

    def step(self, name: str, run: Callable[[], Any]) -> Any:
        """Run a step of `component`, unless the process is killed before or after it."""
        if self.dead:
            raise Killed  # A dead process cannot clean up: calls in its `finally` blocks must not reach AWS.
        number = len(self.steps)
        self.steps.append(f"{self.component} {name}")
        if self.kill_at == (number, "before"):
            self._die()
        try:
            return run()
        finally:  # After an error too: it is an answer.
            if self.kill_at == (number, "after"):
                self._die()

    def _die(self) -> NoReturn:
        self.dead = True
        self.on_death()
        raise Killed

    def call(self, service: str, operation: str, send: Send, asked: dict[str, Any]) -> dict[str, Any]:
        """Return the answer of one call, or the fault that a rule puts in its place."""
        step = f"{self.component} {service}.{operation}"
        rule = next((rule for rule in self.rules if rule.applies(step)), None)

        def run() -> dict[str, Any]:
            try:
                return send(asked) if rule is None else self._fail(rule, service, operation, send, asked)
            finally:
                if self.deadline_s is not None and self._clock.now_s >= self.deadline_s:
                    self._die()  # Lambda's timeout ends the process while it waits.

        answer: dict[str, Any] = self.step(f"{service}.{operation}", run)
        return answer

    def _fail(self, rule: Rule, service: str, operation: str, send: Send, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: C901 - one case a fault
        match rule.fault:
            case "refused":
                raise client_error(operation, _SERVER_ERRORS[service], 500)
            case "lost_answer":
                send(asked)
                self._clock.sleep(HANG_S)
                raise read_timeout()
            case "timeout":
                self._clock.sleep(HANG_S)
                raise read_timeout()
            case "unreachable":
                raise unreachable()
            case "throttled":
                raise client_error(operation, _THROTTLES[service])
            case "denied":
                raise client_error(operation, "AccessDeniedException")
            case "slow":
                self._clock.sleep(SLOW_S)
                return send(asked)
            case "garbled":
                send(asked)
                raise ValueError("unexpected end of data")
            case "expired_iterator":
                raise client_error(operation, "ExpiredIteratorException")
            case "empty_page":
                return {"Records": [], "NextShardIterator": asked["ShardIterator"], "MillisBehindLatest": 1}
            case "partial" | "partial_lost" | "unreported":
                return _fail_entry(rule, BATCHES[f"{service}.{operation}"], send, asked)


def _fail_entry(rule: Rule, batch: Batch, send: Send, asked: dict[str, Any]) -> dict[str, Any]:
    entries = batch.entries(asked)
    index = min(rule.index, len(entries) - 1)
    failing = entries[index]
    if rule.fault == "partial_lost":
        return batch.failed(send(asked), index, failing)
    kept = entries[:index] + entries[index + 1 :]
    if rule.fault == "unreported":
        # An ordered batch can only end early: entries after the missing one are not committed either.
        kept = entries[:index] if "Entries" not in asked else kept
        return batch.unreported(send(batch.kept(asked, kept)) if kept else _empty(asked), index)
    answer = send(batch.kept(asked, kept)) if kept else _empty(asked)
    return _insert_failure(batch, answer, index, failing)


def _empty(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a batch of which nothing was committed."""
    if "RequestItems" in asked:
        return {"Responses": {table: [] for table in asked["RequestItems"]}, "UnprocessedKeys": {}}
    return {"Records": [], "Responses": []}


def _insert_failure(batch: Batch, answer: dict[str, Any], index: int, failing: Any) -> dict[str, Any]:
    for member in ("Records", "Responses"):
        results = answer.get(member)
        if isinstance(results, list):
            answer = {**answer, member: [*results[:index], {}, *results[index:]]}
    return batch.failed(answer, index, failing)


class _Wrapped:
    def __init__(self, injector: Injector, service: str, client: object) -> None:
        self._injector = injector
        self._service = service
        self._client = client

    def __getattr__(self, operation: str) -> Any:
        method = getattr(self._client, operation)
        if operation == "get_paginator":
            return method

        def call(**asked: Any) -> dict[str, Any]:
            return self._injector.call(self._service, operation, lambda sent: method(**sent), asked)

        return call


def faults_of(operation: str) -> Iterable[Fault]:
    """Return the faults that an operation can have."""
    always: tuple[Fault, ...] = (
        *("refused", "lost_answer", "timeout", "unreachable", "throttled", "denied", "slow", "garbled"),
    )
    if operation in BATCHES:
        return (*always, "partial", "partial_lost", "unreported")
    if operation == "kinesis.get_records":
        return (*always, "expired_iterator", "empty_page")
    return always
