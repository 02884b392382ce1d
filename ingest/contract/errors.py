"""The two ways a log can fail, each with a closed list of reasons.

A `Rejected` reason is at once the exception, the response's `reason`, the metric's dimension and the test's name.
"""

from typing import Final, Literal, get_args

RejectReason = Literal[
    "body_too_large",
    "empty_batch",
    "empty_text",
    "invalid_base64",
    "invalid_encoding",
    "invalid_fields",
    "invalid_gzip",
    "invalid_idempotency_key",
    "invalid_json",
    "invalid_log_id",
    "invalid_record",
    "invalid_tenant",
    "larger_than_quota",
    "missing_tenant",
    "missing_text",
    "no_valid_records",
    "tenant_forbidden",
    "tenant_mismatch",
    "text_too_large",
    "too_many_records",
    "unsupported_content_encoding",
    "unsupported_content_type",
]

UnreadableReason = Literal["undecodable", "unknown_schema_version"]

PoisonReason = Literal["log_id_conflict", "refused_by_table", UnreadableReason]

REJECT_REASONS: Final = get_args(RejectReason)
POISON_REASONS: Final = get_args(PoisonReason)

_INVALID_JSON: Final = "Invalid JSON payload"  # The specification's words, also for JSON of the wrong shape.

_DETAILS: Final[dict[RejectReason, str]] = {
    "body_too_large": "Body larger than 1 MiB after decompression. Send smaller batches.",
    "empty_batch": "The batch holds no records.",
    "empty_text": "text is empty.",
    "invalid_base64": "Body is marked as base64 and is not base64.",
    "invalid_encoding": "Text is not valid in its charset. Use UTF-8.",
    "invalid_fields": "Extra fields: at most 64, none with an empty name, at most 8 levels deep and 16 KiB as JSON.",
    "invalid_gzip": "Body is marked as gzip and is not gzip.",
    "invalid_idempotency_key": "Idempotency-Key must be 1 to 256 visible ASCII characters.",
    "invalid_json": _INVALID_JSON,
    "invalid_log_id": "log_id must be 1 to 256 visible ASCII characters.",
    "invalid_record": _INVALID_JSON,
    "invalid_tenant": (
        "tenant_id must be 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter or digit; send X-Tenant-ID once."
    ),
    "larger_than_quota": "The request alone is larger than the tenant's quota of a minute. Send smaller batches.",
    "missing_tenant": "Missing X-Tenant-ID header",
    "missing_text": _INVALID_JSON,
    "no_valid_records": "No record of the batch was accepted; see rejected.",
    "tenant_forbidden": "The credentials belong to another tenant than the one that the request names.",
    "tenant_mismatch": "The record, the headers and the query name different tenants.",
    "text_too_large": "text is larger than 170,000 bytes of UTF-8 (or than 900,000 as escaped JSON).",
    "too_many_records": "More than 5,000 records in one request. Send smaller batches.",
    "unsupported_content_encoding": "Unsupported Content-Encoding. Use gzip or identity.",
    "unsupported_content_type": "Unsupported Content-Type. Use application/json or text/plain.",
}

_PAYLOAD_TOO_LARGE: Final = frozenset[RejectReason](
    {"body_too_large", "larger_than_quota", "text_too_large", "too_many_records"}
)


class Rejected(Exception):  # noqa: N818 - a verdict on the input, not an error of ours
    """A request or a record that the client must change before sending it again.

    `reason` is from the closed list; `status` is the HTTP status and `detail` the sentence that belong to it.
    """

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason)
        self.reason: RejectReason = reason

    @property
    def status(self) -> int:
        """413 for what is too large, 403 for another's tenant, 400 for everything else."""
        if self.reason == "tenant_forbidden":
            return 403
        return 413 if self.reason in _PAYLOAD_TOO_LARGE else 400

    @property
    def detail(self) -> str:
        """The sentence for a person: what is wrong and what to do."""
        return _DETAILS[self.reason]


class Poison(Exception):  # noqa: N818 - the field's word
    """A log that no retry can store; it goes to the DLQ with this `reason` from the closed list."""

    def __init__(self, reason: PoisonReason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: PoisonReason = reason
        self.detail = detail


class Unreadable(Poison):
    """Bytes that hold no log that this program can read: what `message.decode` raises, and nothing else.

    A reader of the stream meets the same bytes and has the same reasons, by their type.
    """

    def __init__(self, reason: UnreadableReason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.unreadable: UnreadableReason = reason
