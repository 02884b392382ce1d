"""How much memory the pages of a stream take while it is read."""

import pytest

from consumer.replay.read import PAGE_BYTES
from consumer.replay.readers import PAGES_HELD
from consumer.replay.whole_stream import HELD_BYTES, page_bytes


@pytest.mark.parametrize("shards", [1, 2, 4, 8, 9, 64, 256])
def test_the_pages_of_all_shards_fit_into_one_bound(shards: int) -> None:
    """The pages of all shards together stay below one bound, and each page below its own."""
    assert shards * PAGES_HELD * page_bytes(shards) <= HELD_BYTES
    assert page_bytes(shards) <= PAGE_BYTES


def test_a_page_has_room_for_an_aggregated_record() -> None:
    """A page has room for 50 KiB, as ingest packs them, even if a stream has too many shards for the bound."""
    assert page_bytes(10_000) >= 51_200
