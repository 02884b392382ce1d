"""An API Gateway event made into a plain request: lower-case headers, body bytes decoded and inflated under a cap."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ingest.contract.errors import Rejected

MAX_BODY_BYTES: Final = 10_485_760
"""What a body may be, inflated: 10 MiB, which clients' usual chunks stay below. As sent, Lambda takes less: an event of
6 MB, in which a body of a type that is no text stands as base64 (Lambda quotas, November 2026)."""

_MAX_BASE64_CHARS: Final = (MAX_BODY_BYTES + 2) // 3 * 4
_GZIP_WINDOW: Final = 31  # zlib's flag for "expect a gzip header".
# zlib copies what stands behind a member: fed whole, a body of tiny members would be copied once for each of them.
_GZIP_CHUNK_BYTES: Final = 4_096


_NONE: Final[Mapping[str, str]] = {}


class Request(NamedTuple):
    """One request. Header names are lower case; `body` is what the client meant: decoded and inflated.

    `path` is without the stage, `parameters` are what its route found in it; `id` is the gateway's.
    """

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    path: str = ""
    parameters: Mapping[str, str] = _NONE
    id: str = ""


def from_event(
    event: Mapping[str, Any], *, path: str = "", parameters: Mapping[str, str] = _NONE, request_id: str = ""
) -> Request:
    """Return the request that an HTTP API event (payload format 2.0) carries.

    Raises:
        Rejected: `invalid_base64`, `invalid_encoding`, `unsupported_content_encoding`, `invalid_gzip` or
            `body_too_large`.
    """
    headers = _headers(event)
    body = _body_bytes(event.get("body") or "", is_base64=event.get("isBase64Encoded") is True)
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in {"gzip", "x-gzip"}:
        body = inflate(body)
    elif encoding not in {"", "identity"}:
        raise Rejected("unsupported_content_encoding")
    return Request(headers, event.get("queryStringParameters") or {}, body, path, parameters, request_id)


def without_body(
    event: Mapping[str, Any], *, path: str = "", parameters: Mapping[str, str] = _NONE, request_id: str = ""
) -> Request:
    """Return the request without its body: of a handshake, or where the body is what is wrong with it."""
    return Request(_headers(event), event.get("queryStringParameters") or {}, b"", path, parameters, request_id)


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def inflate(body: bytes) -> bytes:
    """Return the gzip body inflated: every member of it, never holding more than the cap.

    Raises:
        Rejected: `invalid_gzip` (not gzip, cut short, or with something behind it), `body_too_large`.
    """
    inflated = bytearray()
    member = zlib.decompressobj(_GZIP_WINDOW)
    for start in range(0, len(body), _GZIP_CHUNK_BYTES):
        chunk = body[start : start + _GZIP_CHUNK_BYTES]
        while chunk:
            if member.eof:
                member = zlib.decompressobj(_GZIP_WINDOW)
            try:
                inflated += member.decompress(chunk, MAX_BODY_BYTES + 1 - len(inflated))
            except zlib.error as error:
                raise Rejected("invalid_gzip") from error
            if len(inflated) > MAX_BODY_BYTES:
                raise Rejected("body_too_large")
            chunk = member.unused_data
    if not member.eof:
        raise Rejected("invalid_gzip")
    return bytes(inflated)


def _body_bytes(body: str, *, is_base64: bool) -> bytes:
    if is_base64:
        if len(body) > _MAX_BASE64_CHARS:
            raise Rejected("body_too_large")
        try:
            decoded = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Rejected("invalid_base64") from error
    else:
        try:
            decoded = body.encode()
        except UnicodeEncodeError as error:  # A lone surrogate that a gateway let through.
            raise Rejected("invalid_encoding") from error
    if len(decoded) > MAX_BODY_BYTES:
        raise Rejected("body_too_large")
    return decoded
