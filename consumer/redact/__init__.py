"""Redaction: takes phone numbers, and what else the operator names, out of a log's text and fields."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import compress
from operator import ne
from typing import Any, Final

from consumer.redact import account, address, labelled, person, phone, secret
from consumer.redact.encoded import read
from consumer.redact.gate import Sign
from consumer.redact.rule import TOKEN, Rule, Span, fold, splice
from consumer.redact.search import Search, by_place

__all__ = ["RULE_NAMES", "TOKEN", "Redactor", "build"]

# Raise this whenever a rule of this package changes: it is part of every item's `redaction_version`. `OUTPUT_DIGEST` is
# this with a digest of the rules' output on the corpus (tests/golden/redaction): a test fails when the output changes.
_RULES_VERSION: Final = 5
OUTPUT_DIGEST: Final = "5:decdde72913e20c3"

# In this order: an e-mail address may hold what looks like a phone number, never the other way round.
_RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "email": person.EMAILS,
    "card": account.CARDS,
    "ssn": (person.SSN,),
    "ipv4": (address.IPV4,),
    "ipv6": (address.IPV6,),
    "mac": address.MAC,
    "iban": (account.IBAN,),
    "jwt": (secret.JWT,),
    "apikey": secret.APIKEYS,
    "password": secret.PASSWORDS,
    "phone": (*phone.RULES, labelled.LABELLED),
}
RULE_NAMES: Final = tuple(_RULES)

# The rules here are done after two passes, rarely three. Only custom patterns that match their own tokens need more.
_MAX_PASSES: Final = 16


_BEYOND_PHONES: Final = 10**15  # ITU-T E.164: 15 digits at most.


class Redactor:
    """The rules and patterns of one configuration; `version` names them and changes when they do."""

    def __init__(
        self, rules: Sequence[Rule], patterns: Sequence[re.Pattern[str]], version: str, *, phones: bool
    ) -> None:
        self._search = Search(rules)
        self._patterns = patterns
        self._phones = phones
        self.is_linear = not patterns
        """Whether the time grows only with the text's length: the rules see to that, an operator's pattern may not."""
        self.version = version

    def text(self, text: str) -> str:
        """Return `text` with `[REDACTED]` for everything that a rule or a pattern finds.

        Idempotent, because passes repeat until one finds nothing. They come to an end, because a pass turns characters
        into tokens and never back. A text that still changes after 16 passes is redacted whole, which bounds the time.
        """
        if self._patterns:
            changed, signs = self._pass((text,))
            redacted = changed.get(0, text)
        else:  # Most texts hold nothing to redact, and are told from here.
            spans, signs = self._search.one(text)
            redacted = splice(text, spans) if spans else text
        if redacted == text:
            return text
        return self._by_lines(text, redacted, signs) or self._settled({0: redacted}, signs)[0]

    def texts(self, texts: Sequence[str]) -> list[str]:
        """Return each text as `text` redacts it: none depends on another, but together they take less time."""
        together = None if self._patterns else self._search.together(texts)
        if together is None:
            changed, signs = self._pass(texts)
        else:
            joined, spans, signs = together
            lines = splice(joined, spans).split("\n") if spans else texts
            if len(lines) != len(texts):  # A text has lines of its own.
                found = by_place(spans, texts)
                lines = [splice(text, found.get(place, ())) for place, text in enumerate(texts)]
            changed = _changed(texts, lines)
        settled = list(texts)
        if changed:
            for place, text in self._settled(changed, signs).items():
                settled[place] = text
        return settled

    def _settled(self, texts: Mapping[int, str], signs: list[Sign] | None) -> dict[int, str]:
        """Return the texts after the passes that follow the first one."""
        settled = dict(texts)
        places = list(settled)
        for _ in range(_MAX_PASSES - 1):
            changed, signs = self._pass([settled[place] for place in places], signs)
            if not changed:
                return settled
            places = [places[place] for place in changed]
            settled.update(zip(places, changed.values(), strict=True))
        return settled | dict.fromkeys(places, TOKEN)

    def _by_lines(self, text: str, redacted: str, signs: list[Sign] | None) -> str | None:
        """Return the result of `_settled` from only the lines that the first pass changed; None if it can't.

        It can if no rule looks beyond its line and nothing is encoded: then a line's result depends only on that line.
        This saves time, because few lines of a long text hold anything to redact.
        """
        if "\n" not in redacted or signs is None or self._patterns or self._search.looks_beyond_lines(signs):
            return None
        lines = redacted.split("\n")
        changed = _changed(text.split("\n"), lines)
        # What reads as encoded only now could open a rule that looks beyond its line.
        if any(read(line)[0] != line for line in changed.values()):
            return None
        for number, line in self._settled(changed, signs).items():
            lines[number] = line
        return "\n".join(lines)

    def fields(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of `fields` with every string redacted, at any depth.

        Keys stay: they are names, and two redacted keys of one map would collide. Numbers, booleans and null stay,
        except that a number under a key that says phone (`{"phone": 2125550199}`, `{"phones": ["07700 900123"]}`),
        or in a map under one, becomes the token, whether it came as a string or as a number.
        """
        return {key: self._value(key, value, is_phone=False) for key, value in fields.items()}

    def _value(self, key: str, value: Any, *, is_phone: bool) -> Any:
        """Return a member's value redacted; `is_phone` if it is in a map under a key that says phone."""
        if isinstance(value, dict):
            is_phone = is_phone or labelled.says_phone(key)
            return {name: self._value(name, member, is_phone=is_phone) for name, member in value.items()}
        if isinstance(value, list):
            return [self._value(key, item, is_phone=is_phone) for item in value]
        if (
            self._phones
            and isinstance(value, str | int | float | Decimal)
            and labelled.is_number(_digits(value))
            and (labelled.says_phone(key) or (is_phone and not labelled.says_other(key)))
        ):
            return TOKEN
        return self.text(value) if isinstance(value, str) else value

    def _pass(self, texts: Sequence[str], signs: list[Sign] | None = None) -> tuple[dict[int, str], list[Sign] | None]:
        """Return the texts with a token for everything found, by their places, and the signs to look for next."""
        written = texts
        for pattern in self._patterns:
            written = [splice(text, _custom_spans(pattern, text)) for text in written]
        found, signs = self._search(written, signs)
        if not self._patterns and not found:
            return {}, signs
        changed = {place: text for place, text in enumerate(written) if text != texts[place]}
        for place, spans in found.items():
            text = splice(written[place], spans)
            if text != texts[place]:
                changed[place] = text
        return changed, signs


