"""What functions say when they are asked whether they start."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from consumer.query.handler import outside
from consumer.query.invocation import respond
from consumer.query.settings import Settings
from infra import function_start
from infra.function_start import Start
from infra.stack import StackError
from ingest.aws.retry import Time
from tests.unit.ingest.fakes import Clock, FakeDynamoDb

_ENDED_START = b'{"errorMessage": "Worker process exited immediately. stderr: "}'


class _Lambda:
    """Answers from a script by function name: a payload of a failure, an error code, or (absent) success.

    The first `ended_starts` answers to each say that the engine ended the start.
    """

    def __init__(self, failures: dict[str, bytes], codes: dict[str, str]) -> None:
        self.failures, self.codes = failures, codes
        self.ended_starts: dict[str, int] = {}
        self.asked: dict[str, Any] = {}

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.asked[FunctionName] = json.loads(Payload)
        if code := self.codes.get(FunctionName):
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "Invoke")
        if self.ended_starts.get(FunctionName, 0) > 0:
            self.ended_starts[FunctionName] -= 1
            return {"Payload": io.BytesIO(_ENDED_START), "FunctionError": "Unhandled"}
        failed = {"FunctionError": "Unhandled"} if FunctionName in self.failures else {}
        return {"Payload": io.BytesIO(self.failures.get(FunctionName, b"{}")), **failed}


class _Stack:
    outputs = {"IngestFunctionName": "i", "ConsumerFunctionName": "c"}  # noqa: RUF012 - never changed

    def __init__(self, **failures: bytes) -> None:
        self.lambda_ = _Lambda(failures, {})

    @property
    def place(self) -> "_Stack":
        return self


def _asked(stack: Any) -> dict[str, Start]:
    return function_start.ask(stack)


def test_both_functions_are_asked_for_a_sign_of_life() -> None:
    """Ingest as GET /health would, the consumer by its own question; neither touches a log."""
    stack = _Stack()
    assert _asked(stack) == {"ingest": Start(starts=True), "consumer": Start(starts=True)}
    assert stack.lambda_.asked["i"]["rawPath"] == "/health"
    assert "Records" not in stack.lambda_.asked["c"]
    function_start.check(stack)  # type: ignore[arg-type]  # as far as it is looked at


def test_the_reader_s_sign_of_life_leaves_no_line() -> None:
    """The reader answers this very event without credentials, and writes no line about a refused request."""
    stack: Any = _Stack()
    stack.outputs = stack.outputs | {"ReaderFunctionName": "r"}
    assert _asked(stack)["reader"] == Start(starts=True)
    event = stack.lambda_.asked["r"]
    lines: list[str] = []
    settings = Settings(table_name="logs", access_table_name="access", authentication="api_key")
    clock = Clock()
    answer = respond(
        event,
        remaining_s=10.0,
        lambda_request_id="l",
        stack="rdp",
        outside=outside(
            settings,
            FakeDynamoDb(),
            Time(clock.monotonic, clock.sleep, lambda: 0.5),
            now_ms=lambda: 0,
            write_line=lines.append,
        ),
    )
    assert (answer["statusCode"], json.loads(answer["body"]), lines) == (200, {"status": "ok"}, [])


def test_a_start_that_the_engine_ended_is_asked_for_again() -> None:
    """It says nothing about the function; one that never gets to start is told in the end."""
    stack = _Stack(c=b'{"errorMessage": "no such rule"}')
    stack.lambda_.ended_starts = {"i": 2, "c": 1}
    assert _asked(stack) == {"ingest": Start(starts=True), "consumer": Start(starts=False, detail="no such rule")}
    stack.lambda_.ended_starts = {"i": 100}
    assert str(_asked(stack)["ingest"]) == "does not start: Worker process exited immediately. stderr: "


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b'{"errorMessage": "Worker init failed: No module named \'x\'."}', "does not start: No module named 'x'"),
        (b'{"errorType": "Runtime.ExitError"}', 'does not start: {"errorType": "Runtime.ExitError"}'),
        (b"\xff", "does not start: \ufffd"),
    ],
)
def test_why_one_does_not_start_is_told_in_its_words(payload: bytes, says: str) -> None:
    """The engine's own words before them are left out; an answer of another form is told as it is."""
    stack = _Stack(c=payload)
    assert str(_asked(stack)["consumer"]) == says
    with pytest.raises(StackError, match="dead-letter queue"):
        function_start.check(stack)  # type: ignore[arg-type]


def test_who_may_not_ask_is_told_so() -> None:
    """A function without concurrency left does not count as one that does not start; another error is not hidden."""
    stack = _Stack()
    stack.lambda_.codes |= {"i": "AccessDeniedException", "c": "TooManyRequestsException"}
    answers = _asked(stack)
    assert [answer.starts for answer in answers.values()] == [None, None]
    assert "lambda:InvokeFunction" in str(answers["ingest"])
    assert function_start.told(answers) == []
    stack.lambda_.codes["i"] = "ServiceException"
    with pytest.raises(ClientError):
        _asked(stack)


def test_a_function_that_is_gone_is_told_as_one_that_does_not_start() -> None:
    """A deployment may have removed it since the outputs were read: the others' answers are still given."""
    stack: Any = _Stack()
    stack.outputs = stack.outputs | {"ReaderFunctionName": "r"}
    stack.lambda_.codes["r"] = "ResourceNotFoundException"
    answers = _asked(stack)
    assert [answer.starts for answer in answers.values()] == [True, True, False]
    (sentence,) = function_start.told(answers)
    assert sentence.startswith("reader does not start: there is no such function. GET /logs answers 500")
