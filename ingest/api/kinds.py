"""The kind of a body sent to `/ingest`, by its Content-Type, or by the body if that is a form's or missing. Pure.

`curl -d`, syslog-ng and Python's `HTTPHandler` name a form's type whatever they send; Tenzir and pino name no type.
"""

import re
from functools import lru_cache
from typing import Final, Literal

from ingest.api.documents import without_mark
from ingest.api.media_type import media_type
from ingest.api.record import MAX_FIELDS

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

# A form has no character that browsers escape. Most log lines have one: a blank. JSON has quotes.
_FORM: Final = re.compile(rb"[\w.~%+\[\]-]++=[\w.~%+!$'()*,;:@/?-]*+(?:&[\w.~%+\[\]-]++=[\w.~%+!$'()*,;:@/?-]*+)*+")

# A run of escapes at a time: `urllib.parse` takes them one by one, and raises an exception for each that is none.
_ESCAPES: Final = re.compile(rb"(?:%[0-9A-Fa-f]{2})++")


@lru_cache(maxsize=256)  # A client always sends the same header.
def kind_of(content_type: str) -> tuple[Kind | None, str]:
    """Return the kind of body that a Content-Type header names (None: a type that is not taken), and the charset."""
    name, charset = media_type(content_type)
    return _kind_of_type(name), charset


def _kind_of_type(content_type: str) -> Kind | None:
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
    """Return the bracket (`{` or `[`) that the body begins with, or b""."""
    first = without_mark(body).lstrip()[:1]
    return first if first in {b"{", b"["} else b""


def form_of(body: bytes) -> dict[str, str] | None:
    """Return the members of a form; None if the body is no form or has a name twice, and so is a text.

    A body of more members than a log may have, with its text, tenant and id, is a text, too.
    """
    if body.count(b"&") > MAX_FIELDS + 2 or not _FORM.fullmatch(body):
        return None
    pairs = [pair.split(b"=") for pair in body.split(b"&")]
    try:
        members = {_unescaped(name): _unescaped(value) for name, value in pairs}
    except UnicodeDecodeError:
        return None
    return members if len(members) == len(pairs) else None


def _unescaped(word: bytes) -> str:
    """Return the word unescaped, as by `urllib.parse.unquote_plus`; a `%` that begins no escape stays."""
    return _ESCAPES.sub(_bytes_of, word.replace(b"+", b" ")).decode()


def _bytes_of(escapes: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escapes[0].decode().replace("%", ""))