def _digits(value: str | float | Decimal) -> str:
    """Return a value as it would stand in a text; `2125550199.0`, as tables with gaps write it, is a whole number."""
    if isinstance(value, str):
        return fold(value)
    is_whole = -_BEYOND_PHONES < value < _BEYOND_PHONES and value == int(value)
    return str(int(value) if is_whole else value)


def _changed(before: Sequence[str], after: Sequence[str]) -> dict[int, str]:
    """Return those of the lines `after` that differ from the ones `before`, by their numbers."""
    return dict(compress(enumerate(after), map(ne, before, after)))


def _custom_spans(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    """Yield what a custom pattern matches, widened to whole tokens; matches that hold only tokens are left out."""
    reach = len(TOKEN) - 1
    end = 0
    for match in pattern.finditer(text):
        start, stop = match.span()
        if start < end or start == stop:
            continue
        token = text.rfind(TOKEN, max(end, start - reach), start + reach)
        start = start if token < 0 else token
        token = text.rfind(TOKEN, max(end, stop - reach), stop + reach)
        stop = stop if token < 0 else token + len(TOKEN)
        if text[start:stop].replace(TOKEN, ""):
            end = stop
            yield start, stop


def build(rules: Sequence[str] = ("phone",), patterns: Sequence[str] = ()) -> Redactor:
    """Return the redactor for the named rules and the operator's own regular expressions.

    Custom patterns come first, in their order, and search the text as it is written. Nothing here bounds their time:
    Python's `re` backtracks, and a pattern such as `(a+)+$` takes exponential time on hostile text. The consumer gives
    each log its share of the invocation's time (`consumer.in_time`, and from the second delivery on `consumer.apart`).
    Replay, lake and audit give it `consumer.replay.select.MOST_S`.

    Raises:
        ValueError: an unknown rule; a pattern that is not a regular expression or that matches the empty string.
    """
    unknown = [name for name in rules if name not in _RULES]
    if unknown:
        raise ValueError(f"unknown redaction rule {unknown[0]!r}: the rules are {', '.join(RULE_NAMES)}")
    names = [name for name in RULE_NAMES if name in rules]
    version = f"{_RULES_VERSION}:{'+'.join(names) or 'none'}"
    if patterns:
        digest = hashlib.sha256(json.dumps(list(patterns)).encode()).hexdigest()
        version += f"+custom-{digest[:8]}"
    return Redactor(
        [rule for name in names for rule in _RULES[name]],
        [_compiled(pattern) for pattern in patterns],
        version,
        phones="phone" in names,
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"redaction pattern {pattern!r} is not a regular expression: {error}") from error
    # `\b` and `(?=x)` match the empty string only inside other texts, so try some. `_custom_spans` skips all others.
    if any(match[0] == "" for probe in ("", " ", "a0") for match in compiled.finditer(probe)):
        raise ValueError(f"redaction pattern {pattern!r} matches the empty string")
    return compiled
