"""The model of the protocol holds by itself, and its checker sees what is wrong with a worse one."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.interleavings.protocol import ACTIONS, INVARIANTS, Action, State, is_done, less, steps

minicheck = pytest.importorskip("minicheck", reason="the model checker of the extra `dev`")

_A, _B = "A", "B"
_COPIES = 2
"""How many messages there are at once, of all texts."""
_SOURCES = {"send", "replay", "again"}
_LETTERS = {(): 1, (_B,): 5}
"""How many dead letters: every message of poison must find its place there, or the bound makes a trap."""


def _bounded(poison: tuple[str, ...], actions: Mapping[str, Action] = ACTIONS) -> Any:
    """Return the model of two healthy texts, or of poison, with few copies of messages at once."""

    def transitions(values: tuple[Any, ...]) -> list[tuple[str, tuple[Any, ...]]]:
        state = State(*values)
        found = []
        for name, text, after in steps(state, poison or (_A, _B), actions):
            letters = len(after.dead) + len(after.held)
            messages = len(after.up) + len(after.flying) + (letters if poison and name in _SOURCES else 0)
            if messages > _COPIES or letters > _LETTERS[poison] or len(after.resent) > 1:
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


@pytest.mark.parametrize("poison", [(), (_B,)], ids=["two healthy texts", "poison"])
def test_the_protocol_loses_and_doubles_nothing(poison: tuple[str, ...]) -> None:
    """In every state of the model each promise holds, and from each of them everything can still come to its end."""
    protocol = _bounded(poison)
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
    """With one action made worse the promise that it breaks is named, with the shortest way there."""
    name, action, promise = _WORSE[worse]
    found = minicheck.check_safety(_bounded((), {**ACTIONS, name: action}), max_states=8_000)
    assert found["properties"][promise]["holds"] is False
    assert f"{name} " in found["properties"][promise]["counterexample"][-1]["label"] + " "
