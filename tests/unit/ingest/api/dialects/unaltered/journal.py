"""systemd's journal export format."""

from collections.abc import Iterator

from tests.unit.ingest.api.dialects.unaltered.case import Case, Logs


def cases() -> Iterator[Case]:
    """Yield the journal's cases."""

    def framed(name: str, value: bytes) -> bytes:
        return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"

    values = {
        "empty": b"",
        "NUL": b"a\0b",
        "noncharacters": "\ufffe\uffff".encode(),
        "lines": b"a\n\nB=c\n",
        "equals": b"=a=",
    }
    for odd, value in values.items():
        body = b"MESSAGE=before\n\n" + framed("MESSAGE", b"odd") + framed("V", value) + b"\nMESSAGE=after\n"
        due = [
            {"text": "before", "fields": {}},
            {"text": "odd", "fields": {"V": value.decode()}},
            {"text": "after", "fields": {}},
        ]
        yield Case(f"journal: value, {odd}", "/upload", "application/vnd.fdo.journal", body, due)
        body = b"MESSAGE=before\n\nV=1\n" + framed("MESSAGE", value) + b"\n\n\nMESSAGE=after"
        due = [due[0], {"text": value.decode(), "fields": {"V": "1"}}, due[2]]
        yield Case(f"journal: text, {odd}", "/upload", "application/vnd.fdo.journal", body, due)
    body = b"MESSAGE=before\n\n" + framed("MESSAGE", b"\xff") + b"\n" + b"MESSAGE=after\n\n"
    refused: Logs = [
        {"text": "before", "fields": {}},
        {"refused": "invalid_encoding"},
        {"text": "after", "fields": {}},
    ]
    yield Case("journal: no UTF-8", "/upload", "application/vnd.fdo.journal", body, refused)
    body = b"__CURSOR=c\n__REALTIME_TIMESTAMP=1764000000123456\nPRIORITY=3\nA=1\nA=2\nMESSAGE=m\n"
    fields = {"__CURSOR": "c", "__REALTIME_TIMESTAMP": "1764000000123456", "PRIORITY": "3", "A": ["1", "2"]}
    whole = {
        "text": "m",
        "log_id": "c",
        "severity": "error",
        "event_at": "2025-11-24T16:00:00.123456Z",
        "fields": fields,
    }
    yield Case("journal: microseconds, a field twice", "/upload", "application/vnd.fdo.journal", body, [whole])
    yield Case("journal: empty", "/upload", "application/vnd.fdo.journal", b"", [])
