"""Searches several texts at once: one behind the other they are one text, which costs each a fraction.

No rule looks beyond its line, except those that say so. These, and rules that are slow where they find nothing, search
each text that holds their sign by itself.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from consumer.redact.encoded import read
from consumer.redact.gate import Gate, Sign, Views
from consumer.redact.rule import Rule, Span, fold, hits

_BETWEEN: Final = "\n"


class Search:
    """The rules of one configuration behind their gate."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._as_written = frozenset(number for number, rule in enumerate(self._rules) if rule.as_written)
        self._gate = Gate(rules)

    def __call__(
        self, texts: Sequence[str], signs: list[Sign] | None = None
    ) -> tuple[dict[int, list[Span]], list[Sign] | None]:
        """Return what is found in each text that holds anything, by the text's place; and the signs to look for next.

        Only `signs` are looked for, every sign if that is None. A token holds no sign, so that the next pass needs no
        more signs than this one. But if a text was encoded, the rest of it may be decoded differently then.
        """
        if len(texts) == 1:
            spans, signs = self.one(texts[0], signs)
            return {0: spans} if spans else {}, signs
        joined = _BETWEEN.join(texts)
        said, _ = read(joined)
        if said != joined:
            return self._decoded(texts), None
        views = self._gate.views(said if said.isascii() else fold(said))
        signs = self._gate.opened(views) if signs is None else self._still(signs, views)
        return by_place(self._found(signs, views, texts), texts) if signs else {}, signs

    def together(self, texts: Sequence[str]) -> tuple[str, list[Span], list[Sign]] | None:
        """Return the texts as lines of one text, what is found in that, and the signs to look for next.

        None if a text is encoded: then a place in the joined text is none in what it says.
        """
        joined = _BETWEEN.join(texts)
        if read(joined)[0] != joined:
            return None
        views = self._gate.views(joined if joined.isascii() else fold(joined))
        signs = self._gate.opened(views)
        return joined, self._found(signs, views, texts), signs

    def one(self, text: str, signs: list[Sign] | None = None) -> tuple[list[Span], list[Sign] | None]:
        """Return what is found in one text, and the signs to look for next; the same as of several, for less."""
        said, view = read(text)
        is_plain = said is text
        views = self._gate.views(said if said.isascii() else fold(said))
        opened = self._still(signs, views) if is_plain and signs is not None else self._gate.opened(views)
        if not opened:
            return [], opened if is_plain else None
        outline, folded, _ = views
        rules = {rule for sign in opened for rule in sign.rules}
        spans = self._in_one(rules - self._as_written, folded, outline)
        if view:
            spans = view.written(spans)
        if not is_plain:
            spans += self._in_one_as_written(rules, text)
        return spans, opened if is_plain else None

    @staticmethod
    def _still(signs: list[Sign], views: Views) -> list[Sign]:
        """Return which of the signs are in the views."""
        return [sign for sign in signs if sign.find(views[sign.view], 0) >= 0]

    def _decoded(self, texts: Sequence[str]) -> dict[int, list[Span]]:
        """Return what is found in each text when it is decoded: where that stands as it was written."""
        readings = [read(text) for text in texts]
        said = [text for text, _ in readings]
        views = self._gate.views(fold(_BETWEEN.join(said)))
        opened = self._gate.opened(views)
        decoded = by_place(self._found(opened, views, said), said)
        found = {
            place: view.written(spans) if (view := readings[place][1]) else spans for place, spans in decoded.items()
        }
        rules = {rule for sign in opened for rule in sign.rules}
        for place, text in enumerate(texts):
            if said[place] is not text and (more := self._in_one_as_written(rules, text)):
                found.setdefault(place, []).extend(more)
        return found

    def looks_beyond_lines(self, signs: Sequence[Sign]) -> bool:
        """Return whether one of the signs opens a rule by which a line's result depends on other lines."""
        return any(self._rules[rule].beyond_line for sign in signs for rule in sign.rules)

    def _found(self, opened: Sequence[Sign], views: Views, texts: Sequence[str]) -> list[Span]:
        """Return what the opened rules find in the texts, counted from where the first one begins."""
        outline, text, _ = views
        rules = {rule for sign in opened for rule in sign.rules} - self._as_written
        alone = {rule for rule in rules if self._rules[rule].alone}
        spans = self._in_one(rules - alone, text, outline)
        if alone:
            starts = _starts(texts)
            in_each = {
                (rule, place)
                for sign in opened
                for rule in alone.intersection(sign.rules)
                for place in sign.places(views, starts)
            }
            for rule, place in in_each:
                begin = starts[place]
                whole = slice(begin, starts[place + 1] - len(_BETWEEN))
                found = self._in_one((rule,), text[whole], outline[whole])
                spans += [(begin + start, begin + stop) for start, stop in found]
        return spans

    def _in_one_as_written(self, rules: set[int], text: str) -> list[Span]:
        """Return what the rules for written text find in an encoded one. Their signs are never encoded."""
        rules = rules & self._as_written
        if not rules:
            return []
        outline, folded, _ = self._gate.views(text if text.isascii() else fold(text))
        return self._in_one(rules, folded, outline)

    def _in_one(self, rules: Iterable[int], text: str, outline: str) -> list[Span]:
        """Return what the rules find in a text that is searched as a whole."""
        places: dict[str, list[int]] = {}
        spans: list[Span] = []
        for number in rules:
            rule = self._rules[number]
            if needle := rule.needle:
                if needle not in places:
                    places[needle] = hits(outline, needle)
                spans += rule.find(text, outline, places[needle])
            else:
                spans += rule.find(text, outline)
        return spans


def _starts(texts: Sequence[str]) -> list[int]:
    """Return where each text begins if they stand one behind the other, and at last where another would."""
    return [0, *accumulate([len(text) + len(_BETWEEN) for text in texts])]


def by_place(spans: Sequence[Span], texts: Sequence[str]) -> dict[int, list[Span]]:
    """Return the spans by the place of the text that holds them, counted from where that text begins."""
    starts = _starts(texts)
    found: dict[int, list[Span]] = {}
    for start, stop in spans:
        place = bisect_right(starts, start) - 1
        begin = starts[place]
        found.setdefault(place, []).append((start - begin, stop - begin))
    return found
