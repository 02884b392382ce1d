"""Which log ids a file may hold."""

from consumer.lake.held import within

IDS = ["b", "d", "f"]


def test_a_file_may_hold_the_ids_between_its_bounds() -> None:
    """A file may hold the ids from its lower to its upper bound, and any id if it has no bounds."""
    assert within(IDS, "b", "d") == ["b", "d"]
    assert within(IDS, "c", "e") == ["d"]
    assert within(IDS, "g", "z") == []
    assert within(IDS, None, "c") == ["b"]
    assert within(IDS, None, None) == IDS
