"""Requests of real clients (tests/golden/clients), sent through the ingest Lambda with fakes, and what they leave.

    python -m tests.unit.ingest.api.dialects.captures    writes tests/golden/clients/TABLE.md anew

A capture is one request with the answer of the client's own server (`expected_*`). Beside the captures,
`stored/{dialect}.json` says what each must leave: written by hand, from what the client's user logged.
"""

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from ingest.contract.message import InternalMessage
from tests.unit.ingest.conftest import Ingest

FOLDER: Final = Path(__file__).parents[4] / "golden" / "clients"
TABLE: Final = FOLDER / "TABLE.md"
TENANT: Final = "acme"

_TENANT_HEADERS: Final = ("x-tenant-id", "x-scope-orgid")
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
_TEXT_TYPES: Final = ("text/", "application/json", "application/xml", "application/javascript")

_EXAMPLES: Final = frozenset(
    {
        *("_id", "_seq_no", "_primary_term", "_version", "took", "name", "cluster_uuid", "number", "uid", "issuer"),
        *("build_hash", "build_date", "build_type", "build_flavor", "lucene_version", "issue_date", "issued_to"),
        *("minimum_wire_compatibility_version", "minimum_index_compatibility_version", "issue_date_in_millis"),
        *("start_date_in_millis", "max_nodes", "requestId", "timestamp", "ackId", "processedBytes", "batchID"),
    }
)
"""Members of the answers whose values are the reference server's own: ids, times, versions."""


class Capture(NamedTuple):
    """One request as a client sent it, and the answer that the client expects; None stands for `/ingest`'s own."""

    name: str
    role: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer_headers: dict[str, str]
    answer_body: str | None

    @property
    def url(self) -> str:
        """The path without its query."""
        return urlsplit(self.path).path

    @property
    def query(self) -> dict[str, str]:
        """The query's members."""
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))

    @property
    def tenant(self) -> str:
        """The tenant that the client names, or otherwise the one that `events` names for it."""
        named = [self.headers[name] for name in _TENANT_HEADERS if name in self.headers]
        return self.query.get("tenant_id") or (named[0] if named else TENANT)

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield the HTTP API's events for it, in each form in which a gateway may hand over the body.

        The forms are base64, text if the body is text, and inflated text with its Content-Encoding still there.
        """
        yield self._event(base64.b64encode(self.body).decode(), is_base64=True)
        inflated = _inflated(self.body) if self.headers.get("content-encoding") else self.body
        if self.headers.get("content-type", "").startswith(_TEXT_TYPES) and inflated is not None:
            yield self._event(inflated.decode(), is_base64=False)

    def _event(self, body: str, *, is_base64: bool) -> dict[str, Any]:
        headers = dict(self.headers)
        if self.tenant == TENANT and "tenant_id" not in self.query:
            headers.setdefault("x-tenant-id", TENANT)
        return {
            "version": "2.0",
            "routeKey": "ANY /{proxy+}",
            "rawPath": self.url,
            "headers": headers,
            "queryStringParameters": self.query,
            "requestContext": {"requestId": "request-1", "http": {"method": self.method, "path": self.url}},
            "body": body,
            "isBase64Encoded": is_base64,
        }


class Due(NamedTuple):
    """What must reach the sinks: `logs` in order, each with the members that are compared."""

    source: str
    logs: list[dict[str, Any]]


def captures() -> list[Capture]:
    """Return every capture of the folder."""
    return [_capture(path) for path in sorted(FOLDER.glob("*__*.json"))]


def due() -> dict[str, Due]:
    """Return what each capture that has logs must leave, by the capture's name."""
    return {
        name: Due(found["source"], found["logs"])
        for path in sorted((FOLDER / "stored").glob("*.json"))
        for name, found in json.loads(path.read_text()).items()
    }


def differences(expected: Any, given: Any, at: str = "$") -> list[str]:
    """Return where an answer differs from that of the client's own server; additional members do not count."""
    if type(expected) is not type(given):
        return [f"{at} is {given!r}, not {expected!r}"]
    if isinstance(expected, dict):
        found = [f"{at}.{name} is missing" for name in expected.keys() - given.keys()]
        for name in expected.keys() & given.keys():
            is_example = name in _EXAMPLES and not isinstance(expected[name], dict | list)
            wanted = given[name] if is_example and type(expected[name]) is type(given[name]) else expected[name]
            found += differences(wanted, given[name], f"{at}.{name}")
        return found
    if isinstance(expected, list):
        if len(expected) != len(given):
            return [f"{at} has {len(given)} entries, not {len(expected)}"]
        return [
            line
            for i, pair in enumerate(zip(expected, given, strict=True))
            for line in differences(*pair, f"{at}[{i}]")
        ]
    return [] if expected == given else [f"{at} is {given!r}, not {expected!r}"]


def stored(message: InternalMessage, keys: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a message that `keys` name; of its `fields` only those whose names are given."""
    found: dict[str, Any] = {
        "text": message.text,
        "event_at": message.event_at,
        "severity": message.severity,
        "log_id": message.log_id,
    }
    fields = message.fields or {}
    found["fields"] = {name: fields.get(name) for name in keys.get("fields", ())}
    return {name: found[name] for name in keys}


def _capture(path: Path) -> Capture:
    given = json.loads(path.read_text())
    return Capture(
        name=path.stem,
        role=given["role"],
        method=given["method"],
        path=given["path"],
        headers={name.lower(): value for name, value in given["headers"].items()},
        body=base64.b64decode(given["body_base64"] or ""),
        status=given["expected_status"],
        answer_headers={name.lower(): value for name, value in given["expected_headers"].items()},
        answer_body=given["expected_body"],
    )


def _inflated(body: bytes) -> bytes | None:
    if body[:2] == b"\x1f\x8b":
        return gzip.decompress(body)
    try:
        return zlib.decompress(body)
    except zlib.error:  # Another encoding, of no text type.
        return None


def table() -> str:
    """Return the table of all captures: the request, its answer, and the first log that it left."""
    rows = ["# Captures of real clients, and what comes of each", ""]
    rows += ["Written by `python -m tests.unit.ingest.api.dialects.captures`; the tests hold it.", ""]
    rows += ["| capture | request | answer | logs | first log | time | severity |", "|---|---|---|---|---|---|---|"]
    for capture in captures():
        ingest = Ingest()
        answer = ingest(next(capture.events()))
        first = ingest.enqueued[0] if ingest.enqueued else None
        cells = [capture.name, f"{capture.method} {capture.url}", str(answer["statusCode"]), str(len(ingest.enqueued))]
        cells += [_cell(first.text), first.event_at or "", first.severity or ""] if first else ["", "", ""]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    line = text.replace("\n", " ").replace("|", "\\|")
    return f"`{line[:57]}...`" if len(line) > 60 else f"`{line}`"


if __name__ == "__main__":
    TABLE.write_text(table())
