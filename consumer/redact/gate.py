"""Chooses the rules to search a text with: most logs hold the signs of only a few."""

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from consumer.redact.rule import Rule

Sign = TypeVar("Sign", str, re.Pattern[str])

# Characters that few logs hold. Looking for one costs a quarter of a search with a pattern that finds nothing.
_RARE: Final = frozenset("A_+)x")
_CAPITALS: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", b"A" * 26 + b"0" * 10)


class Gate:
    """The rules by their signs; `in` and a few patterns tell which signs a text holds."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._outlines = self._by(lambda rule: rule.outlines)
        self._parts = self._by(lambda rule: rule.parts)
        self._capitals = self._by(lambda rule: rule.capitals)
        self._outline_forms = _by_first(self._by(lambda rule: rule.outline_forms))
        self._forms = _by_first(self._by(lambda rule: rule.forms))

    def _by(self, signs_of: Callable[[Rule], tuple[Sign, ...]]) -> list[tuple[Sign, list[int]]]:
        """Return each sign once, with the places of the rules that it opens."""
        places: dict[Sign, list[int]] = {}
        for place, rule in enumerate(self._rules):
            for sign in signs_of(rule):
                places.setdefault(sign, []).append(place)
        return list(places.items())

    def opened(self, text: str, outline: str) -> list[Rule]:
        """Return the rules to search the folded text for, in their order."""
        opened: list[int] = []
        capitals = text.encode("latin-1", "replace").translate(_CAPITALS).decode("latin-1") if self._capitals else ""
        for signs, view in ((self._outlines, outline), (self._parts, text), (self._capitals, capitals)):
            for sign, places in signs:
                if sign in view:
                    opened += places
        for forms, view in ((self._outline_forms, outline), (self._forms, text)):
            for first, search, places in forms:
                if (first is None or first in view) and search(view):
                    opened += places
        return [self._rules[place] for place in sorted({*opened})] if opened else []


def _by_first(
    forms: Iterable[tuple[re.Pattern[str], list[int]]],
) -> list[tuple[str | None, Callable[[str], object], list[int]]]:
    """Return each pattern's search, with the pattern's first character if that is a rare one, else with None."""
    firsts = [form.pattern.removeprefix("\\")[0] for form, _ in forms]
    return [
        (first if first in _RARE else None, form.search, places)
        for first, (form, places) in zip(firsts, forms, strict=True)
    ]
