"""Packing of items into groups, of which each fits into one call."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.aws.packing import calls


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([1, 1, 1], [[1, 1, 1]]),
        ([1, 1, 1, 1], [[1, 1, 1], [1]]),
        ([10], [[10]]),
        ([9, 1, 1], [[9, 1], [1]]),
        ([11], [[11]]),
        ([1, 11, 1], [[1], [11], [1]]),
    ],
)
def test_groups_keep_both_limits(sizes: list[int], expected: list[list[int]]) -> None:
    """A group holds at most three entries and ten bytes, and a larger item is a group of its own."""
    assert list(calls(sizes, int, max_entries=3, max_bytes=10)) == expected


@given(st.lists(st.integers(0, 12)))
def test_groups_are_the_items_in_order_and_no_two_would_fit_one(sizes: list[int]) -> None:
    """Groups hold each item once, in order, and a group ends only if the next item does not fit."""
    groups = list(calls(sizes, int, max_entries=3, max_bytes=10))
    assert [size for group in groups for size in group] == sizes
    for group, following in pairwise(groups):
        assert len(group) == 3 or sum(group) + following[0] > 10


def test_items_are_taken_as_they_come() -> None:
    """A group is given out after one further item is read, so that the input may be endless."""

    def endless() -> Iterator[int]:
        while True:
            yield 1

    assert next(calls(endless(), int, max_entries=3, max_bytes=10)) == [1, 1, 1]
