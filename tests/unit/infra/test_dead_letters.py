"""The dead-letter queue: looked at without loss, and redriven so that no death loses a message."""

import contextlib
import json
from collections import Counter
from typing import Any

import pytest

from infra import dead_letters
from infra.dead_letter import Filter
from ingest.contract.message import InternalMessage, encode
from ingest.contract.packed import joined
from tests.unit.infra.queues import Killed, Message, Queues


def _body(tenant: str, log_id: str, text: str = "text") -> str:
    message = InternalMessage(
        tenant_id=tenant,
        log_id=log_id,
        source="text_upload",
        text=text,
        received_at="2026-11-24T00:00:00.000Z",
        schema_version=1,
    )
    return encode(message).decode()


def _filled(count: int = 23, **arguments: Any) -> Queues:
    """Two tenants in turn; each third message carries a reason, the others SQS dead-lettered."""
    queues = Queues(**arguments)
    for i in range(count):
        attributes = {"reason": "refused_by_table"} if i % 3 == 0 else {}
        queues.add("dlq", _body(f"tenant{i % 2}", f"log{i}"), **attributes)
    return queues


_ALL = Filter()


def _redrive(queues: Queues, wanted: Filter = _ALL) -> dead_letters.Redriven:
    client: Any = queues
    return dead_letters.redrive(client, dlq_url="dlq", queue_url="queue", wanted=wanted)


def test_everything_moves() -> None:
    """Every message is in the queue once and gone from the dead-letter queue, also without a log in it."""
    queues = _filled()
    queues.add("dlq", "no log", reason="undecodable")
    before = Counter(queues.bodies("dlq"))

    assert _redrive(queues) == dead_letters.Redriven(24, {})

    assert Counter(queues.bodies("queue")) == before
    assert queues.bodies("dlq") == []


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(tenant_id="tenant1"), {i for i in range(23) if i % 2 == 1}),
        (Filter(reason="refused_by_table"), {i for i in range(23) if i % 3 == 0}),
        (Filter("tenant1", "max_receives_exceeded"), {i for i in range(23) if i % 2 == 1 and i % 3}),
        (Filter(tenant_id="nobody"), set()),
    ],
)
def test_a_filter_moves_only_what_it_names(wanted: Filter, expected: set[int]) -> None:
    """The others stay, and are visible again at once."""
    queues = _filled()

    moved = _redrive(queues, wanted).moved

    assert moved == len(expected)
    assert Counter(queues.bodies("queue")) == Counter(_body(f"tenant{i % 2}", f"log{i}") for i in expected)
    assert len(queues.bodies("dlq")) == 23 - len(expected)


def test_those_that_were_shown_move_alone() -> None:
    """By message id, whatever else the filter would take; one that is gone changes nothing."""
    queues = _filled(5)
    client: Any = queues
    letters = list(dead_letters.look(client, "dlq"))
    shown = frozenset({letters[1].message_id, letters[4].message_id, "gone"})
    assert _redrive(queues, Filter(message_ids=shown)).moved == 2
    assert sorted(queues.bodies("queue")) == sorted(letters[place].body for place in (1, 4))
    assert queues.hidden("dlq") == []


def _steps(wanted: Filter) -> int:
    queues = _filled()
    _redrive(queues, wanted)
    return len(queues.calls)


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("wanted", [Filter(), Filter(tenant_id="tenant1")], ids=["all", "a tenant"])
def test_killed_at_any_step_no_message_is_in_neither_queue(wanted: Filter, *, after_effect: bool) -> None:
    """Before or after each call's effect: every message is in one of the two or in both, and a second run ends it."""
    everything = set(_filled().bodies("dlq"))
    steps = _steps(wanted)
    assert steps > 8
    twice = 0
    for step in range(steps):
        queues = _filled(kill_at=step, kill_after_effect=after_effect)
        with pytest.raises(Killed):
            _redrive(queues, wanted)
        here, there = set(queues.bodies("dlq")), set(queues.bodies("queue"))
        assert here | there == everything, step
        twice += len(here & there)

        survivor = Queues()
        survivor.queues = queues.queues
        for message in survivor.queues["dlq"]:
            message.visible = True  # The visibility timeout is over.
        _redrive(survivor, wanted)
        assert set(survivor.bodies("dlq")) | set(survivor.bodies("queue")) == everything, step
        assert not [body for body in survivor.bodies("dlq") if wanted == Filter() or "tenant1" in body]
    assert twice > 0  # Else no step lay between the two queues, and the test has shown nothing.


