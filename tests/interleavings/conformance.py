"""Checks whether a world's real changes, recorded for each log id, are a trace of the model.

The abstraction: a call is seen as the changes that it makes to the world, and each change is one action of `protocol`
on one text of one log id. A call that changes nothing (a read, a refused INSERT, a deletion by an old receipt) is no
action. A message that is received while the model has it in flight has become visible in between. The caller of
`accepted` reports the answers that senders got.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

from bench.judge.history import digest
from consumer.replay.deaggregate import Broken, deaggregate
from consumer.replay.select import read_log
from tests.faults.model_sqs import Message, Queue
from tests.faults.world import REFUSED_TEXT, World
from tests.interleavings.protocol import ACTIONS, INVARIANTS, State
from tests.interleavings.whereabouts import held_in

LogKey = tuple[str, str]
Happened = tuple[str, bytes]
"""An action and its text's digest."""


_SENDERS = {"replay": "replay", "rebuild": "replay", "redrive": "resend", "consumer": "send back"}
"""The action of a component that sends to the queue; for any other component it is ingest's."""


class Tells(Protocol):
    """A journal: the actions on each log id, and the digests of poison texts."""

    happened: dict[LogKey, list[Happened]]
    poison: list[bytes]


class Journal:
    """Records what happens in a world, by log id. `component` returns the program whose call runs now.

    All its state is in attributes, so that it survives when a program's process is killed (`tests.faults.sigkill`).
    """

    def __init__(self, world: World, component: Callable[[], str]) -> None:
        self.happened: dict[LogKey, list[Happened]] = defaultdict(list)
        self.poison: list[bytes] = []
        self._component = component
        self._moving = False
        self._flying: dict[str, None] = {}
        """Ids of the messages that were received and not deleted since, as a set that keeps its order."""
        self._held: dict[str, None] = {}
        """The same of the dead-letter queue."""
        self._watch_stream(world)
        self._watch_queue(world.queue)
        self._watch_dead_letters(world)
        self._watch_table(world)

    def accepted(self, tenant_id: str, log_id: str, text_digest: bytes) -> None:
        """Record a 202."""
        self.happened[tenant_id, log_id].append(("accept", text_digest))

    def empty(self, dlq: Queue) -> None:
        """Record that an operator empties the table in order to rebuild it, once no dead letter is hidden any more."""
        self._come_up(dlq)
        for happened in self.happened.values():
            happened.append(("empty", b""))

    def _come_up(self, dlq: Queue) -> None:
        """Record which letters that were received are visible again."""
        for message in dlq.visible:
            if message.message_id in self._held:
                del self._held[message.message_id]
                self._tell("give back", message.body)

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Run a block after which the world is restored; actions in the block are recorded and then forgotten."""
        told = {log: list(happened) for log, happened in self.happened.items()}
        flying, held = dict(self._flying), dict(self._held)
        yield
        self.happened = defaultdict(list, told)
        self._flying, self._held = flying, held

    def _tell(self, action: str, body: str) -> None:
        """Record an action on a message for each log in it."""
        for (tenant_id, log_id, text), own in held_in(body):
            if not tenant_id or REFUSED_TEXT in own:
                self.poison.append(text)
            self.happened[tenant_id, log_id].append((action, text))

    def _watch_stream(self, world: World) -> None:
        append = world.kinesis._append

        def appended(record: Mapping[str, Any]) -> dict[str, Any]:
            for piece in deaggregate(record["PartitionKey"], bytes(record["Data"])):
                log = piece if isinstance(piece, Broken) else read_log(piece)
                if not isinstance(log, Broken):
                    self.happened[log.tenant_id, log.log_id].append(("put", digest(log.text)))
            return append(record)

        world.kinesis._append = appended  # type: ignore[method-assign] # a watched world

    def _watch_queue(self, queue: Queue) -> None:  # noqa: C901 - one function a change
        send, receive, delete, revive = queue.send, queue.receive, queue.delete, queue.revive

        def sent(body: str, *more_arguments: Any, **more_named: Any) -> str:
            if not self._moving:
                self._tell(_SENDERS.get(self._component(), "send"), body)
            return send(body, *more_arguments, **more_named)

        def received(*arguments: Any, **named: Any) -> list[Message]:
            for message in queue.visible:
                if message.message_id in self._flying:
                    del self._flying[message.message_id]
                    self._tell("come up", message.body)
            batch = receive(*arguments, **named)
            for message in batch:
                self._flying[message.message_id] = None
                self._tell("receive", message.body)
            return batch

        def deleted(receipt: str) -> None:
            before = dict(queue.messages)
            delete(receipt)
            for message_id in before.keys() - queue.messages.keys():
                body = before[message_id].body
                if message_id not in self._flying:  # It is visible again, and was not received since.
                    self._tell("receive", body)
                self._flying.pop(message_id, None)
                self._tell("delete", body)

        def revived(message_id: str) -> None:
            is_there = message_id in queue.messages  # Then it only becomes visible sooner; a receive records that.
            revive(message_id)
            if not is_there:
                self._tell("again", queue.messages[message_id].body)

        queue.send, queue.receive, queue.delete, queue.revive = sent, received, deleted, revived  # type: ignore[method-assign]

    def _watch_dead_letters(self, world: World) -> None:  # noqa: C901 - one function a change
        dlq = world.dlq
        send, take_over, receive, delete, hide, move_on = (
            dlq.send, dlq.take_over, dlq.receive, dlq.delete, dlq.hide, dlq.move_on,
        )  # fmt: skip

        def sent(body: str, attributes: Mapping[str, Any] | None = None, *arguments: Any, **named: Any) -> str:
            self._tell("quarantine" if "reason" in (attributes or {}) else "give up", body)
            return send(body, attributes, *arguments, **named)

        def taken_over(message: Message) -> None:
            self._tell("dead-letter", message.body)
            take_over(message)

        def received(*arguments: Any, **named: Any) -> list[Message]:
            self._come_up(dlq)
            batch = receive(*arguments, **named)
            for message in batch:
                self._held[message.message_id] = None
                self._tell("hold", message.body)
            return batch

        def hidden(receipt: str, visibility_s: int) -> str:
            said = hide(receipt, visibility_s)
            self._come_up(dlq)
            return said

        def deleted(receipt: str) -> None:
            before = dict(dlq.messages)
            delete(receipt)
            for message_id in before.keys() - dlq.messages.keys():
                if message_id not in self._held:
                    self._tell("hold", before[message_id].body)
                self._held.pop(message_id, None)
                self._tell("drop", before[message_id].body)

        def moved_on(queues: Mapping[str, Queue]) -> Any:
            self._come_up(dlq)
            before = dict(dlq.messages)
            self._moving = True
            task = move_on(queues)
            self._moving = False
            for message_id in sorted(before.keys() - dlq.messages.keys()):
                self._tell("move", before[message_id].body)
            return task

        dlq.send, dlq.take_over, dlq.receive, dlq.delete, dlq.hide, dlq.move_on = (  # type: ignore[method-assign]
            sent, taken_over, received, deleted, hidden, moved_on,
        )  # fmt: skip

    def _watch_table(self, world: World) -> None:
        insert = world.dynamodb._insert

        def inserted(item: dict[str, dict[str, Any]]) -> dict[str, Any]:
            answer = insert(item)
            if "Error" not in answer:
                tenant_id, text = item["tenant_id"]["S"], digest(item["original_text"]["S"])
                aside = "conflict_of" in item
                log_id = item["conflict_of" if aside else "log_id"]["S"]
                self.happened[tenant_id, log_id].append(("write aside" if aside else "write", text))
            return answer

        world.dynamodb._insert = inserted  # type: ignore[method-assign] # a watched world


def deviations(journal: Tells) -> list[str]:
    """Return the actions that the model does not allow, or that lead it into a forbidden state."""
    return [
        f"{tenant_id}/{log_id}: {why}"
        for (tenant_id, log_id), happened in journal.happened.items()
        for why in _followed(*_numbered(happened, journal.poison))
    ]


def _numbered(
    happened: Sequence[Happened], poison: Collection[bytes]
) -> tuple[tuple[tuple[str, int], ...], frozenset[int]]:
    """Return the actions and the poison, with the texts numbered in order of appearance.

    The model only distinguishes texts. With numbers in place of digests, most logs share the same history.
    """
    numbers = {text: number for number, text in enumerate(dict.fromkeys(text for _, text in happened))}
    mine = frozenset(numbers[text] for text in numbers.keys() & set(poison))
    return tuple((action, numbers[text]) for action, text in happened), mine


@lru_cache(4096)
def _followed(happened: tuple[tuple[str, int], ...], poison: frozenset[int]) -> list[str]:
    state = State(poison=tuple(sorted(poison)))
    for number, (name, text) in enumerate(happened):
        action = ACTIONS[name]
        if not action.may(state, text):
            before = ", ".join(f"{n} {t}" for n, t in happened[max(0, number - 8) : number])
            return [f"the model has no '{name} {text}' after: {before}"]
        state = action.do(state, text)
        for invariant, holds in INVARIANTS.items():
            if not holds(state):
                return [f"after '{name}' it is not true that {invariant}"]
    return []
