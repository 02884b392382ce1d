"""Runs all schedules of a small world, or many random ones of a large one; prints the shortest that breaks a promise.

The exhaustive search is depth-first. It starts again from the beginning for each branch, because a greenlet cannot be
copied. A state that was met before is not explored again. Nothing is missed by that, because states with equal digests
have equal futures:

* The programs are deterministic. A task's next step depends only on its code and on everything it was told since its
  start: answers, errors, readings of the clock, how many sleeps have ended. All of that is in its `history`, with the
  name of the call that comes next. What the task told others is in the world.
* The world's digest covers everything that a call can read (messages with their receives and times, records, items, the
  clock). It leaves out receipts, because a message and its receive count identify them, and the order of the messages
  in a queue, because the schedule names the message that a receive takes.
* The faults that may still come (kills, faults, second deliveries, early time) are part of the digest, and so are the
  answers that the senders got.
* The oracle looks at each new state and remembers only the items of the state before. Items only grow in number, so the
  first edge on which an item changes leads to a new state, and the oracle sees the change there.

So the search reaches the same states as one without pruning (Godefroid, "Partial-Order Methods for the Verification of
Concurrent Systems", 1996, chapter 2, calls it state-space caching with a complete cache; with digests of 128 bits, the
chance of a false match is one in 10^29 for a million states). Between two calls a task does nothing that others could
see, so a kill after a call is the same as a kill before the next call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random
from typing import Final

from tests.interleavings.conformance import deviations
from tests.interleavings.oracle import broken_at_the_end, broken_now
from tests.interleavings.programs import Programs
from tests.interleavings.run import Move, Run, Scenario
from tests.interleavings.whereabouts import items_as_json

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_MOST_MOVES: Final = 2_000

Schedule = tuple[int, ...]


@dataclass
class Findings:
    """What a search saw. `broken` maps each broken promise to the first schedule that showed it."""

    scenario: Scenario
    schedules: int = 0
    states: int = 0
    ends: int = 0
    longest: int = 0
    complete: bool = True
    broken: dict[str, Schedule] = field(default_factory=dict)


def number_of(schedule: Schedule) -> str:
    """Return the schedule as one word: a digit for each move, which is its place among the possible moves."""
    return "".join(_DIGITS[place] for place in schedule)


def schedule_of(number: str) -> Schedule:
    """Return the schedule that `number_of` wrote."""
    return tuple(_DIGITS.index(digit) for digit in number)


class Explorer:
    """The searches of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.programs = Programs(
            seconds_per_char=scenario.seconds_per_char,
            crash_probability=scenario.crash_probability,
            crash_seed=scenario.crash_seed,
            logs_per_message=scenario.logs_per_message,
        )
        self._ends: set[bytes] = set()

    def exhaust(self, most_states: int = 10_000_000, *, most_broken: int = 1) -> Findings:
        """Return what all schedules show; incomplete if `most_states` or `most_broken` ended the search."""
        findings = Findings(self.scenario)
        seen: set[bytes] = set()
        branches: list[tuple[Schedule, tuple[Move, ...]]] = [((), ())]
        while branches:
            schedule, taken = branches.pop()
            findings.schedules += 1
            run = Run(self.scenario, self.programs)
            for move in taken:
                run.take(move)
            while True:
                state = run.digest()
                if state in seen:
                    break
                seen.add(state)
                self._look(run, schedule, findings)
                moves = run.moves()
                if not moves:
                    self._look_at_the_end(run, schedule, findings)
                    break
                branches += [((*schedule, place), (*taken, moves[place])) for place in range(len(moves) - 1, 0, -1)]
                run.take(moves[0])
                schedule, taken = (*schedule, 0), (*taken, moves[0])
            self._compare(run, schedule, findings)
            run.end()
            findings.longest = max(findings.longest, len(schedule))
            if len(seen) >= most_states or len(findings.broken) >= most_broken:
                findings.complete = not branches
                break
        findings.states, findings.ends = len(seen), len(self._ends)
        return findings

    def sample(self, seeds: Sequence[int], *, most_broken: int = 1) -> Findings:
        """Return what one random schedule for each seed shows."""
        findings = Findings(self.scenario, complete=False)
        seen: set[bytes] = set()
        for seed in seeds:
            random = Random(f"{self.scenario.name}/{seed}")
            run = Run(self.scenario, self.programs)
            schedule: Schedule = ()
            while moves := run.moves():
                place = _drawn(random, moves)
                run.take(moves[place])
                schedule = (*schedule, place)
                seen.add(run.digest())
                self._look(run, schedule, findings)
                assert len(schedule) < _MOST_MOVES, f"{self.scenario.name}, seed {seed}: it never ends"
            self._look_at_the_end(run, schedule, findings)
            self._compare(run, schedule, findings)
            run.end()
            findings.schedules += 1
            findings.longest = max(findings.longest, len(schedule))
            if len(findings.broken) >= most_broken:
                break
        findings.states, findings.ends = len(seen), len(self._ends)
        return findings

    def replay(self, schedule: Schedule) -> tuple[list[str], list[str]]:
        """Return a schedule's moves in words, and what it breaks; after its end the first possible move is taken."""
        run = Run(self.scenario, self.programs, tells=True)
        broken: dict[str, None] = {}
        for place in (*schedule, *[0] * _MOST_MOVES):
            moves = run.moves()
            if not moves:
                broken |= dict.fromkeys(broken_at_the_end(run))
                break
            run.take(moves[place])
            broken |= dict.fromkeys(broken_now(run))
            if broken:
                break
        broken |= dict.fromkeys(f"model: {why}" for why in deviations(run.journal))
        described = run.described
        run.end()
        return described, list(broken)

    def shortest(self, schedule: Schedule, what: str, *, most_attempts: int = 150) -> Schedule:
        """Return a shorter schedule that still breaks `what`, as far as so many attempts find one."""
        kind = what.partition(":")[0]
        best = _trimmed(schedule)
        shrunk = True
        while shrunk:
            shrunk = False
            for place in range(len(best)):
                for shorter in (best[:place] + best[place + 1 :], (*best[:place], 0, *best[place + 1 :])):
                    candidate = _trimmed(shorter)
                    if _cost(candidate) >= _cost(best) or not most_attempts:
                        continue
                    most_attempts -= 1
                    if self._shows(candidate, kind):
                        best, shrunk = candidate, True
                        break
                if shrunk:
                    break
        return best

    def _shows(self, schedule: Schedule, kind: str) -> bool:
        try:
            _, broken = self.replay(schedule)
        except IndexError:  # The schedule names a move that is not possible.
            return False
        return any(why.startswith(kind) for why in broken)

    def _look(self, run: Run, schedule: Schedule, findings: Findings) -> None:
        for why in broken_now(run):
            findings.broken.setdefault(why, schedule)

    def _compare(self, run: Run, schedule: Schedule, findings: Findings) -> None:
        for why in deviations(run.journal):
            findings.broken.setdefault(f"model: {why}", schedule)

    def _look_at_the_end(self, run: Run, schedule: Schedule, findings: Findings) -> None:
        world = run.world
        waiting = [(m.body, m.receive_count) for _, m in sorted(world.queue.messages.items())]
        letters = sorted((m.body, repr(m.attributes)) for m in world.dlq.messages.values())
        stream = [record["Data"] for record in world.kinesis.records]
        sent = sorted((log.log_id, log.digest, log.status) for log in run.sent)
        end = blake2b(
            repr((waiting, letters, stream, sent, sorted(items_as_json(world).items()))).encode(), digest_size=16
        ).digest()
        if end in self._ends:
            return
        self._ends.add(end)
        for why in broken_at_the_end(run):
            findings.broken.setdefault(why, schedule)


def _drawn(random: Random, moves: Sequence[Move]) -> int:
    """Return a random move: mostly a normal one, so that the few faults are spread over the run."""
    going = [place for place, move in enumerate(moves) if move.kind == "task" and move.how == "go"]
    if going and random.random() < 0.85:
        return random.choice(going)
    return random.randrange(len(moves))


def _trimmed(schedule: Schedule) -> Schedule:
    """Return the schedule without the zeros at its end: after the end the first move is taken anyway."""
    end = len(schedule)
    while end and schedule[end - 1] == 0:
        end -= 1
    return schedule[:end]


def _cost(schedule: Schedule) -> tuple[int, int, Schedule]:
    return sum(place > 0 for place in schedule), len(schedule), schedule
