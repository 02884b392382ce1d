r"""Loki's push request in JSON, and the older form of `/api/prom/push`, read into records. Pure.

`{"streams": [{"stream": {label: value}, "values": [["<ns>", "<line>", {metadata}]]}]}`; in the older form a stream is
`{"labels": "{label=\"value\"}", "entries": [{"ts": "<RFC 3339>", "line": "<line>"}]}`. Each entry keeps its
stream's other members. Those of a stream without entries, and members beside the streams, count as a refused entry.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from ingest.api import event_time
from ingest.api.dialect import Record
from ingest.api.flawed import value_of_flawed
from ingest.api.loki.entry import entry, entry_at, labels_of
from ingest.contract.errors import Rejected

_NANOSECONDS: Final = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_ENTRY: Final = range(2, 4)  # An entry has two or three elements.


def read(body: bytes, *, most: int) -> list[Record | Rejected]:
    """Return the request's entries, a `Rejected` in place of each that cannot be taken; reading ends after `most`.

    Raises:
        Rejected: `invalid_json` if the body is no JSON or has not Loki's form around the entries; `too_many_records` if
            there are more than `most` streams.
    """
    request, is_flawed = value_of_flawed(body)
    if not isinstance(request, dict) or not isinstance(request.get("streams"), list):
        raise Rejected("invalid_json")
    if len(request["streams"]) > most:  # Even streams without entries cost time.
        raise Rejected("too_many_records")
    found: list[Record | Rejected] = []
    for stream in request["streams"]:
        _read_stream(stream, is_flawed, found, most)
        if len(found) > most:
            return found
    if len(request) > 1:
        found.append(Rejected("invalid_record"))
    return found


def _read_stream(stream: Any, is_flawed: Callable[[Any], bool], found: list[Record | Rejected], most: int) -> None:
    if not isinstance(stream, dict):
        raise Rejected("invalid_json")
    labels_key = "stream" if "stream" in stream else "labels"
    labels = stream.get(labels_key)
    if isinstance(labels, str):
        labels = labels_of(labels)
    others = {name: value for name, value in stream.items() if name not in _ENTRIES and name != labels_key}
    is_wrong = is_flawed([labels, others])
    before = len(found)
    for key, read_entry in _ENTRIES.items():
        for sent in _list(stream.get(key)):
            is_read = not is_wrong and not is_flawed(sent)
            found.append(read_entry(sent, labels, others) if is_read else Rejected("invalid_record"))
            if len(found) > most:
                return
    if others and len(found) == before:
        found.append(Rejected("invalid_record"))


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Rejected("invalid_json")
    return value


def _value(sent: Any, labels: Any, others: dict[str, Any]) -> Record | Rejected:
    if not isinstance(sent, list) or len(sent) not in _ENTRY:
        return Rejected("invalid_record")
    at, line, *metadata = sent
    if isinstance(at, str) and _NANOSECONDS.fullmatch(at):
        at = int(at)
    if isinstance(at, bool) or not isinstance(at, int):
        return Rejected("invalid_record")
    return entry(at, line, labels, metadata[0] if metadata else None, others)


def _old_entry(sent: Any, labels: Any, others: dict[str, Any]) -> Record | Rejected:
    if not isinstance(sent, dict) or not isinstance(sent.get("ts"), str):
        return Rejected("invalid_record")
    metadata = {name: value for name, value in sent.items() if name not in {"ts", "line"}}
    return entry_at(event_time.event_at(sent["ts"], unit="ns"), sent.get("line"), labels, metadata, others)


_ENTRIES: Final[dict[str, Callable[[Any, Any, dict[str, Any]], Record | Rejected]]] = {
    "values": _value,
    "entries": _old_entry,
}
"""The member that holds a stream's entries, in this API and in the older one, and the function that reads an entry."""
