"""Decides whether a line of the functions' logs holds a tenant's text. Pure."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Final

LEAD_CHARS: Final = 40
"""Only the first characters of a text are looked for, so that a line with a shortened text is found too."""

_MIN_CHARS: Final = 8
_MIN_DISTINCT_CHARS: Final = 4
_MANY: Final = 200
_QUOTED_CHARS: Final = 60  # Characters of the line before and after the text, for the report.


def leaks(lines: Iterable[str], texts: Iterable[str], *, known: Iterable[str] = ()) -> list[str]:
    """Return a sentence for each text that is in one of the lines: as it is, or escaped as by JSON or `repr`.

    Texts that may be in a line by chance are not looked for: texts of less than 8 characters, texts of less than 4
    different characters (`00000000` is part of many numbers), and parts of a `known` string. `known` are the ids,
    tenants and names that may be in the lines.
    """
    parts = "\n".join(known)
    searched = [lead for lead in {text[:LEAD_CHARS] for text in texts} if _is_telling(lead) and lead not in parts]
    if not searched:
        return []
    looked_at = list(dict.fromkeys(lines))
    joined = "\n".join(looked_at)
    forms = {form: lead for lead in searched for form in _forms(lead)}
    return [
        f"{forms[form]!r} stands in the line {_around(looked_at, form)!r}"
        for form in _perhaps_in(joined, forms)
        if form in joined
    ]


def _perhaps_in(joined: str, forms: Collection[str]) -> Iterable[str]:
    """Return the forms that may be in the lines: all when they are few, else those whose first 8 characters are there.

    A search for one form is cheap, but for thousands in megabytes it is not. So for many forms, every sequence of 8
    characters in the lines is collected once.
    """
    if len(forms) <= _MANY:
        return forms
    there = {joined[at : at + _MIN_CHARS] for at in range(len(joined) - _MIN_CHARS + 1)}
    return [form for form in forms if form[:_MIN_CHARS] in there]


def _is_telling(lead: str) -> bool:
    return len(lead) >= _MIN_CHARS and len(set(lead)) >= _MIN_DISTINCT_CHARS


def _forms(lead: str) -> Sequence[str]:
    """Return the forms that the beginning of a text may have in a line."""
    if lead.isascii() and lead.isprintable() and not {'"', "'", "\\"} & set(lead):
        return (lead,)
    as_json = json.dumps(lead, ensure_ascii=False)[1:-1]
    return tuple(dict.fromkeys((lead, as_json, json.dumps(lead)[1:-1], repr(lead)[1:-1])))


def _around(lines: Sequence[str], form: str) -> str:
    for line in lines:
        if (at := line.find(form)) >= 0:
            return line[max(0, at - _QUOTED_CHARS) : at + len(form) + _QUOTED_CHARS]
    return form  # A text of several lines, printed as it is.
