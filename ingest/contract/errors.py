"""The two ways a log can fail, each with a closed list of reasons.

A `Rejected` reason is at once the exception, the response's `reason`, the metric's dimension and the test's name.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, get_args

RejectReason = Literal[
    "body_too_large",
    "credentials_unchecked",
    "damaged_compression",
    "empty_batch",
    "empty_text",
    "forbidden_scope",
    "invalid_base64",
    "invalid_compression",
    "invalid_encoding",
    "invalid_fields",
    "invalid_gzip",
    "invalid_idempotency_key",
    "invalid_json",
    "invalid_log_id",
    "invalid_protobuf",
    "invalid_record",
    "invalid_tenant",
    "larger_than_quota",
    "missing_credentials",
    "missing_tenant",
    "missing_text",
    "no_valid_records",
    "over_quota",
    "tenant_forbidden",
    "tenant_mismatch",
    "text_too_large",
    "too_many_records",
    "unknown_credentials",
    "unsupported_content_encoding",
    "unsupported_content_type",
]

UnreadableReason = Literal["undecodable", "unknown_schema_version"]

PoisonReason = Literal["refused_by_table", UnreadableReason]

REJECT_REASONS: Final = get_args(RejectReason)
POISON_REASONS: Final = get_args(PoisonReason)

_INVALID_JSON: Final = "Invalid JSON payload"  # The specification's sentence, also for JSON of the wrong shape.


class Why(NamedTuple):
    """What belongs to a reason: the HTTP status, the sentence for the client, and the meaning for readers of metrics.

    The detail of a reason that passes with time names the seconds to wait, as `{retry_after_s}`.
    """

    status: int
    detail: str
    meaning: str


WHY: Final[Mapping[RejectReason, Why]] = {
    "body_too_large": Why(
        413,
        "The body is larger than 10 MiB after decompression, or than 64 MiB when each log has its copy of the shared "
        "fields. Send smaller batches.",
        "The body is over the limit: as sent, decompressed, or with the shared fields in each log.",
    ),
    "credentials_unchecked": Why(
        503,
        "The credentials can't be checked now. Try again in {retry_after_s} s.",
        "The table of keys does not answer, and no request is accepted unchecked.",
    ),
    "damaged_compression": Why(
        400,
        "The compressed body was read as text on its way, and damaged. Send it with a Content-Type that is not text, "
        "such as application/x-ndjson, or uncompressed.",
        "A gateway decoded compressed bytes as UTF-8: they hold U+FFFD.",
    ),
    "empty_batch": Why(400, "The batch holds no records.", "A batch without a record."),
    "empty_text": Why(400, "text is empty.", "The record's text is the empty string."),
    "forbidden_scope": Why(
        403,
        "The credentials do not allow this: sending needs the scope write, reading needs the scope read.",
        "A key or token without the scope that the route needs.",
    ),
    "invalid_base64": Why(
        400,
        "Body is marked as base64 and is not base64.",
        "The gateway's event contradicts itself.",
    ),
    "invalid_compression": Why(
        400,
        "Body is not what its Content-Encoding says.",
        "The bytes are not deflate, zstd or snappy, are cut short, or have something after them.",
    ),
    "invalid_encoding": Why(
        400, "Text is not valid in its charset. Use UTF-8.", "An unknown charset, or bytes that are no text in it."
    ),
    "invalid_fields": Why(
        400,
        "The fields beside the text are over a limit: at most 1,000, names of 1 to 16,383 characters, at most 8 levels "
        "deep, and 256 KiB as JSON. With a large text less, because text and fields together must fit 400 KB.",
        "The fields beside the text are over a limit.",
    ),
    "invalid_gzip": Why(
        400,
        "Body is marked as gzip and is not gzip.",
        "The bytes are not gzip, are cut short, or have something after them.",
    ),
    "invalid_idempotency_key": Why(
        400, "Idempotency-Key must be 1 to 256 visible ASCII characters.", "No log_ids can be made from this key."
    ),
    "invalid_json": Why(400, _INVALID_JSON, "A document, or a line of one, that is not JSON."),
    "invalid_log_id": Why(
        400,
        "log_id must be 1 to 256 visible ASCII characters.",
        "The record or the header has an id that cannot be used.",
    ),
    "invalid_protobuf": Why(
        400,
        "The body, or a record of it, is no protobuf message of this endpoint.",
        "Broken wire format, or a kind of value that is not known.",
    ),
    "invalid_record": Why(400, _INVALID_JSON, "JSON that is not a log: neither an object nor a string."),
    "invalid_tenant": Why(
        400,
        "tenant_id must be 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter or digit; send X-Tenant-ID once.",
        "The tenant's name has a wrong form, or two headers were joined.",
    ),
    "larger_than_quota": Why(
        413,
        "The request alone is larger than the tenant's quota of a minute. Send smaller batches.",
        "The request would be refused in every minute.",
    ),
    "missing_credentials": Why(
        401,
        "The request has no API key. Send it as X-Api-Key, or as Authorization: Bearer.",
        "The request has no key in any form that ingest reads.",
    ),
    "missing_tenant": Why(400, "Missing X-Tenant-ID header", "Neither the request nor the record names a tenant."),
    "missing_text": Why(400, _INVALID_JSON, "The record has no text under any known name."),
    "no_valid_records": Why(
        400, "No record of the batch was accepted; see rejected.", "Every record was refused for its own reason."
    ),
    "over_quota": Why(
        429,
        "The tenant's quota of this minute is used up. Try again in {retry_after_s} s.",
        "The same request can be accepted in the next minute.",
    ),
    "tenant_forbidden": Why(
        403,
        "The credentials belong to another tenant than the one that the request names.",
        "The key's or token's tenant is another one, or the token names none.",
    ),
    "tenant_mismatch": Why(
        400,
        "The record, the headers and the query name different tenants.",
        "Ingest does not guess which tenant is meant.",
    ),
    "text_too_large": Why(
        413,
        "text is larger than 170,000 bytes of UTF-8 (or than 900,000 as escaped JSON).",
        "The item or the message would be over its service's limit.",
    ),
    "too_many_records": Why(
        413, "More than 20,000 records in one request. Send smaller batches.", "One invocation has no time for more."
    ),
    "unknown_credentials": Why(
        401, "The API key is unknown or was revoked.", "A key that was never made or was revoked, or two keys at once."
    ),
    "unsupported_content_encoding": Why(
        400,
        "Unsupported Content-Encoding. Use gzip, deflate, zstd, snappy or identity.",
        "An encoding that ingest does not read.",
    ),
    "unsupported_content_type": Why(
        400, "Unsupported Content-Type. Use application/json or text/plain.", "A media type outside the dialect's list."
    ),
}
"""One row for each reason. `ingest/API.md` shows them."""


class Rejected(Exception):  # noqa: N818 - a verdict on the input, not an error of ours
    """A request or a record that is not taken as it is.

    `reason` is from the closed list; `status` and `detail` belong to it. `retry_after_s` is set if the same request can
    be accepted later (`over_quota`, `credentials_unchecked`), and None if the client must change the request first.
    """

    def __init__(self, reason: RejectReason, retry_after_s: int | None = None) -> None:
        super().__init__(reason)
        self.reason: RejectReason = reason
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        """The HTTP status of the reason: 4xx, or 503 if nothing is wrong with the request."""
        return WHY[self.reason].status

    @property
    def detail(self) -> str:
        """The sentence for a person: what is wrong and what to do."""
        return WHY[self.reason].detail.format(retry_after_s=self.retry_after_s)


class Poison(Exception):  # noqa: N818 - the field's word
    """A log that no retry can store; it goes to the DLQ with this `reason` from the closed list."""

    def __init__(self, reason: PoisonReason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: PoisonReason = reason
        self.detail = detail


class Unreadable(Poison):
    """Bytes that hold no log that this program can read: `message.decode` and `packed.apart` raise nothing else.

    Readers of the stream can meet such bytes, too: `unreadable` is the reason, by a type that has only these.
    """

    def __init__(self, reason: UnreadableReason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.unreadable: UnreadableReason = reason
