"""What each dialect answers to a partly refused request, a refused one, an overload, a quota and bad credentials."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from ingest.api import dialects
from ingest.api.request import Request
from ingest.api.routes import Routes
from ingest.contract.errors import Rejected
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event

_LONG = "x" * 170_001


class Words(NamedTuple):
    """A dialect's answers to the `bodies`: one with a sound log, one with a sound and a bad log, one with a bad log.

    `success` and `partial` are statuses; `why` is the place of a refusal's reason in the answer.
    """

    path: str
    bodies: tuple[str, str, str]
    success: int
    partial: int
    why: Sequence[str | int]
    content_type: str = "application/json"


def _lists(good: str, bad: str) -> tuple[str, str, str]:
    return f"[{good}]", f"[{good},{bad}]", f"[{bad}]"


def _lines(good: str, bad: str) -> tuple[str, str, str]:
    return good, f"{good}\n{bad}", bad


def _within(envelope: str, good: str, bad: str) -> tuple[str, str, str]:
    one, both, none = _lists(good, bad)
    return envelope % one, envelope % both, envelope % none


_GOOD, _BAD = '{"message":"a"}', f'{{"message":"{_LONG}"}}'

WORDS = {
    "axiom": Words("/v1/datasets/shop/ingest", _lines(_GOOD, _BAD), 200, 200, ["message"]),
    "datadog": Words("/api/v2/logs", _lists(_GOOD, _BAD), 202, 202, ["errors", 0, "detail"]),
    "datadog v1": Words("/v1/input/key", _lists(_GOOD, _BAD), 200, 200, ["message"]),
    "gelf": Words("/gelf", _lines('{"short_message":"a"}', f'{{"short_message":"{_LONG}"}}'), 202, 202, ["message"]),
    "logtail": Words("/", _lists(_GOOD, _BAD), 202, 202, ["errors", 0]),
    "newrelic": Words("/log/v1", _lists(_GOOD, _BAD), 202, 202, ["error"]),
    "seq": Words(
        "/api/events/raw",
        tuple(f'{{"Events":{body}}}' for body in _lists('{"MessageTemplate":"a"}', '{"MessageTemplate":7e7e}')),  # type: ignore[arg-type] # three
        201,
        201,
        ["Error"],
    ),
    "loggly": Words("/bulk/key", _lines(_GOOD, _BAD), 200, 200, ["error"]),
    "logdna": Words("/logs/ingest", _within('{"lines":%s}', _GOOD, _BAD), 200, 200, ["error"]),
    "logscale": Words(
        "/api/v1/ingest/humio-structured",
        _within('[{"events":%s}]', '{"rawstring":"a"}', f'{{"rawstring":"{_LONG}"}}'),
        200,
        200,
        ["error"],
    ),
    "coralogix": Words("/logs/v1/singles", _lists(_GOOD, _BAD), 200, 200, ["error"]),
    "openobserve": Words("/api/org/shop/_json", _lists(_GOOD, _BAD), 200, 200, ["error"]),
    "logflare": Words("/logs", _within('{"batch":%s}', _GOOD, _BAD), 200, 200, ["error"]),
    "sumo logic": Words("/receiver/v1/http/key", _lines("a", _LONG), 200, 200, ["error"]),
}


def _post(words: Words, body: str, ingest: Ingest) -> dict[str, Any]:
    return ingest(event(body, words.content_type, path=words.path))


def _why(words: Words, answer: dict[str, Any]) -> str:
    found = json.loads(answer["body"])
    for step in words.why:
        found = found[step]
    return str(found)


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_part_refused_costs_no_neighbour(words: Words, ingest: Ingest) -> None:
    """A partly refused request has a success's status, and its body says what was refused."""
    answer = _post(words, words.bodies[1], ingest)
    assert answer["statusCode"] == words.partial
    assert [message.text for message in ingest.enqueued] == ["a"]
    assert "too_large" in answer["body"] or "invalid_json" in answer["body"]


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_all_refused_is_a_400(words: Words, ingest: Ingest) -> None:
    """A request whose logs are all refused is a 400 with the reason, and nothing is sent."""
    answer = _post(words, words.bodies[2], ingest)
    assert (answer["statusCode"], ingest.enqueued) == (400, [])
    assert "too_large" in _why(words, answer) or "invalid_json" in _why(words, answer)


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_what_the_queue_did_not_take_comes_again(words: Words, ingest: Ingest) -> None:
    """If the queue does not take the logs, the answer is a 503 with Retry-After, which most clients repeat."""
    ingest.sqs.always = ClientError({"Error": {"Code": "AccessDenied"}}, "SendMessageBatch")
    answer = _post(words, words.bodies[0], ingest)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")
    assert "again" in _why(words, answer)
    assert ingest.enqueued != []  # SQS was called.


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_refusals_of_the_whole(words: Words) -> None:
    """Each reason for a refusal has its status, and only one that may pass has Retry-After."""
    match = Routes(dialects.ALL).find(event("", path=words.path))  # type: ignore[arg-type] # a test's event
    assert match is not None
    for rejected in (Rejected("tenant_forbidden"), Rejected("over_quota", 7), Rejected("body_too_large")):
        answer = match.dialect.refuse(rejected, Request({}, {}, b"", match.path, match.parameters, "r"))
        assert answer["statusCode"] == rejected.status
        assert rejected.reason in _why(words, dict(answer))
        assert answer["headers"].get("retry-after") == ("7" if rejected.retry_after_s else None)


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_success_says_no_more_than_the_client_waits_for(words: Words, ingest: Ingest) -> None:
    """Success has the dialect's status, and its body mentions no refusals."""
    answer = _post(words, words.bodies[0], ingest)
    assert (answer["statusCode"], "refused" in answer["body"]) == (words.success, False)
