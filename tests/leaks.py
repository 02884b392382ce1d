"""The rule by which a line of the functions' logs is said to hold a log's text. Pure."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Final

LEAD_CHARS: Final = 40
"""A text is looked for by its first characters: a line that cuts it short holds it all the same."""

_MIN_CHARS: Final = 8
_MIN_DISTINCT_CHARS: Final = 4
_MANY: Final = 200
_QUOTED_CHARS: Final = 60  # Of the line, for the report.


def leaks(lines: Iterable[str], texts: Iterable[str], *, known: Iterable[str] = ()) -> list[str]:
    """Return a sentence for each of the texts that stands in one of the lines: as it is, or escaped as JSON or `repr`.

    Not looked for is what stands in lines by chance: a text of less than 8 characters, or of less than 4 different
    ones (`00000000` is part of many a number), or one that is part of a `known` string: ids, tenants and names that
    belong into the lines.
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
    """Return the forms that may stand in the lines: all, or of many those whose first characters do.

    To look for one is cheap, for thousands in megabytes it is not; every eight characters are then taken once.
    """
    if len(forms) <= _MANY:
        return forms
    there = {joined[at : at + _MIN_CHARS] for at in range(len(joined) - _MIN_CHARS + 1)}
    return [form for form in forms if form[:_MIN_CHARS] in there]


def _is_telling(lead: str) -> bool:
    return len(lead) >= _MIN_CHARS and len(set(lead)) >= _MIN_DISTINCT_CHARS


def _forms(lead: str) -> Sequence[str]:
    """Return the lead as it may stand in a line."""
    if lead.isascii() and lead.isprintable() and not {'"', "'", "\\"} & set(lead):
        return (lead,)
    as_json = json.dumps(lead, ensure_ascii=False)[1:-1]
    return tuple(dict.fromkeys((lead, as_json, json.dumps(lead)[1:-1], repr(lead)[1:-1])))


def _around(lines: Sequence[str], form: str) -> str:
    for line in lines:
        if (at := line.find(form)) >= 0:
            return line[max(0, at - _QUOTED_CHARS) : at + len(form) + _QUOTED_CHARS]
    return form  # A text of several lines, printed as it is.
