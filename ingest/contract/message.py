"""InternalMessage and its wire codec: the contract between ingest, the queue, the stream and the consumer."""

from typing import Annotated, Any, Final, Literal, NamedTuple, get_args

import msgspec

from ingest.contract import exact_json
from ingest.contract.errors import Unreadable, UnreadableReason

SCHEMA_VERSION: Final = 2
"""Increased if an old reader could misread a new message. Every version ever written stays readable (tests/golden)."""

# DynamoDB's item limit is 400 KB, names and values (AWS Service Quotas, read November 2026). An item holds the text
# twice: the original, and the redacted text, which grows by 14/11 at worst (`tel:5550199` to `tel:[REDACTED]`):
# 170,000 * (1 + 14/11) = 386,400, and 23,200 are left for keys, fields and names. Opt-in rules and custom patterns can
# make a text grow more; an item that becomes too large is dead-lettered as `refused_by_table`.
MAX_TEXT_BYTES: Final = 170_000

# `\Z`, because `$` also matches before a final newline.
TENANT_ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z"
TENANT_ID_FORM: Final = "A tenant id has 1 to 64 of A-Z a-z 0-9 . _ - and starts with a letter or digit."
LOG_ID_PATTERN: Final = r"^[\x21-\x7e]{1,256}\Z"
SOURCE_PATTERN: Final = r"^[a-z][a-z0-9_]{0,31}\Z"

TenantId = Annotated[str, msgspec.Meta(pattern=TENANT_ID_PATTERN)]
LogId = Annotated[str, msgspec.Meta(pattern=LOG_ID_PATTERN)]
Source = Annotated[str, msgspec.Meta(pattern=SOURCE_PATTERN)]
Severity = Literal["trace", "debug", "info", "warn", "error", "fatal"]

SEVERITIES: Final = get_args(Severity)
"""From the least grave to the gravest."""


class InternalMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One accepted log.

    `source` is the name that its dialect gives; no other module knows these names. `text` may be empty if the dialect
    allows it.

    `received_at` is RFC 3339 in UTC with milliseconds and `Z`; `event_at`, the sender's own time, has as many digits as
    the sender gave. `fields` are the record's extra members, as sent. `arrived_at` is set for a log whose `log_id` is
    not a generated one: a generated id with the time of receipt and the place in the request. `stream_pending` says
    that Kinesis refused the log at ingest: the consumer puts it on the stream.
    """

    tenant_id: TenantId
    log_id: LogId
    source: Source
    text: str
    received_at: str
    schema_version: int
    fields: dict[str, Any] | None = None
    event_at: str | None = None
    severity: Severity | None = None
    arrived_at: str | None = None
    stream_pending: bool = False


class EncodedLog(NamedTuple):
    """One log for a sink: `data` is `encode`'s output; the tenant is the partition key and the message group."""

    tenant_id: str
    data: bytes


class _Version(msgspec.Struct):
    schema_version: int


_decoder = exact_json.decoder(InternalMessage)
_version_decoder = msgspec.json.Decoder(_Version)

# SQS bodies hold only XML characters; JSON encoders write these two raw (SendMessage API reference, November 2026).
_NONCHARACTERS: Final = ((b"\xef\xbf\xbe", rb"\ufffe"), (b"\xef\xbf\xbf", rb"\uffff"))


def encode(message: InternalMessage) -> bytes:
    """Return the message as UTF-8 JSON that SQS accepts, with the current schema version.

    The same bytes are the SQS body and the Kinesis user record's data.
    """
    encoded = exact_json.encode(message)
    if b"\xef\xbf" in encoded:
        for raw, escaped in _NONCHARACTERS:
            encoded = encoded.replace(raw, escaped)
    return encoded


def decode(encoded: bytes | str) -> InternalMessage:
    """Return the message that `encode` wrote, of this schema version or an older one.

    Raises:
        Unreadable: `undecodable` when it is not such a message, `unknown_schema_version` when a newer program wrote it.
    """
    try:
        message = _decoder.decode(encoded)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unreadable(_why_undecodable(encoded), _without_value(str(error))) from error
    if not 1 <= message.schema_version <= SCHEMA_VERSION:
        raise Unreadable("unknown_schema_version", str(message.schema_version))
    return message


def _without_value(said: str) -> str:
    """Return a decoder's message without the value that it quotes, which may be a log's text: log lines show this."""
    what, quote, rest = said.partition("enum value ")
    return f"{what}enum value - at {rest.rpartition(' - at ')[2]}" if quote else said


def _why_undecodable(encoded: bytes | str) -> UnreadableReason:
    try:
        version = _version_decoder.decode(encoded).schema_version
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "undecodable"
    return "unknown_schema_version" if version > SCHEMA_VERSION else "undecodable"
