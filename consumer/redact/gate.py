"""Which rules a text is worth searching for: most logs hold the signs of few."""

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from consumer.redact.rule import Rule

Sign = TypeVar("Sign", str, re.Pattern[str])

_CAPITALS: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", b"A" * 26 + b"0" * 10)


class Gate:
    """The rules by their signs; `in` and a few patterns tell which a text holds."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._outlines = self._by(lambda rule: rule.outlines)
        self._parts = self._by(lambda rule: rule.parts)
        self._capitals = self._by(lambda rule: rule.capitals)
        self._outline_searches = [(form.search, places) for form, places in self._by(lambda rule: rule.outline_forms)]
        self._searches = [(form.search, places) for form, places in self._by(lambda rule: rule.forms)]

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
        for searches, view in ((self._outline_searches, outline), (self._searches, text)):
            for search, places in searches:
                if search(view):
                    opened += places
        return [self._rules[place] for place in sorted({*opened})] if opened else []
