"""Bisect of any batch with any failing subset."""

import math
from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from consumer.isolate import bisect


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[int], frozenset[int]]:
    """Return a batch of distinct items and those of it that fail."""
    batch = list(range(draw(st.integers(0, 130))))
    bad = draw(st.sets(st.sampled_from(batch))) if batch else set()
    return batch, frozenset(bad)


@given(batches())
def test_the_failing_set_is_exact_and_every_healthy_item_is_done_once(case: tuple[list[int], frozenset[int]]) -> None:
    """Bisect finds exactly the failing items, each with its error, and runs each healthy item once, in few runs."""
    batch, bad = case
    done: Counter[int] = Counter()
    runs = 0

    def work(unit: Sequence[int]) -> None:
        nonlocal runs
        runs += 1
        if failing := [item for item in unit if item in bad]:
            raise ValueError(failing)
        done.update(unit)

    isolation = bisect(batch, work)

    assert [failed.item for failed in isolation.failed] == sorted(bad)
    assert all(failed.error.args == ([failed.item],) for failed in isolation.failed)
    assert done == Counter({item: 1 for item in batch if item not in bad})
    if batch:
        assert runs == 1 + 2 * isolation.splits
        assert runs <= 1 + 2 * len(bad) * math.ceil(math.log2(len(batch)))
    else:
        assert runs == 0


@given(batches(), st.data())
def test_failures_that_come_and_go_lose_no_item(case: tuple[list[int], frozenset[int]], data: st.DataObject) -> None:
    """Even if units fail at random, each item ends either in a run that returned or among the failed."""
    batch, _ = case
    done: list[int] = []

    def work(unit: Sequence[int]) -> None:
        if data.draw(st.booleans()):
            raise TimeoutError
        done.extend(unit)

    failed = [failure.item for failure in bisect(batch, work).failed]
    assert sorted(done + failed) == batch
