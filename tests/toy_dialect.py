"""A dialect that no client speaks: each line of text is a log, the path names the tenant, the answers are its own."""

from typing import Final

from ingest.api.dialect import Dialect, Record, Records
from ingest.api.events import Response
from ingest.api.parse import Parsed
from ingest.api.request import Request
from ingest.api.respond import json_response
from ingest.contract.errors import Rejected


def _read(request: Request) -> Records:
    lines = request.body.decode(errors="replace").splitlines()
    records = [Rejected("invalid_record") if line == "bad" else Record(line, fields={"toy": 1}) for line in lines]
    return Records(records, is_batch=True, source="toy")


def _answer(parsed: Parsed, not_enqueued: frozenset[int], _: Request) -> Response:
    status = 503 if not_enqueued else 201
    return json_response(status, {"took": len(parsed.messages) - len(not_enqueued), "bad": len(parsed.rejected)})


def _refuse(rejected: Rejected, _: Request) -> Response:
    return json_response(rejected.status, {"no": rejected.reason})


def _greet(request: Request) -> Response:
    return json_response(200, {"hello": request.parameters["tenant"]})


DIALECT: Final = Dialect(
    routes=[("POST", "/toy/{tenant}")],
    read=_read,
    answer=_answer,
    refuse=_refuse,
    handshakes={("GET", "/toy/{tenant}"): _greet, ("HEAD", "/toy/{tenant}"): _greet},
    takes_empty=True,
)
