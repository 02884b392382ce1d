"""The JSON types in a value, for a fuzzer that should reach every combination."""

from typing import Any, Final

_LEVELS: Final = 3


def shapes(value: Any, place: str = "") -> set[str]:
    """Return the JSON types in a value, each with the types around it, down to the third level."""
    place = f"{place} {type(value).__name__}"
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {place}.union(*(shapes(one, place) for one in inner)) if place.count(" ") < _LEVELS else {place}
