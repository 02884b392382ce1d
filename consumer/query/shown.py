"""A stored log as the API and `rdp logs --json` show it. Pure."""

from typing import Any

import msgspec

from consumer.item import Item


def members(item: Item, *, raw: bool) -> dict[str, Any]:
    """Return the log's members under the API's names; `text` is the redacted one, or with `raw` the original."""
    shown: dict[str, Any] = {name: value for name, value in msgspec.structs.asdict(item).items() if value is not None}
    redacted, original = shown.pop("modified_data"), shown.pop("original_text")
    return shown | {"text": original if raw else redacted}
