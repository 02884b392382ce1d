"""What `rdp send` says of each refusal."""

import re

import pytest

from infra.shipping import refusals
from ingest.contract.errors import REJECT_REASONS, RejectReason

_HEADER = re.compile(r"X-[A-Z]|Content-Type|Authorization:|Idempotency-Key")
_NAMES_A_CURE = re.compile(r"--[a-z]|as a file of its own|`rdp ")


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_every_reason_says_what_to_do_on_a_command_line(reason: RejectReason) -> None:
    """It names an option, a verb or a time; a header only if something on the way changed the request."""
    said = refusals.told(reason)
    assert said.endswith(".")
    assert "{" not in said
    assert _NAMES_A_CURE.search(said)
    assert not _HEADER.search(said) or "`rdp send` never sends such a request" in said


def test_a_long_line_names_the_limit() -> None:
    """The number is the one that ingest enforces."""
    assert "170,000 bytes" in refusals.told("text_too_large")


def test_a_cause_is_told_by_its_last_word() -> None:
    """The tally has the status before the reason, or before what API Gateway says; whatever else is told as it is."""
    assert refusals.told("HTTP 401 missing_credentials") == refusals.told("missing_credentials")
    for cause in ("HTTP 401 Unauthorized", "HTTP 403", "HTTP 403 Forbidden"):
        assert "--token" in refusals.told(cause)
    for cause in ("too_blue", "HTTP 431", "no answer (OSError)"):
        assert not refusals.told(cause)
