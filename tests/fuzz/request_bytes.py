"""A fuzzer's bytes as an API Gateway event, and an event as such bytes. Pure.

The form is like HTTP's, so that a seed is a readable request, and most mutations give a meaningful one:

    bz                        what happens to the body, by letters (others are ignored): `z` the client gzips it,
                              `b` the gateway encodes it as base64, `B` the gateway says so but did not
    content-type: text/plain  headers, until an empty line
    ?tenant_id: acme          a query parameter
    @principal: acme          the tenant that a token vouches for
    *repeat: 200              the body is repeated so often, for limits that no mutation would reach

    the body
"""

import base64
import gzip
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

MAX_REPEATED_BYTES: Final = 175_000
"""Above the limits of a text and of a record's fields."""

_MAX_REPEATED_RECORDS: Final = 64  # Thousands of records take long and find nothing more.
_RECORDS: Final = frozenset(b"\n{[")  # Each line, and each of several documents on one line, is a record.


class Sent(NamedTuple):
    """A request on its way.

    `is_authorized` says that the stack has an authorizer, whose claims are in the event. `wire` are the bytes that the
    event carries, None if it carries a text; `is_sound` says that they were gzipped and encoded correctly.
    """

    event: dict[str, Any]
    is_authorized: bool
    wire: bytes | None
    is_sound: bool


def read(data: bytes) -> Sent:
    """Return the request in these bytes; any bytes are one."""
    head, _, body = data.partition(b"\n\n")
    modes, *lines = head.decode(errors="surrogateescape").split("\n")
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    principal: str | None = None
    repeat = 1
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name.startswith("?"):
            query[name[1:]] = value
        elif name == "@principal":
            principal = value
        elif name == "*repeat":
            repeat = int(value) if value.isascii() and value.isdecimal() and len(value) < 9 else 1
        else:
            headers[name] = value
    if repeat > 1 and body:
        most = MAX_REPEATED_BYTES if _RECORDS.isdisjoint(body) else _MAX_REPEATED_RECORDS
        body *= max(1, min(repeat, most, MAX_REPEATED_BYTES // len(body)))
    if "z" in modes:
        headers = {name: value for name, value in headers.items() if name.lower() != "content-encoding"}
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, compresslevel=1, mtime=0)
    is_base64 = "z" in modes or "b" in modes
    text = base64.b64encode(body).decode() if is_base64 else body.decode(errors="surrogateescape")
    event: dict[str, Any] = {"headers": headers or None, "body": text or None}
    event["isBase64Encoded"] = is_base64 or "B" in modes
    if query:
        event["queryStringParameters"] = query
    if principal is not None:
        event["requestContext"] = {"authorizer": {"jwt": {"claims": {"tenant_id": principal}}}}
    return Sent(event, principal is not None, body if is_base64 else None, "z" in modes)


def write(event: Mapping[str, Any], principal: str | None = None) -> bytes:
    """Return bytes from which `read` makes this event, except for members that ingest does not read."""
    body = event.get("body") or ""
    modes = ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(body, validate=True)
            modes = "b"
        except ValueError:
            raw = body.encode(errors="surrogatepass")
            modes = "B"
    else:
        raw = body.encode(errors="surrogatepass")
    head = [modes]
    head += [f"{name}: {value}" for name, value in (event.get("headers") or {}).items()]
    head += [f"?{name}: {value}" for name, value in (event.get("queryStringParameters") or {}).items()]
    if principal is not None:
        head.append(f"@principal: {principal}")
    return "\n".join(head).encode() + b"\n\n" + raw
