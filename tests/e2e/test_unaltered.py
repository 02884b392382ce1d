"""Accepted means unaltered (I13), over real HTTP: a part of every dialect's corpus, in the table and on the stream.

And hostile bodies at every dialect's path: bombs, bodies cut short, encodings and types that lie. Never a 5xx of ours.
The engine decodes bodies of text types, with U+FFFD for what it cannot read: what is no UTF-8 is the unit tests'.
"""

import gzip
import json
import zlib
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from cramjam import snappy, zstd

from consumer import item
from infra.cli import main
from tests.unit.ingest.api.dialects.test_unaltered import _different as different
from tests.unit.ingest.api.dialects.unaltered.case import FOLDER, Case, read

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_TAKEN: Final = frozenset({200, 201, 202, 204, 207})  # 207 is Firehose's, of a part.
_A_FILE: Final = 1
# What the table's numbers cannot hold stands there as text (DECISIONS): the unit tests look at it on queue and stream.
_NO_NUMBER: Final = ("beyond", "below", "400 digits", "least double")


def _post(stack: "LocalStack", path: str, body: bytes, headers: dict[str, str]) -> int:
    url = urlsplit(stack.stack.endpoint)
    connection = HTTPConnection(url.hostname or "", url.port, timeout=360)
    try:
        connection.request("POST", url.path + path, body=body, headers=headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def _sample() -> list[tuple[str, Case]]:
    """Return of each file a case, in turn another, each with a tenant of its own."""
    found: list[tuple[str, Case]] = []
    for number, path in enumerate(sorted(FOLDER.glob("*.jsonl"))):
        cases = [case for case in read(path) if _is_carried(case)]
        step = max(1, len(cases) // _A_FILE)
        found += [(f"unaltered-{len(found) + i}", case) for i, case in enumerate(cases[number % step :: step])]
    return found


def _is_carried(case: Case) -> bool:
    is_utf8 = not (case.content_type.startswith(("text/", "application/json"))) or _decodes(case.body)
    return is_utf8 and bool(case.due) and not any(word in case.name for word in _NO_NUMBER)


def _decodes(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_part_of_the_corpus_comes_back(local_stack: "LocalStack", eventually: "Eventually", tmp_path: Path) -> None:
    """Text, time, severity and fields, from the table and replayed from the stream; what is refused is not there."""
    sample = _sample()
    for tenant, case in sample:
        headers = {"X-Tenant-ID": tenant} | ({"Content-Type": case.content_type} if case.content_type else {})
        assert _post(local_stack, case.path, case.body, headers) in _TAKEN, case.name
    due = {tenant: [log for log in case.due if "refused" not in log] for tenant, case in sample}
    for tenant, _ in sample:
        eventually(lambda tenant=tenant: len(local_stack.rows(tenant)) >= len(due[tenant]))
    target = tmp_path / "logs.ndjson"
    replayed = CliRunner().invoke(main, ["replay", "--to", str(target), "--data-dir", str(local_stack.data_dir)])
    assert replayed.exit_code == 0, replayed.output
    on_stream: dict[str, list[dict[str, Any]]] = {}
    for line in target.read_bytes().splitlines():  # Of bytes: in a text, U+0085 ends a line, too.
        log = json.loads(line, parse_float=Decimal)
        on_stream.setdefault(log["tenant_id"], []).append(log)
    problems = [
        f"{case.name}, {where}: {found}"
        for tenant, case in sample
        for where, logs in (("table", _of_table(local_stack, tenant)), ("stream", on_stream.get(tenant, [])))
        for found in _problems(due[tenant], logs)
    ]
    assert problems == []


def _of_table(stack: "LocalStack", tenant: str) -> list[dict[str, Any]]:
    items = sorted(map(item.read, stack.rows(tenant)), key=lambda one: one.arrived_at or one.log_id)
    return [
        {
            "text": i.original_text,
            "event_at": i.event_at,
            "severity": i.severity,
            "fields": i.fields or {},
            "log_id": i.log_id,
        }
        for i in items
    ]


def _problems(due: list[dict[str, Any]], logs: list[dict[str, Any]]) -> list[str]:
    if len(due) != len(logs):
        return [f"{len(logs)} logs, not {len(due)}"]
    return [found for pair in zip(due, logs, strict=True) for found in different(*pair)]


_OF_JSON: Final = (
    *("/ingest", "/api/v2/logs", "/v1/ingest/d", "/gelf", "/log/v1", "/firehose", "/api/events/raw", "/v1/logs"),
    *("/services/collector", "/loki/api/v1/push", "/logs/ingest", "/1/batch/d", "/logs/v1/singles", "/logs", "/bulk/k"),
)
_PATHS: Final = {
    **dict.fromkeys(_OF_JSON, "application/json"),
    "/_bulk": "application/x-ndjson",
    "/": "application/msgpack",
    "/upload": "application/vnd.fdo.journal",
    "/services/collector/raw": "",
}
_HEAD: Final = b'{"message":"x"}\n' * 100
_BOMB: Final = b"\0" * 12_000_000
_HOSTILE: Final[dict[str, tuple[bytes, dict[str, str]]]] = {
    "gzip bomb": (gzip.compress(_BOMB), {"Content-Encoding": "gzip"}),
    "deflate bomb": (zlib.compress(_BOMB), {"Content-Encoding": "deflate"}),
    "zstd bomb": (bytes(zstd.compress(_BOMB)), {"Content-Encoding": "zstd"}),
    "snappy bomb": (bytes(snappy.compress_raw(_BOMB)), {"Content-Encoding": "snappy"}),
    "gzip of a gzip bomb": (gzip.compress(gzip.compress(_BOMB)), {"Content-Encoding": "gzip, gzip"}),
    "gzip cut short": (gzip.compress(_HEAD)[:-9], {"Content-Encoding": "gzip"}),
    "zstd cut short": (bytes(zstd.compress(_HEAD))[:-5], {"Content-Encoding": "zstd"}),
    "snappy cut short": (bytes(snappy.compress_raw(_HEAD))[:-5], {"Content-Encoding": "snappy"}),
    "an encoding that is none": (_HEAD, {"Content-Encoding": "br"}),
    "a list of five": (_HEAD, {"Content-Encoding": "gzip,gzip,gzip,gzip,gzip"}),
    "protobuf cut short": (b"\x0a\xff\xff\xff\x07\x12", {"Content-Type": "application/x-protobuf"}),
    "msgpack cut short": (b"\xdd\xff\xff\xff\xff\x81\xa1", {"Content-Type": "application/msgpack"}),
    "a type that lies": (b"\xff\xfe\0\0{[(", {"Content-Type": "application/octet-stream"}),
    "a type that is none": (b"[" * 5_000, {"Content-Type": "; charset=\xff,,"}),
    "nothing": (b"", {}),
}  # fmt: skip


@pytest.mark.parametrize("path", _PATHS)
def test_hostile_bodies_are_never_an_error_of_ours(path: str, local_stack: "LocalStack") -> None:
    """Each is refused or taken, at every dialect's path; none ends the function."""
    bombs = [name for name in _HOSTILE if "bomb" in name]  # What inflates them is the same for all: one at each path.
    left_out = set(bombs) - {bombs[list(_PATHS).index(path) % len(bombs)]}
    for name, (body, headers) in _HOSTILE.items():
        if name in left_out:
            continue
        given = {"X-Tenant-ID": "hostile-bodies", "Content-Type": _PATHS[path]} | headers
        status = _post(local_stack, path, body, {header: value for header, value in given.items() if value})
        assert 200 <= status < 500, (name, status)
        if "bomb" in name:
            assert status in {400, 413, 415}, (name, status)
