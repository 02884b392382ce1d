"""The model of the protocol keeps its promises, and its checker finds what a worse model breaks."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.interleavings.protocol import ACTIONS, INVARIANTS, Action, State, is_done, less, more, steps

minicheck = pytest.importorskip("minicheck", reason="the model checker of the extra `dev`")

_A, _B = "A", "B"
_COPIES = 2
"""How many messages there are at once, of all texts."""
_SOURCES = {"send", "send back", "replay", "again"}
_OF_PACKED = {"send back", "give up"}
"""Explored with one text, and not with two: what shares a message does so whatever its log id."""
_LETTERS = {(): 1, (_B,): 5}
"""How many dead letters: every message of poison must find its place there, or the bound makes a trap."""


def _unpacked(actions: Mapping[str, Action] = ACTIONS) -> dict[str, Action]:
    return {name: action for name, action in actions.items() if name not in _OF_PACKED}


def _bounded(texts: tuple[str, ...], poison: tuple[str, ...], actions: Mapping[str, Action]) -> Any:
    """Return the model of these texts, with few copies of messages at once."""

    def transitions(values: tuple[Any, ...]) -> list[tuple[str, tuple[Any, ...]]]:
        state = State(*values)
        found = []
        for name, text, after in steps(state, texts, actions):
            letters = len(after.dead) + len(after.held)
            messages = len(after.up) + len(after.flying) + (letters if poison and name in _SOURCES else 0)
            if messages > _COPIES or letters > _LETTERS[poison] or len(after.resent) > 1 or len(after.handed) > 1:
                continue
            if after != state:
                found.append((f"{name} {text}", tuple(after)))
        return found

    return minicheck.Protocol(
        name="protocol",
        candidate=False,
        fields=State._fields,
        initial=tuple(State(poison=poison)),
        transitions=transitions,
        invariants={name: (lambda d, holds=holds: holds(State(**d))) for name, holds in INVARIANTS.items()},
        goal=lambda d: is_done(State(**d)),
    )


@pytest.mark.parametrize(
    ("texts", "poison", "actions"),
    [((_A, _B), (), _unpacked()), ((_A,), (), ACTIONS), ((_B,), (_B,), ACTIONS)],
    ids=["two healthy texts", "a healthy text that shares messages", "poison"],
)
def test_the_protocol_loses_and_doubles_nothing(
    texts: tuple[str, ...], poison: tuple[str, ...], actions: Mapping[str, Action]
) -> None:
    """In every state of the model each promise holds, and everything can still come to its end."""
    protocol = _bounded(texts, poison, actions)
    found = minicheck.check_safety(protocol, max_states=200_000)
    assert found["exhaustive"]
    assert {name: of["counterexample"] for name, of in found["properties"].items()} == dict.fromkeys(INVARIANTS)
    assert minicheck.check_liveness(protocol)["holds"]


_WORSE: dict[str, tuple[str, Action, str]] = {
    "a redrive that deletes first": (
        "drop",
        ACTIONS["drop"]._replace(may=lambda s, t: t in s.held, do=lambda s, t: s._replace(held=less(s.held, t))),
        "no accepted text is nowhere",
    ),
    "a poller that deletes what was not done": (
        "delete",
        ACTIONS["delete"]._replace(
            may=lambda s, t: t in s.flying, do=lambda s, t: s._replace(flying=less(s.flying, t))
        ),
        "no accepted text is nowhere",
    ),
    "a log that leaves its message for nowhere": (
        "send back",
        ACTIONS["send back"]._replace(do=lambda s, t: s._replace(handed=more(s.handed, t))),
        "no accepted text is nowhere",
    ),
    "a write that overwrites": (
        "write",
        ACTIONS["write"]._replace(may=lambda s, t: t in s.flying and t in s.stream),
        "no accepted text is nowhere",
    ),
    "a conflict as poison": (
        "quarantine",
        ACTIONS["quarantine"]._replace(may=lambda s, t: t in s.flying and s.table not in {None, t}),
        "only poison is quarantined",
    ),
    "a write before the stream has it": (
        "write",
        ACTIONS["write"]._replace(may=lambda s, t: s.table is None and t in s.flying),
        "the stream has what the table has",
    ),
    "a text beside itself": (
        "write aside",
        ACTIONS["write aside"]._replace(may=lambda s, t: s.table is not None and t in s.flying and t in s.stream),
        "one item a text",
    ),
}


@pytest.mark.parametrize("worse", list(_WORSE))
def test_the_checker_sees_a_worse_protocol(worse: str) -> None:
    """If one action is made worse, the checker names the broken promise and the shortest way to it."""
    name, action, promise = _WORSE[worse]
    actions = {**ACTIONS, name: action}
    model = _bounded((_A,), (), actions) if name in _OF_PACKED else _bounded((_A, _B), (), _unpacked(actions))
    found = minicheck.check_safety(model, max_states=8_000)
    assert found["properties"][promise]["holds"] is False
    assert any(f"{name} " in f"{step['label']} " for step in found["properties"][promise]["counterexample"][-2:])
