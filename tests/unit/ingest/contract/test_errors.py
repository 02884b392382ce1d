"""The closed lists of reasons for refusals and for poison."""

import re
from pathlib import Path

import pytest

from ingest.contract.errors import POISON_REASONS, REJECT_REASONS, WHY, Poison, Rejected, RejectReason

_STATUS = {
    "body_too_large": 413,
    "credentials_unchecked": 503,
    "forbidden_scope": 403,
    "larger_than_quota": 413,
    "missing_credentials": 401,
    "over_quota": 429,
    "tenant_forbidden": 403,
    "text_too_large": 413,
    "too_many_records": 413,
    "unknown_credentials": 401,
}


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_every_reject_reason_has_a_test_of_its_name(reason: str) -> None:
    """Each reason has a test of its name, so that none is dead or untested."""
    sources = [path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py")]
    assert any(re.search(rf"^def test_{reason}(_\w+)?\(", source, re.MULTILINE) for source in sources)


@pytest.mark.parametrize("reason", REJECT_REASONS)
def test_every_reject_reason_has_a_status_and_a_detail(reason: RejectReason) -> None:
    """Sizes are 413, credentials 401 or 403, retryable reasons 429 or 503, and all others 400."""
    rejected = Rejected(reason)
    assert rejected.status == _STATUS.get(reason, 400)
    assert rejected.detail
    assert WHY[reason].meaning.endswith(".")
    assert str(rejected) == rejected.reason == reason


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        ("invalid_json", "Invalid JSON payload"),
        ("missing_text", "Invalid JSON payload"),
        ("invalid_record", "Invalid JSON payload"),
        ("missing_tenant", "Missing X-Tenant-ID header"),
        ("unsupported_content_type", "Unsupported Content-Type. Use application/json or text/plain."),
    ],
)
def test_the_specification_s_details_to_the_letter(reason: RejectReason, detail: str) -> None:
    """The specification's details are exact, because clients may compare them."""
    assert Rejected(reason).detail == detail


def test_the_table_is_the_closed_list() -> None:
    """The table has one row for each reason."""
    assert set(WHY) == set(REJECT_REASONS)


def test_reasons_are_snake_case_and_sorted() -> None:
    """Reasons are in snake case, because they are metric dimensions and parts of test names."""
    for reasons in (REJECT_REASONS, POISON_REASONS):
        assert list(reasons) == sorted(set(reasons))
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", reason) for reason in reasons)


def test_poison_names_its_reason_and_detail() -> None:
    """Poison has a reason for the DLQ and a detail for the log line."""
    poison = Poison("undecodable", "why")
    assert (str(poison), poison.reason, poison.detail) == ("undecodable: why", "undecodable", "why")
    assert str(Poison("undecodable")) == "undecodable"