def test_a_refused_message_stays_and_is_told() -> None:
    """What the queue does not acknowledge is not deleted; its code and number are the answer."""
    queues = _filled(
        refuse=lambda operation, entry: "Throttled" if operation == "send" and "log4" in entry["MessageBody"] else None
    )

    assert _redrive(queues) == dead_letters.Redriven(22, {"Throttled": 1})

    assert queues.bodies("dlq") == [_body("tenant0", "log4")]
    assert queues.hidden("dlq") == []


def test_a_message_that_is_not_deleted_is_told() -> None:
    """It is in both queues then."""
    queues = _filled(
        3,
        refuse=lambda operation, entry: (
            "Nope" if operation == "delete" and entry["ReceiptHandle"] == "dlq-1/1" else None
        ),
    )

    assert _redrive(queues) == dead_letters.Redriven(2, {"not deleted: Nope": 1})

    assert queues.bodies("dlq") == [_body("tenant1", "log1")]
    assert len(queues.bodies("queue")) == 3


@pytest.mark.parametrize("place", ["", "/3"], ids=["alone", "out of a packed message"])
def test_poison_that_comes_back_does_not_go_round_for_ever(place: str) -> None:
    """It is quarantined again while the redrive runs, with a new id that names the sent one: it is left there."""
    queues = _filled(2)

    def quarantine(message: Message) -> None:
        queues.queues["queue"].remove(message)
        queues.add("dlq", message.body, reason="refused_by_table", original_message_id=f"{message.message_id}{place}")

    queues.on_send = quarantine

    assert _redrive(queues).moved == 2

    assert len(queues.bodies("dlq")) == 2
    assert queues.hidden("dlq") == []
    assert queues.calls.count("send") == 1


def test_what_sqs_dead_letters_again_is_left_too() -> None:
    """SQS keeps the id of what it dead-letters."""
    queues = _filled(2)

    def dead_letter(message: Message) -> None:
        queues.queues["queue"].remove(message)
        queues.queues["dlq"].append(message)

    queues.on_send = dead_letter

    assert _redrive(queues).moved == 2
    assert len(queues.bodies("dlq")) == 2


def test_large_messages_go_in_calls_that_sqs_takes() -> None:
    """Ten bodies of 400 KB are five calls: a call holds 1 MiB."""
    queues = Queues()
    for i in range(10):
        queues.add("dlq", _body("t", f"log{i}", "x" * 400_000))

    assert _redrive(queues).moved == 10
    assert queues.calls.count("send") == 5


def test_a_look_gives_everything_back() -> None:
    """To its end or broken off: nothing is hidden and nothing is gone."""
    for stop_after in (1, 23):
        queues = _filled()
        client: Any = queues
        with contextlib.closing(dead_letters.look(client, "dlq")) as letters:
            seen = [letter for letter, _ in zip(letters, range(stop_after), strict=False)]
        assert len(seen) == stop_after
        assert queues.hidden("dlq") == []
        assert len(queues.bodies("dlq")) == 23


def test_a_message_that_is_shown_again_is_seen_once() -> None:
    """Standard queues deliver at least once; what is given back then is the newest receipt."""
    queues = _filled(2)
    client: Any = queues
    seen = []
    for letter in dead_letters.look(client, "dlq"):
        seen.append(letter.message_id)
        if len(seen) == 1:
            queues.queues["dlq"][0].visible = True
    assert len(seen) == 2
    assert queues.hidden("dlq") == []


@pytest.mark.parametrize(("expected", "receives"), [(0, 3), (1, 3), (2, 4)])
def test_a_queue_that_claims_more_is_asked_once_more(expected: int, receives: int) -> None:
    """A standard queue may hold a message back: two empty answers end a look, three while it has shown too few."""
    queues = _filled(1)
    client: Any = queues
    assert len(list(dead_letters.look(client, "dlq", expected=expected))) == 1
    assert queues.calls.count("receive") == receives


