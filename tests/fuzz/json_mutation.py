"""Mutations that keep JSON valid: the parser would refuse random changes, and no code behind it would be reached.

Pure: the randomness and the mutation of bytes are arguments.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

_SCALARS: Final = ("", "a", 0, -1, 2**31, 2**63, 2**64, 0.5, 1e308, True, False, None)

Mutate = Callable[[bytes], bytes]


def mutated(data: bytes, random: Random, mutate: Mutate) -> bytes | None:
    """Return the data with one of its JSON documents edited in one place; None when it holds none."""
    starts = _starts(data)
    if not starts:
        return None
    start = random.choice(starts)
    end = data.find(b"\n", start) if random.random() < 0.9 else -1  # Few documents go over several lines.
    end = len(data) if end < 0 else end
    try:
        holder = [json.loads(data[start:end])]
    except (ValueError, RecursionError):
        return None
    _edit(holder, random, mutate)
    document = "".join(json.dumps(value, ensure_ascii=False, separators=(",", ":")) for value in holder)
    return data[:start] + document.encode(errors="replace") + data[end:]


def _starts(data: bytes) -> list[int]:
    """Return where each line's first object or array begins."""
    starts = []
    line_start = 0
    for line in data.split(b"\n"):
        found = [place for place in (line.find(b"{"), line.find(b"[")) if place >= 0]
        if found:
            starts.append(line_start + min(found))
        line_start += len(line) + 1
    return starts


def _edit(holder: list[Any], random: Random, mutate: Mutate) -> None:
    places: list[tuple[Any, Any]] = []  # Every (object or array, name or index).
    waiting: list[Any] = [holder]
    while waiting:
        inside = waiting.pop()
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        places += [(inside, key) for key in keys]
        waiting += [inside[key] for key in keys if isinstance(inside[key], dict | list)]
    inside, key = random.choice(places)
    value = inside[key]
    match random.randrange(7):
        case 0:
            inside[key] = [value]
        case 1:
            inside[key] = {"a": value}
        case 2:
            inside[key] = random.choice(_SCALARS)
        case 3:
            other, other_key = random.choice(places)
            inside[key] = json.loads(json.dumps(other[other_key]))
        case 4 if len(places) > 1 and inside is not holder:
            del inside[key]
        case 5 if isinstance(inside, dict):
            inside[_text(key, mutate)] = value if random.random() < 0.5 else inside.pop(key)
        case 5:
            inside.insert(key, value)
        case _ if isinstance(value, str):
            inside[key] = _text(value, mutate)
        case _:
            inside[key] = random.choice(([], {}, [value, value], {"text": value}))


def _text(text: str, mutate: Mutate) -> str:
    return mutate(text.encode(errors="replace")).decode(errors="replace")
