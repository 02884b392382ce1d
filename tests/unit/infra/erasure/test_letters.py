"""The dead letters' part of an erasure, where a body can't be read: whose it is, what goes, what stays undecided."""

import json
from pathlib import Path
from typing import Any

import pytest

from consumer.erasures import Subject
from infra.erasure import letters
from ingest.contract.message import encode
from ingest.contract.packed import joined
from tests.faults.erase_world import LATER, OF_LOG, OF_TENANT, UNTIL, EraseWorld
from tests.messages import message

_WORD = "xyzzyplugh"
_NEWER: dict[str, Any] = {"tenant_id": "acme", "log_id": "one", "text": _WORD, "schema_version": 99}
_BROKEN = _NEWER | {"received_at": 5, "schema_version": 2}


def _left(folder: Path, subject: Subject, body: object, **attributes: str) -> tuple[str, list[str]]:
    """Return what the search says after an erasure of one dead letter, and the bodies that it leaves."""
    world = EraseWorld(folder)
    told = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    world.world.dlq.send(body if isinstance(body, str) else json.dumps(body), told)
    found = world.erase(subject)
    named = [one.what for one in found.remains if one.place == "dead-letter queue"]
    left = world.world.dlq.messages.values()
    assert bool(named) == (found.outcome == "undecided") == bool(letters.look(world.stack(), subject).unclear)
    assert not named or all(one.message_id in named[0] for one in left)
    return found.outcome, [one.body for one in left]


@pytest.mark.parametrize("subject", [OF_TENANT, OF_LOG], ids=["a tenant", "a log"])
@pytest.mark.parametrize("body", [_NEWER, _BROKEN], ids=["of a newer program", "damaged"])
def test_a_letter_that_names_the_erased_in_its_json_goes(tmp_path: Path, subject: Subject, body: object) -> None:
    """Whatever else is wrong with it, and though nothing stands beside it; SQS says when it came here at the latest."""
    assert _left(tmp_path, subject._replace(until="2999-01-01T00:00:00.000Z"), body) == ("gone", [])


@pytest.mark.parametrize("subject", [OF_TENANT, OF_LOG], ids=["a tenant", "a log"])
def test_a_damaged_log_among_others_goes_and_they_stay(tmp_path: Path, subject: Subject) -> None:
    """In one dead letter with one that can be read, and with a damaged one of another tenant."""
    other = encode(message("kept", "kept", tenant_id="blue"))
    damaged = json.dumps(_BROKEN | {"tenant_id": "blue", "text": "kept"}).encode()
    body = joined([other, json.dumps(_BROKEN).encode(), damaged]).decode()
    far = subject._replace(until="2999-01-01T00:00:00.000Z")
    outcome, left = _left(tmp_path, far, body, tenant_id="acme", log_id="one")
    assert (outcome, left) == ("gone", [joined([other, damaged]).decode()])


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        (OF_TENANT, "{"),
        (OF_TENANT, {"text": _WORD}),
        (OF_TENANT, {"tenant_id": 5, "text": _WORD}),
        (OF_LOG, {"tenant_id": "acme", "text": _WORD}),
        (OF_TENANT._replace(until="2000-01-01T00:00:00.000Z"), _BROKEN),
        (OF_TENANT, joined([encode(message(tenant_id="blue")), b'{"text":"xyzzyplugh"}']).decode()),
    ],
)
def test_one_that_may_be_of_the_erased_stays_and_nothing_is_decided(
    tmp_path: Path, subject: Subject, body: object
) -> None:
    """No tenant, no log id, or no time of receipt before SQS had it: it is named by its message id."""
    outcome, left = _left(tmp_path, subject, body)
    assert (outcome, left) == ("undecided", [body if isinstance(body, str) else json.dumps(body)])


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        (OF_TENANT, _NEWER | {"tenant_id": "blue"}),
        (OF_TENANT, _NEWER | {"received_at": LATER}),
        (OF_LOG, _NEWER | {"log_id": "two"}),
    ],
)
def test_one_that_is_somebody_elses_stays_and_is_no_matter(tmp_path: Path, subject: Subject, body: object) -> None:
    """Another tenant's, another log, or what was received later."""
    assert _left(tmp_path, subject, body, tenant_id="acme", log_id="one") == ("gone", [json.dumps(body)])


def test_what_the_consumer_wrote_beside_one_says_whose_it_is(tmp_path: Path) -> None:
    """Where the body names nobody."""
    subject = OF_TENANT._replace(until="2999-01-01T00:00:00.000Z")
    assert _left(tmp_path, subject, "{", tenant_id="acme") == ("gone", [])
    assert _left(tmp_path / "2", subject, "{", tenant_id="blue") == ("gone", ["{"])
    assert _left(tmp_path / "3", OF_TENANT, _NEWER | {"received_at": UNTIL, "tenant_id": ""}, tenant_id="acme")[1] == []
