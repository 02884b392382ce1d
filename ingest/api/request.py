"""From an API Gateway event to a plain request: lower-case headers, the body decoded and inflated under a cap."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ingest.api import encodings
from ingest.api.encodings import MAX_BODY_BYTES
from ingest.contract.errors import Rejected

_MAX_BASE64_CHARS: Final = (MAX_BODY_BYTES + 2) // 3 * 4

_NONE: Final[Mapping[str, str]] = {}


class Request(msgspec.Struct, frozen=True):
    """One request. Header names are lower case; `body` is decoded and inflated.

    `path` is without the stage; `parameters` are the path's, by the names in its route. `id` and `received_ms` are the
    gateway's. `tenant_attribute` is the setting of that name: the attribute that names the tenant ("": none does).
    """

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    path: str = ""
    parameters: Mapping[str, str] = _NONE
    id: str = ""
    received_ms: int = 0
    tenant_attribute: str = ""


def from_event(
    event: Mapping[str, Any],
    *,
    path: str = "",
    parameters: Mapping[str, str] = _NONE,
    request_id: str = "",
    tenant_attribute: str = "",
) -> Request:
    """Return the request that an HTTP API event (payload format 2.0) carries.

    Raises:
        Rejected: `invalid_base64`, `invalid_encoding`, `body_too_large`, or what `encodings.undone` raises.
    """
    headers = _headers(event)
    body = _body_bytes(event.get("body") or "", is_base64=event.get("isBase64Encoded") is True)
    encoding = headers.get("content-encoding")
    if encoding is not None:
        body = encodings.undone(body, encoding)
    query = event.get("queryStringParameters") or {}
    return Request(headers, query, body, path, parameters, request_id, _received_ms(event), tenant_attribute)


def without_body(
    event: Mapping[str, Any], *, path: str = "", parameters: Mapping[str, str] = _NONE, request_id: str = ""
) -> Request:
    """Return the request without its body, for a handshake, for credentials and for a refusal."""
    query = event.get("queryStringParameters") or {}
    return Request(_headers(event), query, b"", path, parameters, request_id, _received_ms(event))


def _received_ms(event: Mapping[str, Any]) -> int:
    received_ms: int = (event.get("requestContext") or {}).get("timeEpoch", 0)
    return received_ms


def _headers(event: Mapping[str, Any]) -> Mapping[str, str]:
    headers: Mapping[str, str] = event.get("headers") or {}
    names = "".join(headers)
    if names.lower() == names:  # The gateway's are.
        return headers
    return {name.lower(): value for name, value in headers.items()}


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
