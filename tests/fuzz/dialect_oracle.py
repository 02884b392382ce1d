"""What must hold for any body in any dialect except `/ingest`'s own. Pure: any exception is a finding.

A fuzzer's bytes are a path with its query, a content type, an empty line and the body, so that most mutations give a
meaningful request; bytes that name no route are ignored. The body is as a reader sees it: snappy is decoded already,
and for Firehose a body that is not JSON becomes one record in base64. The property tests show that logs are unaltered.
"""

import base64
import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl

from ingest.api import dialects
from ingest.api.dialect import Dialect
from ingest.api.parse import Parsed, parse
from ingest.api.request import Request
from ingest.api.routes import Routes
from ingest.contract.errors import REJECT_REASONS, Rejected
from ingest.contract.message import SOURCE_PATTERN
from tests.fuzz.request_oracle import RECEIVED_AT, check_message, check_positions, kinds

_LOKI: Final = "/loki/api/v1/push"
_FIREHOSE: Final = "/firehose"
_ROUTES: Final = Routes(dialect for dialect in dialects.ALL if ("POST", "/ingest") not in dialect.routes)


def check(data: bytes) -> Iterable[str]:
    """Check all that must hold for these bytes and their answers; return the kinds of what they are read as."""
    head, _, body = data.partition(b"\n\n")
    target, _, content_type = head.decode(errors="replace").partition("\n")
    path, _, query = target.partition("?")
    http = {"method": "POST", "path": path}
    match = _ROUTES.find({"requestContext": {"requestId": "r", "http": http}})  # type: ignore[typeddict-item] # these members
    if match is None:
        return {"no route"}
    headers = {"content-type": content_type, "x-tenant-id": "acme"}
    if path == _LOKI:
        headers["content-encoding"] = "snappy"
    if path == _FIREHOSE and body[:1] != b"{":
        body = json.dumps({"requestId": "r", "records": [{"data": base64.b64encode(body).decode()}]}).encode()
    members = dict(parse_qsl(query, keep_blank_values=True))
    request = Request(headers, members, body, match.path, match.parameters, "r", tenant_attribute="service.namespace")
    found = _found(request, match.dialect)
    if isinstance(found, Rejected):
        assert found.reason in REJECT_REASONS
        _check_answer(match.dialect.refuse(found, request), {400 if match.path == _FIREHOSE else found.status, 415})
        return {f"{path} {found.reason}"}
    check_positions(found, may_be_empty=match.dialect.takes_empty)
    for message in found.messages:
        check_message(message, may_be_empty=match.dialect.takes_empty_text)
        assert message.source not in {"json_upload", "text_upload"}, SOURCE_PATTERN
    _check_answer(match.dialect.answer(found, frozenset(), request), {200, 201, 202, 204, 207, 400})
    everything = frozenset(range(len(found.messages)))
    if everything:
        _check_answer(match.dialect.answer(found, everything, request), {503})
    return {f"{path} {kind}" for kind in kinds(found)}


def _found(request: Request, dialect: Dialect) -> Parsed | Rejected:
    try:
        return parse(request, dialect, received_at=RECEIVED_AT, log_id_at=lambda position: f"generated-{position:0>40}")
    except Rejected as rejected:
        return rejected


def _check_answer(answer: Any, statuses: set[int]) -> None:
    """Check that it has a known status, and that its body is empty, plain text, bytes in base64, or JSON."""
    assert answer["statusCode"] in statuses
    headers = answer["headers"]
    assert all(isinstance(value, str) for value in headers.values())
    if answer["isBase64Encoded"]:
        assert base64.b64decode(answer["body"], validate=True)
    elif answer["body"] and headers["content-type"] != "text/plain":
        assert isinstance(json.loads(answer["body"]), dict | list)
