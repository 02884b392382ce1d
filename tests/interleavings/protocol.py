"""The protocol of one log id as a small model: what may happen to its texts, and what must never happen.

It is independent of the code and simpler: it knows no batches, calls, time or tasks. `minicheck` explores all of it;
`conformance` checks the real programs against it, step by step.

A *text* stands for one log under the log id. `table` is the text that is stored under the plain id. `aside` has the
conflicts, which are stored beside it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

Texts = tuple[Any, ...]
"""Some texts, sorted; a text may be there more than once."""


class State(NamedTuple):
    """Where the texts of one log id are. `poison` has the texts that the table refuses.

    `credits` has texts that were quarantined, `handed` texts that the consumer put elsewhere, and `resent` texts that a
    redrive sent, each until their message is deleted. `gone` has the texts that were deleted from the queue.
    """

    poison: Texts = ()
    stream: Texts = ()
    enqueued: Texts = ()
    accepted: Texts = ()
    up: Texts = ()
    flying: Texts = ()
    gone: Texts = ()
    table: Any = None
    aside: Texts = ()
    credits: Texts = ()
    dead: Texts = ()
    held: Texts = ()
    resent: Texts = ()
    handed: Texts = ()
    emptied: bool = False


class Action(NamedTuple):
    """One kind of step: `may` says whether it can happen to a text now, `do` what it changes."""

    may: Callable[[State, Any], bool]
    do: Callable[[State, Any], State]


def more(texts: Texts, text: Any) -> Texts:
    """Return the texts and one more."""
    return tuple(sorted((*texts, text)))


def less(texts: Texts, text: Any) -> Texts:
    """Return the texts without one copy of this text."""
    place = texts.index(text)
    return texts[:place] + texts[place + 1 :]


def once(texts: Texts, text: Any) -> Texts:
    """Return the texts with this one, which is added only if it is missing."""
    return texts if text in texts else more(texts, text)


def is_stored(state: State, text: Any) -> bool:
    """Return whether the text has an item."""
    return text == state.table or text in state.aside


def _received(state: State, text: Any) -> bool:
    # A slow consumer still works on a message that is visible again: any text that was received once counts.
    return text in state.flying or text in state.up or text in state.gone or text in state.dead or text in state.held


def _always(_state: State, _text: Any) -> bool:
    return True


def _paid(state: State, text: Any) -> State:
    """Return the state after a deletion: a text that is not stored uses up one of its `credits` or `handed`."""
    if is_stored(state, text):
        return state
    if text in state.credits:
        return state._replace(credits=less(state.credits, text))
    return state._replace(handed=less(state.handed, text))


ACTIONS: Final[dict[str, Action]] = {
    # Ingest puts a text on the stream and in the queue, then answers. If the stream refuses it, the consumer puts it.
    "put": Action(_always, lambda s, t: s._replace(stream=once(s.stream, t))),
    "send": Action(_always, lambda s, t: s._replace(up=more(s.up, t), enqueued=once(s.enqueued, t))),
    "accept": Action(lambda s, t: t in s.enqueued, lambda s, t: s._replace(accepted=once(s.accepted, t))),
    # SQS may deliver again: a text in flight becomes visible again by itself, and a deleted one may come back.
    "receive": Action(lambda s, t: t in s.up, lambda s, t: s._replace(up=less(s.up, t), flying=more(s.flying, t))),
    "come up": Action(lambda s, t: t in s.flying, lambda s, t: s._replace(flying=less(s.flying, t), up=more(s.up, t))),
    "again": Action(lambda s, t: t in s.gone, lambda s, t: s._replace(up=more(s.up, t))),
    # The table keeps its first text; another one goes beside it. Only texts that are on the stream are written.
    "write": Action(
        lambda s, t: s.table is None and t not in s.poison and t in s.stream and _received(s, t),
        lambda s, t: s._replace(table=t),
    ),
    "write aside": Action(
        lambda s, t: (
            s.table not in {None, t} and t not in s.aside and t not in s.poison and t in s.stream and _received(s, t)
        ),
        lambda s, t: s._replace(aside=more(s.aside, t)),
    ),
    "quarantine": Action(
        lambda s, t: t in s.poison and _received(s, t),
        lambda s, t: s._replace(dead=more(s.dead, t), credits=more(s.credits, t)),
    ),
    # A log sent back from a packed message gets its own message; one without receives left is put aside untried.
    "send back": Action(_received, lambda s, t: s._replace(up=more(s.up, t), handed=more(s.handed, t))),
    "give up": Action(_received, lambda s, t: s._replace(dead=more(s.dead, t), handed=more(s.handed, t))),
    # A text is deleted only if it is stored, or was put elsewhere as often as it is deleted here.
    "delete": Action(
        lambda s, t: t in s.flying and (is_stored(s, t) or t in s.credits or t in s.handed),
        lambda s, t: _paid(s._replace(flying=less(s.flying, t), gone=once(s.gone, t)), t),
    ),
    "dead-letter": Action(lambda s, t: t in s.up, lambda s, t: s._replace(up=less(s.up, t), dead=more(s.dead, t))),
    # A redrive first sends and then deletes; SQS's own redrive moves in one step.
    "hold": Action(lambda s, t: t in s.dead, lambda s, t: s._replace(dead=less(s.dead, t), held=more(s.held, t))),
    "give back": Action(lambda s, t: t in s.held, lambda s, t: s._replace(held=less(s.held, t), dead=more(s.dead, t))),
    "resend": Action(lambda s, t: t in s.held, lambda s, t: s._replace(resent=more(s.resent, t), up=more(s.up, t))),
    "drop": Action(
        lambda s, t: t in s.resent and t in s.held,
        lambda s, t: s._replace(resent=less(s.resent, t), held=less(s.held, t)),
    ),
    "move": Action(lambda s, t: t in s.dead, lambda s, t: s._replace(dead=less(s.dead, t), up=more(s.up, t))),
    # A rebuild sends the texts of the stream. Without a rebuild, emptying the table would lose them.
    "replay": Action(lambda s, t: t in s.stream, lambda s, t: s._replace(up=more(s.up, t))),
    "empty": Action(
        lambda s, _: not s.emptied and not s.up and not s.flying and not s.held,
        lambda s, _: s._replace(table=None, aside=(), gone=(), emptied=True),
    ),
}


def steps(
    state: State, texts: Collection[Any], actions: Mapping[str, Action] = ACTIONS
) -> Iterator[tuple[str, Any, State]]:
    """Yield every step that is possible: its name, its text, the state after it."""
    for name, action in actions.items():
        for text in texts:
            if action.may(state, text):
                yield name, text, action.do(state, text)


def is_lossless(state: State) -> bool:
    """Return whether every accepted text is somewhere (I11); after the table was emptied, the stream counts too."""
    there = {state.table, *state.aside, *state.up, *state.flying, *state.dead, *state.held}
    return there.union(state.stream if state.emptied else ()).issuperset(state.accepted)


def is_one_item_a_text(state: State) -> bool:
    """Return whether no text has two items (I1, I6)."""
    return state.table not in state.aside and len(set(state.aside)) == len(state.aside)


def is_rebuildable(state: State) -> bool:
    """Return whether the stream has what the table has (I5, I10)."""
    return set(state.stream).issuperset({state.table, *state.aside} - {None})


def is_healthy(state: State) -> bool:
    """Return whether only poison is quarantined (I7); a conflict is no poison."""
    return set(state.poison).issuperset(state.credits)


def is_done(state: State) -> bool:
    """Return whether nothing moves and every accepted text is an item or dead poison; this must stay reachable."""
    quiet = not (state.up or state.flying or state.held)
    return quiet and all(is_stored(state, t) or (t in state.poison and t in state.dead) for t in state.accepted)


INVARIANTS: Final[dict[str, Callable[[State], bool]]] = {
    "no accepted text is nowhere": is_lossless,
    "one item a text": is_one_item_a_text,
    "the stream has what the table has": is_rebuildable,
    "only poison is quarantined": is_healthy,
}
