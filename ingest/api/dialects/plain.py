"""The JSON shapes that clients send, made into records: object, array, `{"logs": [...]}`, NDJSON, concatenated."""

from typing import Any, Final, NamedTuple

import msgspec

from ingest.contract.errors import Rejected

NDJSON_TYPES: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)

MAX_RECORDS: Final = 5_000  # 500 SendMessageBatch calls: what fits into one invocation's time.

_BOM: Final = b"\xef\xbb\xbf"  # RFC 8259, section 8.1: a parser may ignore it.

_decoder = msgspec.json.Decoder()
_NOT_JSON: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)


class Records(NamedTuple):
    """The records of a body. One that could not be read stands as the `Rejected` that says why.

    `tenant_id` is what the envelope `{"tenant_id": ..., "logs": [...]}` names.
    """

    records: list[Any]
    is_batch: bool
    tenant_id: Any = None


def read_records(body: bytes, content_type: str, charset: str) -> Records:
    """Return the body's records, undecoded ones marked; a lone JSON object or string is not a batch.

    An empty `content_type` (pino-http-send sends none) is taken as JSON or NDJSON when the body looks like it.

    Raises:
        Rejected: `unsupported_content_type`, `invalid_encoding`, or `invalid_json` when nothing can be read.
    """
    is_ndjson = content_type in NDJSON_TYPES
    if not is_ndjson and content_type != "application/json" and not (content_type == "" and _looks_like_json(body)):
        raise Rejected("unsupported_content_type")
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise Rejected("invalid_encoding")
    body = body.removeprefix(_BOM)
    if is_ndjson:
        return Records(_read_lines(body), is_batch=True)
    try:
        value = _decoder.decode(body)
    except _NOT_JSON:
        return _read_as_lines(body)
    if isinstance(value, list):
        return Records(value, is_batch=True)
    # Only the bare envelope: beside anything else, "logs" is a record's field, and the rest would be lost.
    if isinstance(value, dict) and isinstance(value.get("logs"), list) and value.keys() <= {"logs", "tenant_id"}:
        return Records(value["logs"], is_batch=True, tenant_id=value.get("tenant_id"))
    return Records([value], is_batch=False)


def _looks_like_json(body: bytes) -> bool:
    return body.removeprefix(_BOM).lstrip()[:1] in {b"{", b"["}


def _read_as_lines(body: bytes) -> Records:
    """Return NDJSON or concatenated JSON sent as plain `application/json`, as Fluent Bit and pino do."""
    records = _read_lines(body)
    if not records or isinstance(records[0], Rejected):  # Then it is one broken document, not a list of them.
        raise Rejected("invalid_json")
    return Records(records, is_batch=True)


def _read_lines(body: bytes) -> list[Any]:
    try:
        return _decoder.decode_lines(body)
    except _NOT_JSON:
        pass
    # Some line is broken: read each by itself, so that its neighbours are taken. A megabyte of broken lines costs a
    # second, so stop at what is refused as too many anyway.
    records: list[Any] = []
    for line in body.split(b"\n"):
        if line.strip():
            records += _read_line(line)
            if len(records) > MAX_RECORDS:
                break
    return records


def _read_line(line: bytes) -> list[Any]:
    try:
        return _decoder.decode_lines(line)
    except _NOT_JSON:
        return [Rejected("invalid_json")]
