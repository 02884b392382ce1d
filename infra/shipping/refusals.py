"""Why ingest refuses a line or a request of `rdp send`, in the command line's own words, and what to do. Pure."""

from collections.abc import Mapping
from typing import Final

from ingest.contract.errors import WHY
from ingest.contract.message import MAX_TEXT_BYTES

_CREDENTIALS: Final = "Give this tenant's API key with --api-key (RDP_API_KEY), or its token with --token (RDP_TOKEN)."

_TOLD: Final[Mapping[str, str]] = {
    "body_too_large": "The request is larger than ingest takes. Send fewer lines at once, with a smaller --batch.",
    "forbidden_scope": "The key or token may not send: it needs the scope write. "
    "`rdp keys create --tenant ID` makes a key that has it.",
    "invalid_encoding": "The line is no text in the file's encoding. "
    "Name the encoding with --encoding, such as latin-1.",
    "larger_than_quota": "The request alone is larger than the tenant's quota of a minute. Send fewer lines at once, "
    "with a smaller --batch, or raise TenantLogsPerMinute or TenantBytesPerMinute and deploy.",
    "missing_credentials": f"The stack asks for credentials. {_CREDENTIALS}",
    "tenant_forbidden": f"The key or token belongs to another tenant than --tenant names. {_CREDENTIALS}",
    "text_too_large": f"The line is longer than {MAX_TEXT_BYTES:,} bytes of UTF-8, or than 900,000 as escaped JSON. "
    "Send its text in shorter lines, as a file of its own. Leave this file as it is: if a line changes, all lines "
    "after it become new logs.",
    "unknown_credentials": f"The API key is unknown or was revoked (`rdp keys list`). {_CREDENTIALS}",
}
"""The reasons whose sentence for HTTP clients speaks of headers, or names no cure that `rdp send` has."""

_AS_THEY_ARE: Final = frozenset({"credentials_unchecked", "over_quota"})
"""Reasons whose sentence says when to try again. `rdp send` tries again by itself before it shows them."""

_NOT_OURS: Final = (
    "`rdp send` never sends such a request. Check that --stack or --outputs names the right stack, and that no "
    "proxy changes the request."
)


def told(reason: str, detail: str = "") -> str:
    """Return a sentence for a person: the limit and what to do. `detail` is ingest's own sentence, if it sent one.

    An unknown reason (of a newer ingest, or a status without a reason) has only the detail: "" if there is none.
    """
    if sentence := _TOLD.get(reason):
        return sentence
    known = next((why for name, why in WHY.items() if name == reason), None)
    if known is None:
        return detail
    said = detail or known.detail
    return said if reason in _AS_THEY_ARE else f"{said} {_NOT_OURS}"
