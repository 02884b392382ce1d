"""What kind of body `/ingest` was sent: the Content-Type says it, or the body where that is a form's or missing. Pure.

`curl -d`, syslog-ng and Python's `HTTPHandler` say "form" around whatever they send, Tenzir and pino say nothing.
"""

import re
from typing import Final, Literal
from urllib.parse import parse_qsl

from ingest.api.documents import without_mark

Kind = Literal["text", "json", "ndjson", "msgpack", "guessed"]

NDJSON_TYPES: Final = frozenset(
    {
        *("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"),
        *("application/jsonlines", "application/json-lines", "application/x-json-stream", "text/x-ndjson"),
    }
)
_JSON_TYPES: Final = frozenset({"application/json", "text/json", "text/x-json", "application/x-json"})
_MSGPACK_TYPES: Final = frozenset({"application/msgpack", "application/x-msgpack", "application/vnd.msgpack"})
GUESSED_TYPES: Final = frozenset({"", "application/x-www-form-urlencoded"})

# What no browser would leave unescaped is no form: most log lines have a blank, and JSON has quotes.
_FORM: Final = re.compile(rb"[\w.~%+\[\]-]++=[\w.~%+!$'()*,;:@/?-]*+(?:&[\w.~%+\[\]-]++=[\w.~%+!$'()*,;:@/?-]*+)*+")


def kind_of(content_type: str) -> Kind | None:
    """Return what the media type says (in lower case, without parameters), or None for one that is not taken."""
    if content_type in _JSON_TYPES:
        return "json"
    if content_type == "text/plain":
        return "text"
    if content_type in GUESSED_TYPES:
        return "guessed"
    if content_type in NDJSON_TYPES or content_type.endswith("+x-ndjson"):
        return "ndjson"
    if content_type in _MSGPACK_TYPES:
        return "msgpack"
    return "json" if content_type.startswith("application/") and content_type.endswith("+json") else None


def looks_like_json(body: bytes) -> bytes:
    """Return the bracket that the body begins with, or b""."""
    first = without_mark(body).lstrip()[:1]
    return first if first in {b"{", b"["} else b""


def form_of(body: bytes) -> dict[str, str] | None:
    """Return the members of a form, or None where the body is none, or has a name twice: then it is a text."""
    if not _FORM.fullmatch(body):
        return None
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:  # An escape that is no UTF-8.
        return None
    members = dict(pairs)
    return members if len(members) == len(pairs) else None
