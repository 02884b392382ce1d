"""Calls made at the same time: how many, which answer belongs to which call, and how a failure ends them."""

import threading
from collections.abc import Sequence

import pytest

from ingest.aws.at_once import in_threads
from ingest.aws.refusal import Refusal

_REFUSED = Refusal("No", retryable=False)


def test_so_many_calls_are_made_at_a_time() -> None:
    """Four calls run at the same time: each waits for the other three, so that calls in turn would never end."""
    together = threading.Barrier(4, timeout=60)

    def attempt(positions: Sequence[int]) -> list[Refusal | None]:
        together.wait()
        return [None] * len(positions)

    assert list(in_threads(4)(attempt, [[0], [1], [2], [3]])) == [[None]] * 4


def test_no_more_than_that() -> None:
    """Of twenty calls at most three run at the same time, one of them in the caller's thread."""
    running = 0
    most = 0
    lock = threading.Lock()
    names: set[str] = set()

    def attempt(positions: Sequence[int]) -> list[Refusal | None]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            names.add(threading.current_thread().name)
        with lock:
            running -= 1
        return [None] * len(positions)

    before = threading.active_count()
    in_threads(3)(attempt, [[number] for number in range(20)])
    assert 1 <= most <= 3
    assert len(names) <= 3
    assert threading.active_count() == before


def test_each_answer_stands_at_its_groups_place() -> None:
    """Each answer is at the position of its group, even if the second call answers before the first."""
    second_is_done = threading.Event()

    def attempt(positions: Sequence[int]) -> list[Refusal | None]:
        if positions == [0]:
            assert second_is_done.wait(60)
            return [None]
        second_is_done.set()
        return [_REFUSED]

    assert list(in_threads(2)(attempt, [[0], [1]])) == [[None], [_REFUSED]]


def test_one_group_needs_no_thread() -> None:
    """A single group is sent in the caller's own thread."""
    threads = []

    def attempt(_: Sequence[int]) -> list[Refusal | None]:
        threads.append(threading.current_thread())
        return [None]

    in_threads(8)(attempt, [[0]])
    assert threads == [threading.current_thread()]


def test_what_a_call_raises_is_raised_here() -> None:
    """An exception in any thread is raised in the caller's, and no further call starts."""
    calls: list[int] = []

    def attempt(positions: Sequence[int]) -> list[Refusal | None]:
        calls.append(positions[0])
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        in_threads(2)(attempt, [[number] for number in range(100)])
    assert len(calls) <= 2


def test_a_few_calls_need_no_threads() -> None:
    """Up to `few` calls run one after another in the caller's thread; with one more, other threads help."""
    for calls, expected in ((3, 1), (4, 2)):
        together = threading.Barrier(expected)
        seen: set[int] = set()

        def attempt(group: Sequence[int], together: threading.Barrier = together, seen: set[int] = seen) -> list[None]:
            if len(seen) < together.parties:
                seen.add(threading.get_ident())
                together.wait(30)
            return [None] * len(group)

        in_threads(2, few=3)(attempt, [[number] for number in range(calls)])
        assert len(seen) == expected
