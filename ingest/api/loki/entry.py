"""One entry of a Loki stream as a record, and the stream's labels. Pure."""

import re
from typing import Any, Final

from ingest.api.dialect import Record
from ingest.api.event_time import of_ns
from ingest.api.members import severity_of_text
from ingest.api.record import MAX_FIELDS
from ingest.api.severity import of_record as severity_of_record
from ingest.contract.errors import Rejected

# A selector in Prometheus' format: names, and Go's strings in quotes or backquotes.
_LABEL: Final = re.compile(
    r'\s*([A-Za-z_:][A-Za-z0-9_:.]*)\s*=\s*(?:"((?:[^"\\\n]|\\.)*+)"|`([^`]*)`)\s*(?:,|\Z)', re.ASCII
)
_ESCAPE: Final = re.compile(r'\\(?:(["\\abfnrtv])|x([0-7][0-9A-Fa-f])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))')
_LETTERS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}


def entry(at_ns: int, line: Any, labels: Any, metadata: Any, others: Any = None) -> Record | Rejected:
    """Return an entry as a record; empty labels, metadata and other members are left out of its fields."""
    return entry_at(of_ns(at_ns), line, labels, metadata, others)


def entry_at(at: str | None, line: Any, labels: Any, metadata: Any, others: Any = None) -> Record | Rejected:
    """Return an entry as a record, as `entry`; its time is RFC 3339, or None if it could not be read."""
    if at is None or not isinstance(line, str):
        return Rejected("invalid_record")
    fields = {"labels": labels, "structured_metadata": metadata, "unknown_fields": others}
    fields = {name: value for name, value in fields.items() if value}
    severity = None
    for said in (metadata, labels):
        if (
            isinstance(said, dict) and severity is None and len(said) <= MAX_FIELDS
        ):  # A limit, because each entry reads the labels.
            severity = severity_of_record(said)
    return Record(line, None, None, fields, at, severity or severity_of_text(line))


def labels_of(selector: str) -> dict[str, str] | str:
    """Return the labels of `{app="shop", level="info"}`; a text of another form, or with a name twice, as it is."""
    inner = selector.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        return selector
    labels: dict[str, str] = {}
    at, end = 1, len(inner) - 1
    while at < end:
        found = _LABEL.match(inner, at, end)
        if found is None and inner[at:end].isspace():
            break
        if found is None or found[1] in labels:
            return selector
        quoted, raw = found[2], found[3]
        try:
            labels[found[1]] = raw if quoted is None else _ESCAPE.sub(_unescaped, quoted)
        except ValueError:
            return selector
        at = found.end()
    return labels


def _unescaped(escape: re.Match[str]) -> str:
    letter, short, unicode, long, unknown = escape.groups()
    if unknown is not None:
        raise ValueError(unknown)
    character = _LETTERS[letter] if letter else chr(int(short or unicode or long, 16))
    character.encode()  # Half a surrogate pair is a UnicodeEncodeError, which is a ValueError.
    return character
