"""What `rdp send` says of each refusal."""

import re

import pytest

from infra.shipping import refusals
from ingest.contract.errors import REJECT_REASONS, WHY, RejectReason

_HEADER = re.compile(r"X-[A-Z]|Content-Type|Authorization:|Idempotency-Key")
_NAMES_A_CURE = re.compile(r"--[a-z]|Try again|as a file of its own|`rdp ")


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_every_reason_says_what_to_do_on_a_command_line(reason: RejectReason) -> None:
    """It names an option, a verb or a time; a header only if something on the way changed the request."""
    said = refusals.told(reason, WHY[reason].detail.format(retry_after_s=7))
    assert said.endswith(".")
    assert _NAMES_A_CURE.search(said)
    assert not _HEADER.search(said) or "`rdp send` never sends such a request" in said


def test_a_long_line_names_the_limit() -> None:
    """The number is the one that ingest enforces."""
    assert "170,000 bytes" in refusals.told("text_too_large")


def test_an_unknown_reason_has_only_what_the_server_said() -> None:
    """A newer ingest may know more reasons; a gateway's page has none."""
    assert refusals.told("too_blue", "Paint it.") == "Paint it."
    assert not refusals.told("HTTP 431")
