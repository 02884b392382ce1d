"""How many bytes of logs are held at once: a log may have 400 KB, and a page of them a thousand. Pure."""

from typing import Final

from consumer.item import Item
from ingest.contract import exact_json

PAGE_BYTES: Final = 16_000_000
"""Of the logs that one read holds: a thousand common ones, and forty of the largest."""


class Weight:
    """Adds up logs; `is_full` is for `consumer.query.page.read_page`, which ends its page there."""

    def __init__(self, most: int = PAGE_BYTES) -> None:
        self._most = most
        self.bytes = 0

    def is_full(self, item: Item) -> bool:
        """Add a log; return whether it is the last that fits."""
        # Counted as one byte a character, which most are.
        self.bytes += len(item.original_text) + len(item.modified_data)
        self.bytes += len(exact_json.encode(item.fields)) if item.fields else 0
        return self.bytes >= self._most
