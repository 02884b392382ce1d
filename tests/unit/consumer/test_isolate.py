"""Bisect: which items fail, and how a batch is halved to find them."""

from collections.abc import Sequence

import pytest

from consumer.isolate import bisect


def test_a_healthy_batch_runs_once_as_a_unit() -> None:
    """A healthy batch is run once, without a split."""
    runs: list[Sequence[int]] = []
    isolation = bisect([1, 2, 3], runs.append)
    assert (isolation.failed, isolation.splits, runs) == ([], 0, [[1, 2, 3]])


def test_an_empty_batch_never_runs() -> None:
    """An empty batch is not run."""
    runs: list[Sequence[int]] = []
    assert bisect([], runs.append).failed == []
    assert runs == []


def test_halves_in_order_down_to_the_failing_item() -> None:
    """The first half runs before the second, and a failing item ends alone with its own error."""
    runs: list[list[int]] = []

    def work(unit: Sequence[int]) -> None:
        runs.append(list(unit))
        if 3 in unit:
            raise ValueError(f"{len(unit)} items")

    isolation = bisect([0, 1, 2, 3], work)

    assert runs == [[0, 1, 2, 3], [0, 1], [2, 3], [2], [3]]
    assert isolation.splits == 2
    assert [(failed.item, str(failed.error)) for failed in isolation.failed] == [(3, "1 items")]


def test_what_ends_the_process_is_not_caught() -> None:
    """An interrupt or an exit is raised and not isolated."""

    def work(_unit: Sequence[int]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bisect([1, 2], work)
