"""The key that a request presents, in whatever form its client can send one. Pure."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

from ingest.contract.errors import Rejected

KEY_HEADERS: Final = (
    "x-api-key",
    "dd-api-key",  # Datadog
    "x-amz-firehose-access-key",
    "api-key",  # New Relic, with the next two
    "x-license-key",
    "x-insert-key",
    "x-seq-apikey",
    "apikey",  # LogDNA
    "x-honeycomb-team",
)
"""Headers that hold only a key. The first that is present wins, also over `Authorization`, which may be a proxy's."""

_QUERY_NAMES: Final = frozenset({"api_key", "apikey", "api-key", "license-key", "dd-api-key", "token"})
"""Lower case: the clients of Datadog, Logflare, Seq, LogDNA, New Relic and Splunk write them in any case."""

# A key has no comma: a gateway puts one between two headers of the same name, and nobody knows which key is meant.
_KEY: Final = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,256}", re.ASCII)


def presented_key(headers: Mapping[str, str], query: Mapping[str, str], parameters: Mapping[str, str]) -> str:
    """Return the key in the headers (names in lower case), the path's `{key}` or the query, in this order.

    A caller that accepts no key in an address, which histories and proxies keep, passes no query and no parameters.

    Raises:
        Rejected: `missing_credentials`, or `unknown_credentials` if the value cannot be a key.
    """
    key = next((value for name in KEY_HEADERS if (value := headers.get(name, "").strip())), "")
    if not key:
        key = _of_authorization(headers.get("authorization", "").strip()) or parameters.get("key", "")
    if not key:
        key = next(
            (found for name, value in query.items() if name.lower() in _QUERY_NAMES and (found := value.strip())), ""
        )
    if not key:
        raise Rejected("missing_credentials")
    if not _KEY.fullmatch(key):
        raise Rejected("unknown_credentials")
    return key


def _of_authorization(value: str) -> str:
    """Return the key in an `Authorization` header, or "" if its scheme carries no key.

    With `Basic` the key is the password, or the user if the password is empty. `ApiKey` (Elasticsearch) carries
    `base64(id:key)`, or the key itself.
    """
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    match scheme.lower():
        case "bearer" | "splunk":
            return rest
        case "basic":
            user, _, password = _decoded(rest).partition(":")
            return password or user
        case "apikey":
            _, is_pair, key = _decoded(rest).partition(":")
            return key if is_pair else rest
    return ""


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
