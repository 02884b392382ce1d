"""Requests and records that must be refused, with the status and the reason of the right answer."""

import json
from random import Random
from typing import NamedTuple

from ingest.contract.errors import RejectReason

_JSON = {"Content-Type": "application/json"}
_TEXT = {"Content-Type": "text/plain"}
_NDJSON = {"Content-Type": "application/x-ndjson"}
_TOO_LONG = "x" * 170_001


class Refusal(NamedTuple):
    """A request with one mistake. `text` and `log_id` are what would have been stored without the mistake."""

    reason: RejectReason
    headers: dict[str, str]
    body: bytes
    text: str
    log_id: str | None = None
    status: int = 400


def refused_json(random: Random, tenant_id: str, *, naive: bool = False) -> Refusal:
    """Return an `application/json` request that must be refused; `naive`: for a reason that the specification names."""
    text = f"refused {random.getrandbits(64):016x}"
    log_id = f"refused-{random.getrandbits(64):016x}"
    good = {"tenant_id": tenant_id, "text": text, "log_id": log_id}

    def refusal(reason: RejectReason, body: object, status: int = 400) -> Refusal:
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Refusal(reason, _JSON, encoded, text, log_id, status)

    choices = [
        refusal("invalid_json", json.dumps(good).encode()[:-2]),
        refusal("empty_text", good | {"text": ""}),
        refusal("missing_text", {"tenant_id": tenant_id, "log_id": log_id}),
        refusal("invalid_tenant", good | {"tenant_id": "a b/../c#"}),
        refusal("invalid_tenant", good | {"tenant_id": 7}),
        refusal("invalid_log_id", good | {"log_id": "two words"}),
        Refusal("unsupported_content_type", {"Content-Type": "application/xml"}, b"<log/>", text, log_id),
    ]
    if not naive:
        choices.append(refusal("text_too_large", good | {"text": _TOO_LONG}, status=413))
    return random.choice(choices)


def refused_text(random: Random, tenant_id: str, *, naive: bool = False) -> Refusal:
    """Return a `text/plain` request that must be refused; `naive`: for a reason that the specification names."""
    text = f"refused {random.getrandbits(64):016x}"
    log_id = f"refused-{random.getrandbits(64):016x}"
    headers = _TEXT | {"X-Tenant-ID": tenant_id, "X-Log-ID": log_id}
    choices = [
        Refusal("missing_tenant", _TEXT | {"X-Log-ID": log_id}, text.encode(), text, log_id),
        Refusal("invalid_tenant", headers | {"X-Tenant-ID": "a,b"}, text.encode(), text, log_id),
        Refusal("empty_text", headers, b"", text, log_id),
    ]
    if not naive:
        # Not with invalid UTF-8: a gateway may replace such bytes by U+FFFD before the function sees them.
        utf_16 = headers | {"Content-Type": "text/plain; charset=utf-16"}
        choices.append(Refusal("invalid_encoding", utf_16, text.encode(), text, log_id))
        choices.append(Refusal("text_too_large", headers, _TOO_LONG.encode(), text, log_id, 413))
    return random.choice(choices)


def refused_record(random: Random, tenant_id: str) -> tuple[str, RejectReason, str, str]:
    """Return a line of NDJSON that must be refused while its neighbours are accepted, the reason, its tenant and text.

    The judge looks for this text under this tenant. Either is "" if the record has none.
    """
    mark = f"{random.getrandbits(64):016x}"
    choices: list[tuple[str, RejectReason, str, str]] = [
        (json.dumps({"tenant_id": tenant_id, "text": ""}), "empty_text", tenant_id, ""),
        (json.dumps({"tenant_id": tenant_id}), "missing_text", tenant_id, ""),
        (json.dumps({"tenant_id": "no/tenant", "text": mark}), "invalid_tenant", "no/tenant", mark),
        (json.dumps({"text": mark}), "missing_tenant", "", mark),
        (f'{{"tenant_id": "{tenant_id}", "text": "{mark}', "invalid_json", tenant_id, mark),
    ]
    return random.choice(choices)


def refused_batch(random: Random) -> Refusal:
    """Return an NDJSON batch that must be refused as a whole."""
    mark = f"{random.getrandbits(64):016x}"
    nothing_good = "\n".join(json.dumps({"text": mark, "line": line}) for line in range(3)).encode()
    return random.choice(
        [
            Refusal("empty_batch", _NDJSON, b"\n", mark),
            Refusal("no_valid_records", _NDJSON, nothing_good, mark),
        ]
    )
