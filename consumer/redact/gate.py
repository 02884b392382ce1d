"""Chooses the rules to search texts with, by their signs: most logs hold the signs of only a few."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from consumer.redact.rule import CAPITALS, SHAPE, Rule

# Characters that few logs hold. Looking for one costs a quarter of a search with a pattern that finds nothing.
_RARE: Final = frozenset("A_+)x@")


Views = tuple[str, str, str]
"""What to look for signs in, position for position: a folded text's outline, the text itself, and its capitals, which
are empty if no sign needs them."""

_OUTLINE, _TEXT, _CAPITALS = range(3)


class Sign(NamedTuple):
    """What opens some rules."""

    find: Callable[[str, int], int]  # Where the sign is in its view, from a position on; -1 if it is not there.
    view: int  # The place in `Views`.
    rules: list[int]  # By their numbers.

    def places(self, views: Views, starts: Sequence[int]) -> Iterator[int]:
        """Yield the place of each text that holds the sign, of texts that stand one behind the other in the views.

        `starts` says where each begins, and at last where another would.
        """
        view = views[self.view]
        hit = self.find(view, 0)
        while hit >= 0:
            place = bisect_right(starts, hit) - 1
            yield place
            hit = self.find(view, starts[place + 1])


class Gate:
    """The signs of some rules; `in` and a few patterns tell which of them a text holds."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        rules = tuple(rules)
        needles = (
            (_OUTLINE, _needles(_OUTLINE, [rule.outlines for rule in rules])),
            (_TEXT, _needles(_TEXT, [rule.parts for rule in rules])),
        )
        searches = (
            (_OUTLINE, _searches(_OUTLINE, [rule.outline_forms for rule in rules])),
            (_TEXT, _searches(_TEXT, [rule.forms for rule in rules])),
            (_CAPITALS, _searches(_CAPITALS, [rule.capital_forms for rule in rules])),
        )
        # Without those views that have nothing to look for.
        self._needles = [(view, of_view) for view, of_view in needles if of_view]
        self._searches = [(view, of_view) for view, of_view in searches if of_view]
        self._has_capitals = any(rule.capital_forms for rule in rules)

    def views(self, folded: str) -> Views:
        """Return what to look for signs in."""
        octets = folded.encode("latin-1", "replace")
        capitals = octets.translate(CAPITALS).decode("latin-1") if self._has_capitals else ""
        return octets.translate(SHAPE).decode("latin-1"), folded, capitals

    def opened(self, views: Views) -> list[Sign]:
        """Return the signs that are in the views."""
        opened: list[Sign] = []
        for number, needles in self._needles:
            view = views[number]
            for needle, sign in needles:
                if needle in view:
                    opened += sign
        for number, searches in self._searches:
            view = views[number]
            for first, search, sign in searches:
                if (first is None or first in view) and search(view):
                    opened += sign
        return opened


def _needles(view: int, of_rules: Sequence[Iterable[str]]) -> list[tuple[str, list[Sign]]]:
    """Return each needle once, and its sign: in a list, which is the fastest to add to another."""
    opens: dict[str, list[int]] = {}
    for number, needles in enumerate(of_rules):
        for needle in needles:
            opens.setdefault(needle, []).append(number)
    return [(needle, [Sign(_finder(needle), view, rules)]) for needle, rules in opens.items()]


def _finder(needle: str) -> Callable[[str, int], int]:
    return lambda view, start: view.find(needle, start)


def _searches(
    view: int, of_rules: Sequence[Iterable[re.Pattern[str]]]
) -> list[tuple[str | None, Callable[[str], object], list[Sign]]]:
    """Return each pattern's search and sign, with the pattern's first character if that is a rare one, else None."""
    opens: dict[re.Pattern[str], list[int]] = {}
    for number, forms in enumerate(of_rules):
        for form in forms:
            opens.setdefault(form, []).append(number)
    firsts = {form: form.pattern.removeprefix("\\")[0] for form in opens}
    return [
        (firsts[form] if firsts[form] in _RARE else None, form.search, [Sign(_searcher(form), view, rules)])
        for form, rules in opens.items()
    ]


def _searcher(form: re.Pattern[str]) -> Callable[[str, int], int]:
    return lambda view, start: match.start() if (match := form.search(view, start)) else -1
