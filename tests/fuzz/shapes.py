"""What a JSON value is made of, for a fuzzer that shall meet every combination."""

from typing import Any, Final

_LEVELS: Final = 3


def shapes(value: Any, place: str = "") -> set[str]:
    """Return the JSON types in a value, each with those that it stands in, down to the third level."""
    place = f"{place} {type(value).__name__}"
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {place}.union(*(shapes(one, place) for one in inner)) if place.count(" ") < _LEVELS else {place}
