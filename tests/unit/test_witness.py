"""The witness sees what it is for: each way out to a log, planted with a log's text, is found.

Each test makes the witness forget what it found, or it would fail by the check that every test has.
"""

import json
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FunctionType, SimpleNamespace
from typing import Any

import pytest

from consumer import report
from ingest.access.principal import Credentials, Principal, principal_of
from ingest.api import request
from ingest.contract.errors import Rejected
from ingest.contract.metrics import emf_line, log_line
from tests.leaks import LEAD_CHARS
from tests.unit.consumer.fakes import World, body, sqs_event
from tests.unit.ingest import fakes
from tests.witness import Witness

_SECRET = "hunter2 is the password"


def _as_function(function: Callable[[str], object]) -> Callable[[str], object]:
    """Return the function as if it stood in a module of the ingest Lambda."""
    return FunctionType(function.__code__, function.__globals__ | {"__name__": "ingest.planted"})


def _found(witness: Witness) -> list[str]:
    found = witness.leaks()
    witness.forget()
    return found


_WAYS: dict[str, Callable[[str], object]] = {
    "print": lambda text: print(text, flush=True),  # noqa: T201 - planted
    "standard output": lambda text: sys.stdout.write(f"{text}\n"),
    "standard error": lambda text: sys.stderr.write(f"{text}\n"),
    "os.write": lambda text: os.write(2, text.encode()),
    "logging": lambda text: logging.getLogger("ingest").warning("refused %s", text),
    "a log line": lambda text: log_line("error", "planted", {"cause": text}),
    "an EMF line": lambda text: emf_line({}, timestamp_ms=0, dimensions={}, properties={"tenants": {text: 1}}),
}


@pytest.mark.parametrize("way", _WAYS.values(), ids=_WAYS.keys())
def test_every_way_out_is_seen(way: Callable[[str], object], witness: Witness) -> None:
    """However the functions' code writes a text to its log."""
    fakes.parsed(json.dumps({"text": _SECRET}).encode())
    _as_function(way)(_SECRET)
    assert _found(witness)


def test_what_others_print_is_not_the_functions(witness: Witness) -> None:
    """A test and the operator's command may show a text."""
    fakes.parsed(json.dumps({"text": _SECRET}).encode())
    print(_SECRET)  # noqa: T201 - that is the behaviour
    assert witness.leaks() == []


def test_a_text_in_the_consumers_warning_is_seen(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bug that the check is for: a log's text in the line that says why it was not stored."""
    honest = report.warning_line

    def warning_line(message_id: str, verdict: Any, **ids: Any) -> str:
        return honest(message_id, verdict, **ids).replace("log_not_stored", f"not stored: {_SECRET}")

    monkeypatch.setattr(report, "warning_line", warning_line)
    world = World()
    world.consume(sqs_event(("m-1", body("log-1", _SECRET)), ("m-2", body("log-2", "bug"))))
    assert _found(witness)


def test_an_exception_that_leaves_the_consumer_is_seen(witness: Witness) -> None:
    """Lambda's runtime writes its message to the log."""
    world = World()

    def fail(_: object) -> None:
        raise RuntimeError(f"cannot write {_SECRET}")

    world.lines = SimpleNamespace(append=fail)  # type: ignore[assignment] # only its append is called
    with pytest.raises(RuntimeError):
        world.consume(sqs_event(("m-1", body("log-1", _SECRET))))
    assert _found(witness)


@pytest.mark.parametrize(
    "sent",
    [
        {"text": _SECRET},
        {"text": "x", "field": _SECRET},
        {"text": "x", "field": {"deep": [1, {"er": _SECRET}]}},
        {"text": _SECRET, "log_id": "no log id"},
        {"text": _SECRET, "tenant_id": "another"},
        [{"text": 7, "field": _SECRET}, "x"],
    ],
)
def test_texts_and_field_values_are_remembered(sent: object, witness: Witness) -> None:
    """Of logs that are taken and of those that are refused."""
    with suppress(Rejected):
        fakes.parsed(json.dumps(sent).encode())
    assert _SECRET in witness.texts


def test_the_redacted_text_is_remembered(witness: Witness) -> None:
    """What is left of a text is a text."""
    World().consume(sqs_event(("m-1", body("log-1", _SECRET))))
    assert {_SECRET, _SECRET.upper()} <= witness.texts


@pytest.mark.parametrize("refused", ["{nope, hunter2 is the password", '{"schema_version": 1, "text": "hunter2"}'])
def test_poison_is_remembered(refused: str, witness: Witness) -> None:
    """Of a message that cannot be read, how it begins."""
    World().consume(sqs_event(("m-1", refused)))
    assert refused[:LEAD_CHARS] in witness.texts


def test_keys_and_tokens_are_remembered(witness: Witness) -> None:
    """An API key and a bearer token, which no line may hold either."""
    principal_of(
        {},
        Credentials({"x-api-key": "rdp_0001_hunter2"}, {}, {}),
        scope="write",
        authentication="api_key",
        jwt_tenant_claim="",
        find_key=lambda _: Principal("acme", frozenset({"write"})),
    )
    request.from_event(fakes.event("x", headers={"authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.hunter2"}))
    assert {"rdp_0001_hunter2", "eyJhbGciOiJSUzI1NiJ9.hunter2"} <= witness.texts
