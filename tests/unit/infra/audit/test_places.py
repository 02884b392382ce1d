"""The rows of the table as the audit takes them."""

from datetime import UTC, datetime

import pytest

from consumer.erasures import Erasures
from consumer.item import Key
from infra.audit.places import Selection, _row
from infra.audit.table import AuditedItem
from tests.messages import RECEIVED_AT

_ERASURES = Erasures({"acme": RECEIVED_AT}, frozenset({Key("blue", "one")}))
_WITHIN = Selection(None, datetime.max.replace(tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC), frozenset(), _ERASURES)


@pytest.mark.parametrize(
    ("tenant", "log_id", "at", "erased"),
    [
        ("acme", "one", RECEIVED_AT, True),
        ("acme", "one", "2025-11-30T00:00:00.000Z", False),
        ("blue", "one", "2025-11-30T00:00:00.000Z", True),
        ("blue", "two", RECEIVED_AT, False),
    ],
)
def test_a_row_of_an_erased_log_is_not_due_on_the_stream(tenant: str, log_id: str, at: str, erased: bool) -> None:  # noqa: FBT001
    """It is there though it was erased: the stream need not have it, and it is not one of those that it lacks."""
    row = _row(AuditedItem(tenant, log_id, at, "text", is_conflict=False), _WITHIN)
    assert (row.erased, row.due_on_stream) == (erased, not erased)