def test_a_letter_says_whose_it_is() -> None:
    """From the log, else from the attributes, else nothing; SQS's own are told apart."""
    queues = Queues()
    queues.add("dlq", _body("acme", "one"))
    queues.add("dlq", "{}", reason="undecodable", tenant_id="zeta", log_id="two")
    queues.add("dlq", "rubbish", reason="undecodable")
    client: Any = queues

    letters = list(dead_letters.look(client, "dlq"))

    assert [(letter.tenant_id, letter.log_id, letter.reason) for letter in letters] == [
        ("acme", "one", "max_receives_exceeded"),
        ("zeta", "two", "undecodable"),
        ("", "", "undecodable"),
    ]
    exported = [json.loads(letter.as_json()) for letter in letters]
    assert [line["body"] for line in exported] == queues.bodies("dlq")
    assert exported[1]["attributes"] == {"reason": "undecodable", "tenant_id": "zeta", "log_id": "two"}


def test_a_letter_of_several_logs_has_them_all() -> None:
    """It is found by each of its log ids, counts as that many logs, and goes back whole, also what is not a log."""
    body = joined([_body("acme", "one").encode(), b'{"text":7}', _body("acme", "two").encode()]).decode()
    queues = Queues()
    queues.add("dlq", body, original_message_id="m")
    queues.add("dlq", body[:-2])
    client: Any = queues

    letter, damaged = dead_letters.look(client, "dlq")

    assert ([log.log_id for log in letter.logs], letter.tenant_id, letter.log_id) == (["one", "two"], "acme", "")
    assert {"one", "two", "m"} <= letter.ids
    assert [letter.holds("acme", log_id) for log_id in ("one", "two", "three")] == [True, True, False]
    assert not letter.holds("other", "one")
    assert (damaged.logs, damaged.tenant_id) == ((), "")
    assert _redrive(queues, Filter(id="two")) == dead_letters.Redriven(1, {})
    assert queues.bodies("queue") == [body]


def _purge(queues: Queues, ids: set[str], keep: Any) -> dead_letters.Redriven:
    client: Any = queues
    return dead_letters.purge(client, dlq_url="dlq", message_ids=ids, keep=keep)


def _purged_after(kill_at: int | None, *, after: bool = False) -> tuple[Queues, list[str], list[str]]:
    """Purge every other message and die at a step; return the queues, the bodies that were kept, and those meant."""
    queues = _filled(kill_at=kill_at, kill_after_effect=after)
    meant = {message.message_id for message in queues.queues["dlq"][::2]}
    bodies = [message.body for message in queues.queues["dlq"][::2]]
    kept: list[str] = []
    with contextlib.suppress(Killed):
        _purge(queues, meant, lambda letters: kept.extend(letter.body for letter in letters))
    return queues, kept, bodies


def test_a_purge_removes_what_it_was_told_and_gives_the_rest_back() -> None:
    """Only after all of them were saved in the file."""
    queues, kept, meant = _purged_after(None)
    assert Counter(kept) == Counter(meant)
    assert Counter(queues.bodies("dlq")) == Counter(_filled().bodies("dlq")) - Counter(meant)
    assert queues.hidden("dlq") == []


@pytest.mark.parametrize("after", [False, True])
def test_a_purge_that_dies_has_kept_what_is_gone(*, after: bool) -> None:
    """At every step: what is removed was saved, and nothing else is removed."""
    for kill_at in range(len(_purged_after(None)[0].calls)):
        queues, kept, meant = _purged_after(kill_at, after=after)
        gone = Counter(_filled().bodies("dlq")) - Counter(queues.bodies("dlq"))
        assert gone <= Counter(kept)
        assert gone <= Counter(meant)


def test_what_cannot_be_kept_is_not_removed() -> None:
    """A full disk."""
    queues = _filled()

    def full(_letters: object) -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - this one
        _purge(queues, {message.message_id for message in queues.queues["dlq"]}, full)
    assert len(queues.bodies("dlq")) == 23
    assert queues.hidden("dlq") == []
