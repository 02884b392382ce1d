"""Whether the functions of a stack start: each is invoked with an event that it only answers."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from botocore.exceptions import ClientError

from consumer import health
from infra.stack import Stack, StackError

_GET_HEALTH: Final = {
    "version": "2.0",
    "rawPath": "/health",
    "rawQueryString": "",
    "headers": {},
    "requestContext": {"requestId": "rdp", "http": {"method": "GET", "path": "/health"}},
    "isBase64Encoded": False,
}
"""Ingest and reader answer it without credentials, and write no line about it."""

_PROBES: Final[Mapping[str, tuple[str, object]]] = {
    "ingest": ("IngestFunctionName", _GET_HEALTH),
    "consumer": ("ConsumerFunctionName", health.REQUEST),
    "reader": ("ReaderFunctionName", _GET_HEALTH),
}
"""By function: the output that names it, and the event. A stack without authentication has no reader."""

_ENGINES_WORDS: Final = "Worker init failed: "  # MiniStack 1.5.33 puts this before the function's own message.
_ENGINES_KILL: Final = "Worker process exited immediately"
"""MiniStack 1.5.33 says this of a start that it ended itself: if one start fails, it ends the function's others too."""

_GONE: Final = "ResourceNotFoundException"
"""Also of a function that a later deployment removed: the stack's outputs may have been read before."""

_ASK_MOST: Final = 5
_NOT_TOLD: Final[Mapping[str, str]] = {
    "AccessDeniedException": "not checked, because you may not call lambda:InvokeFunction",
    "TooManyRequestsException": "not checked, because all its concurrency is in use",
}
"""Errors of Invoke that say nothing about the function: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

_WHAT_NOW: Final = {
    "ingest": "Clients get a 500 and must send again.",
    "consumer": "Logs wait in the queue, and after MaxReceiveCount receives go to the dead-letter queue.",
    "reader": "GET /logs answers 500; nothing is lost.",
}


class Start(NamedTuple):
    """A function's answer. `starts` is None if it could not be invoked; `detail` is the reason if it is not True."""

    starts: bool | None
    detail: str = ""

    def __str__(self) -> str:
        return "starts" if self.starts else self.detail if self.starts is None else f"does not start: {self.detail}"


def ask(stack: Stack) -> dict[str, Start]:
    """Return each function's answer, under `ingest`, `consumer` and, if there is one, `reader`."""
    _ = stack.place.lambda_  # boto3 makes its clients in one thread only.
    services = [service for service, (output, _) in _PROBES.items() if output in stack.outputs]
    with ThreadPoolExecutor(len(services)) as executor:
        return dict(zip(services, executor.map(lambda service: _answer(stack, service), services), strict=True))


def told(answers: Mapping[str, Start]) -> list[str]:
    """Return a sentence for each function that does not start: why, what follows from that, and what to do."""
    return [
        f"{service} {answer}. {_WHAT_NOW[service]} Correct the parameter (--param NAME=VALUE) or the code, and "
        f"deploy again."
        for service, answer in answers.items()
        if answer.starts is False
    ]


def check(stack: Stack) -> None:
    """Return if every function that could be invoked starts.

    Raises:
        StackError: a function does not start.
    """
    if sentences := told(ask(stack)):
        raise StackError("\n".join(["The stack is deployed, but it does not work.", *sentences]))


def _answer(stack: Stack, service: str) -> Start:
    output, event = _PROBES[service]
    reason = ""
    for _ in range(_ASK_MOST):
        try:
            response = stack.place.lambda_.invoke(FunctionName=stack.outputs[output], Payload=json.dumps(event))
        except ClientError as error:
            if (code := error.response["Error"]["Code"]) == _GONE:
                return Start(starts=False, detail="there is no such function")
            if (untold := _NOT_TOLD.get(code)) is None:
                raise
            return Start(None, untold)
        if "FunctionError" not in response:
            return Start(starts=True)
        reason = _reason(response["Payload"].read())
        if not reason.startswith(_ENGINES_KILL):
            break
    return Start(starts=False, detail=reason)


def _reason(payload: bytes) -> str:
    """Return a failed invocation's message: https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html."""
    try:
        said = json.loads(payload)["errorMessage"]
    except (ValueError, KeyError, TypeError):
        said = payload.decode(errors="replace")
    return str(said).removeprefix(_ENGINES_WORDS).rstrip(".")
