"""Hostile requests for the handler with fakes and for real HTTP: those in the file, and those at the limits, made here.

A case of the file (tests/golden/hostile_requests.jsonl) has `text` (a UTF-8 body), `hex` (a body of bytes) or
`event_body` (a body that says it is base64), with `content_type` (JSON when absent) and `headers`; and what is due: the
`reason` of its 4xx, or `status` 202 with the `accepted` texts.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ingest.api.encodings import MAX_BODY_BYTES
from ingest.api.parse import MAX_RECORDS
from ingest.api.record import MAX_ESCAPED_TEXT_BYTES
from ingest.contract.errors import RejectReason
from ingest.contract.message import MAX_TEXT_BYTES
from tests.unit.ingest.fakes import event

JSON: Final = "application/json"
TEXT: Final = "text/plain"
NDJSON: Final = "application/x-ndjson"

_FILE: Final = Path(__file__).parents[2] / "golden" / "hostile_requests.jsonl"
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_TENANT_CHARS: Final = 64  # TENANT_ID_PATTERN
_LOG_ID_CHARS: Final = 256  # LOG_ID_PATTERN


class Case(NamedTuple):
    """A request and its expected answer: a `reason`, or a 202 and the `accepted` texts in order.

    `event_body` stands for the body where only a gateway that lies could send it.
    """

    name: str
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = _NO_HEADERS
    reason: RejectReason | None = None
    accepted: tuple[str, ...] = ()
    event_body: str | None = None

    @property
    def is_utf8(self) -> bool:
        """Whether the body can stand in an event as it is."""
        try:
            self.body.decode()
        except UnicodeDecodeError:
            return False
        return True

    def event(self) -> dict[str, Any]:
        """Return the HTTP API's event; a body that is not UTF-8 travels as base64."""
        if self.event_body is not None:
            return event(self.event_body, self.content_type, headers=self.headers) | {"isBase64Encoded": True}
        body = self.body.decode() if self.is_utf8 else self.body
        return event(body, self.content_type, headers=self.headers)


def _read(line: str) -> Case:
    case = json.loads(line)
    return Case(
        name=case["name"],
        body=bytes.fromhex(case["hex"]) if "hex" in case else case.get("text", "").encode(),
        content_type=case.get("content_type", JSON),
        headers=case.get("headers", _NO_HEADERS),
        reason=case.get("reason"),
        accepted=tuple(case.get("accepted", ())),
        event_body=case.get("event_body"),
    )


def _limits() -> Iterator[Case]:
    """Yield each limit exactly met, and one over."""
    for name, text in (("letters", "x"), ("letters of two bytes", "é"), ("letters of four bytes", "😀")):
        most = text * (MAX_TEXT_BYTES // len(text.encode())) + "x" * (MAX_TEXT_BYTES % len(text.encode()))
        yield Case(f"text limit in {name}", most.encode(), TEXT, accepted=(most,))
        yield Case(f"text limit and one in {name}", most.encode() + b"x", TEXT, reason="text_too_large")
    most = "\x01" * ((MAX_ESCAPED_TEXT_BYTES - len('""')) // len(r"\u0001"))
    yield Case("text limit in escapes", json.dumps({"text": most}).encode(), accepted=(most,))
    yield Case("text limit and one in escapes", most.encode() + b"\x01", TEXT, reason="text_too_large")

    padded = b'{"text":"a"}'.ljust(MAX_BODY_BYTES)
    yield Case("body limit", padded, accepted=("a",))
    yield Case("body limit and one", padded + b" ", reason="body_too_large")
    lines = b"\n".join(json.dumps("y" * 170_000).encode() for _ in range(6)).ljust(MAX_BODY_BYTES)
    yield Case("body limit in lines", lines, NDJSON, accepted=("y" * 170_000,) * 6)
    yield Case("body limit and one in lines", lines + b"\n", NDJSON, reason="body_too_large")

    bomb = gzip.compress(bytes(MAX_BODY_BYTES + 1))
    yield Case("gzip bomb", bomb, headers={"content-encoding": "gzip"}, reason="body_too_large")

    tenant, log_id = "t" * _TENANT_CHARS, "~" * _LOG_ID_CHARS
    yield Case("tenant limit", b"tenant", TEXT, {"x-tenant-id": tenant}, accepted=("tenant",))
    yield Case("tenant limit and one", b"tenant", TEXT, {"x-tenant-id": f"{tenant}t"}, reason="invalid_tenant")
    yield Case("log_id limit", b"log_id", TEXT, {"x-log-id": log_id}, accepted=("log_id",))
    yield Case("log_id limit and one", b"log_id", TEXT, {"x-log-id": f"{log_id}~"}, reason="invalid_log_id")

    # All but the last are refused one by one: so the limit is met without thousands of logs.
    records = ["7"] * (MAX_RECORDS - 1) + ['"last"']
    for content_type, one, join in ((JSON, "array", "[{}]"), (NDJSON, "lines", "{}")):
        separator = "," if content_type == JSON else "\n"
        body = join.format(separator.join(records)).encode()
        yield Case(f"record limit in {one}", body, content_type, accepted=("last",))
        body = join.format(separator.join(["7", *records])).encode()
        yield Case(f"record limit and one in {one}", body, content_type, reason="too_many_records")


CASES: Final = (*map(_read, _FILE.read_text().splitlines()), *_limits())
