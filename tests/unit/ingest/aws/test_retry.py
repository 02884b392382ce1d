"""Parts that AWS did not take are sent again, within a time limit."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from ingest.aws.refusal import Refusal
from ingest.aws.retry import OUT_OF_TIME, Backoff, Time, retrying
from tests.unit.ingest.fakes import Clock

_PASSING = Refusal("ThrottlingException", retryable=True)
_LASTING = Refusal("AccessDeniedException", retryable=False)
_BACKOFF = Backoff(0.1, 1.0)

Call = Callable[[Sequence[int]], list[Refusal | None]]


def _retrying(
    call: Call, count: int, clock: Clock, *, seconds: float = 60.0, jitter: float = 0.5
) -> list[Refusal | None]:
    return retrying(
        call,
        count,
        give_up_at_s=clock.now_s + seconds,
        time=Time(clock.monotonic, clock.sleep, lambda: jitter),
        backoff=_BACKOFF,
    )


def test_what_is_taken_is_called_once_and_at_once() -> None:
    """The first attempt starts without a wait, and if all is taken there is no second."""
    clock, made = Clock(), list[list[int]]()

    def take(positions: Sequence[int]) -> list[Refusal | None]:
        made.append(list(positions))
        return [None] * len(positions)

    assert _retrying(take, 3, clock) == [None] * 3
    assert (made, clock.slept_s) == ([[0, 1, 2]], [])


def test_only_what_may_pass_is_called_again() -> None:
    """Only refusals that may pass are retried; a lasting refusal is final."""
    clock, made = Clock(), list[list[int]]()

    def call(positions: Sequence[int]) -> list[Refusal | None]:
        made.append(list(positions))
        return [_LASTING if p == 1 else _PASSING if p == 2 and len(made) < 3 else None for p in positions]

    assert _retrying(call, 4, clock) == [None, _LASTING, None, None]
    assert made == [[0, 1, 2, 3], [2], [2]]


def test_nothing_is_called_without_parts_or_time() -> None:
    """Without parts or time no call starts, and parts that were never called are reported as such."""

    def call(_: Sequence[int]) -> list[Refusal | None]:
        pytest.fail("called")

    assert _retrying(call, 0, Clock()) == []
    assert _retrying(call, 2, Clock(), seconds=0.0) == [OUT_OF_TIME] * 2


def test_attempts_end_before_the_deadline() -> None:
    """No wait goes beyond the deadline, and the last refusal is the result."""
    clock = Clock()
    attempts: list[float] = []

    def refuse(positions: Sequence[int]) -> list[Refusal | None]:
        attempts.append(clock.now_s)
        return [_PASSING] * len(positions)

    end_s = clock.now_s + 5.0
    assert _retrying(refuse, 1, clock, seconds=5.0) == [_PASSING]
    assert len(attempts) > 3
    assert clock.now_s < end_s


def test_the_deadline_falls_between_the_calls_of_an_attempt() -> None:
    """If slow calls use up the time, the remaining parts are not called and keep their last refusal."""
    clock = Clock()

    def take_a_second(positions: Sequence[int]) -> list[Refusal | None]:
        clock.now_s += 1.0
        return [None] * len(positions)

    refusals = retrying(
        take_a_second,
        5,
        give_up_at_s=clock.now_s + 2.5,
        time=Time(clock.monotonic, clock.sleep, lambda: 0.5),
        backoff=_BACKOFF,
        split=lambda positions: [[position] for position in positions],
    )
    assert refusals == [None, None, None, OUT_OF_TIME, OUT_OF_TIME]


def test_waits_double_up_to_their_limit() -> None:
    """The n-th wait is the jitter's share of 0.1 s doubled n times, but of at most one second."""
    clock = Clock()
    _retrying(lambda positions: [_PASSING] * len(positions), 1, clock, seconds=6.0, jitter=0.5)
    assert clock.slept_s[:6] == [0.05, 0.1, 0.2, 0.4, 0.5, 0.5]


def test_every_refusal_is_told() -> None:
    """Each refusal of each attempt is reported with its position."""
    clock, told = Clock(), list[tuple[int, str]]()
    answers: Iterator[list[Refusal | None]] = iter([[None, _PASSING, _LASTING], [_PASSING], [None]])
    retrying(
        lambda _: next(answers),
        3,
        give_up_at_s=clock.now_s + 60,
        time=Time(clock.monotonic, clock.sleep, lambda: 0.5),
        backoff=_BACKOFF,
        on_refusal=lambda position, refusal: told.append((position, refusal.code)),
    )
    assert told == [(1, _PASSING.code), (2, _LASTING.code), (1, _PASSING.code)]
