"""Why ingest refuses a line or a request of `rdp send`, in the command line's own words, and what to do. Pure."""

from collections.abc import Mapping
from typing import Final

from ingest.contract.errors import WHY
from ingest.contract.message import MAX_TEXT_BYTES

_CREDENTIALS: Final = "Give this tenant's API key with --api-key (RDP_API_KEY), or its token with --token (RDP_TOKEN)."

_TOLD: Final[Mapping[str, str]] = {
    "body_too_large": "The request is larger than ingest takes. Send fewer lines at once, with a smaller --batch.",
    "credentials_unchecked": "The stack's table of keys does not answer. Look at `rdp status`, and send the file again "
    "in some minutes.",
    "forbidden_scope": "The key or token may not send: it needs the scope write. "
    "`rdp keys create --tenant ID` makes a key that has it.",
    "invalid_encoding": "The line is no text in the file's encoding. "
    "Name the encoding with --encoding, such as latin-1.",
    "larger_than_quota": "The request alone is larger than the tenant's quota of a minute. Send fewer lines at once, "
    "with a smaller --batch, or raise TenantLogsPerMinute or TenantBytesPerMinute and deploy.",
    "missing_credentials": f"The stack asks for credentials. {_CREDENTIALS}",
    "over_quota": "The tenant's quota was used up in each minute in which this was tried. Send the file again later, "
    "with fewer --connections, or raise TenantLogsPerMinute or TenantBytesPerMinute and deploy.",
    "tenant_forbidden": f"The key or token belongs to another tenant than --tenant names. {_CREDENTIALS}",
    "tenant_mismatch": "The line has a tenant_id of its own, and it is not --tenant's. Send it with that --tenant, or "
    "take its tenant_id out.",
    "text_too_large": f"The line is longer than {MAX_TEXT_BYTES:,} bytes of UTF-8, or than 900,000 as escaped JSON. "
    "Send its text in shorter lines, as a file of its own. Leave this file as it is: if a line changes, all lines "
    "after it become new logs.",
    "unknown_credentials": f"The API key is unknown or was revoked (`rdp keys list`). {_CREDENTIALS}",
} | dict.fromkeys(
    ("401", "403", "Unauthorized", "Forbidden"),
    f"The stack does not accept these credentials, or has none. {_CREDENTIALS}",
)
"""By the last word of a cause: a reason whose sentence for HTTP clients speaks of headers, or names no cure that
`rdp send` has; or what API Gateway says of a token."""

_NOT_OURS: Final = (
    "`rdp send` never sends such a request. Check that --stack or --outputs names the right stack, and that no "
    "proxy changes the request."
)


def told(cause: str) -> str:
    """Return the sentences for a person: the limit and what to do; "" if the cause says all that is known.

    `cause` is a reason, or what stands for one in the tally of a sending, such as `HTTP 401 missing_credentials`.
    """
    reason = cause.rpartition(" ")[2]
    if sentence := _TOLD.get(reason):
        return sentence
    return next((f"{why.detail} {_NOT_OURS}" for name, why in WHY.items() if name == reason), "")
