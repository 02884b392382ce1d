"""The ledger: which logs are accounted for, and by what."""

from collections.abc import Sequence

import pytest

from infra.audit.ledger import CONFLICT, Finding, Ledger, MissingLog, StoredRow, TenantAudit, finding

Log = tuple[str, str, str]
Letter = tuple[str, str, str | None, str]


def stored(*logs: Log, counted: bool = True, due: bool = True) -> list[StoredRow]:
    """Return items of these logs."""
    return [StoredRow(*log, counted=counted, due_on_stream=due) for log in logs]


def audited(
    streamed: Sequence[Log], items: Sequence[StoredRow], dead: Sequence[Letter] = ()
) -> tuple[list[TenantAudit], list[MissingLog]]:
    """Return the tenants' counts and the missing logs."""
    ledger = Ledger()
    ledger.add_streamed(streamed)
    ledger.add_stored(items)
    ledger.add_dead(dead)
    found = ledger.tenants(), list(ledger.missing())
    ledger.close()
    return found


def test_a_stored_log_is_accounted_for_however_often_it_is_on_the_stream() -> None:
    """A log that was sent again counts once."""
    tenants, missing = audited(
        [("a", "1", "x"), ("a", "1", "x"), ("b", "1", "y")], stored(("a", "1", "x"), ("b", "1", "y"))
    )
    assert tenants == [
        TenantAudit(tenant_id="a", on_stream=1, stored=1),
        TenantAudit(tenant_id="b", on_stream=1, stored=1),
    ]
    assert missing == []


def test_a_log_that_stands_nowhere_else_is_missing() -> None:
    """By its key: the same log id of another tenant does not stand in for it."""
    tenants, missing = audited([("a", "1", "x"), ("a", "2", "x")], stored(("a", "2", "x"), ("b", "1", "x"), due=False))
    assert [(t.tenant_id, t.missing) for t in tenants] == [("a", 1), ("b", 0)]
    assert missing == [MissingLog(tenant_id="a", log_id="1", other_text_stored=False)]


def test_a_dead_letter_accounts_for_its_log() -> None:
    """With its text, or when its text cannot be read; counted by reason."""
    tenants, missing = audited(
        [("a", "1", "x"), ("a", "2", "y"), ("a", "3", "z")],
        stored(("a", "3", "z")),
        [("a", "1", "x", "refused_by_table"), ("a", "2", None, "undecodable"), ("", "", None, "undecodable")],
    )
    assert missing == []
    assert [(t.tenant_id, t.quarantined) for t in tenants] == [
        ("", {"undecodable": 1}),
        ("a", {"refused_by_table": 1, "undecodable": 1}),
    ]


def test_a_dead_letter_of_a_stored_log_is_told_apart() -> None:
    """SQS moved a message of several with its stored logs: they are stored, and no loss."""
    tenants, missing = audited(
        [("a", "1", "x"), ("a", "2", "y")],
        stored(("a", "1", "x")),
        [("a", "1", "x", "max_receives_exceeded"), ("a", "2", "y", "max_receives_exceeded")],
    )
    assert missing == []
    assert [t.quarantined for t in tenants] == [{"max_receives_exceeded": 1, "stored_too": 1}]


def test_a_conflict_is_an_item_of_its_own() -> None:
    """Two texts under one id: both are stored, and the second is counted as what it is (I6)."""
    first, second = ("a", "1", "first"), ("a", "1", "second")
    beside = StoredRow(*second, counted=True, due_on_stream=True, conflict=True)
    tenants, missing = audited([first, second], [*stored(first), beside])
    assert tenants == [TenantAudit(tenant_id="a", on_stream=1, stored=2, conflicts=1)]
    assert missing == []
    _, missing = audited([first, second], stored(first))
    assert missing == [MissingLog(tenant_id="a", log_id="1", other_text_stored=True)]


def test_a_conflict_from_before_is_accounted_for_by_its_dead_letter() -> None:
    """Two texts under one id: one is stored, the other a conflict in the DLQ (I6)."""
    tenants, missing = audited(
        [("a", "1", "first"), ("a", "1", "second")],
        stored(("a", "1", "first")),
        [("a", "1", "second", CONFLICT)],
    )
    assert tenants == [TenantAudit(tenant_id="a", on_stream=1, stored=1, conflicts=1)]
    assert missing == []


def test_a_second_text_that_vanished_is_missing() -> None:
    """Stored under its id is another log: never silent."""
    tenants, missing = audited([("a", "1", "first"), ("a", "1", "second")], stored(("a", "1", "first")))
    assert [t.missing for t in tenants] == [1]
    assert missing == [MissingLog(tenant_id="a", log_id="1", other_text_stored=True)]


def test_an_item_whose_text_is_not_the_streams_is_changed_and_its_log_missing() -> None:
    """A text that was changed in the table does not account for the log."""
    tenants, missing = audited([("a", "1", "original")], stored(("a", "1", "tampered")))
    assert missing == [MissingLog(tenant_id="a", log_id="1", other_text_stored=True)]
    assert [tenant.changed for tenant in tenants] == [1]


def test_a_changed_item_is_told_though_a_dead_letter_accounts_for_its_log() -> None:
    """As after a replay to the queue that ended as a conflict: nothing is missing, and something is wrong."""
    tenants, missing = audited(
        [("a", "1", "original")], stored(("a", "1", "tampered")), [("a", "1", "original", CONFLICT)]
    )
    assert (missing, [tenant.changed for tenant in tenants]) == ([], [1])


@pytest.mark.parametrize(
    ("streamed", "items"),
    [
        ([("a", "1", "first"), ("a", "1", "second")], stored(("a", "1", "first"), ("a", "1", "second"))),
        ([("a", "1", "second")], stored(("a", "1", "first"), due=False)),
        ([("a", "2", "other")], stored(("a", "1", "text"))),
        ([("b", "1", "other")], stored(("a", "1", "text"))),
    ],
)
def test_another_text_is_no_change_by_itself(streamed: list[Log], items: list[StoredRow]) -> None:
    """Two texts that came under one id, one that outlived the stream, one that the stream has nothing to say of."""
    tenants, _ = audited(streamed, items)
    assert {tenant.changed for tenant in tenants} == {0}


def test_a_missing_log_is_claimed_once_and_by_its_text() -> None:
    """However often the stream repeats it."""
    ledger = Ledger()
    ledger.add_streamed([("a", "1", "x"), ("a", "2", "y")])
    ledger.add_stored(stored(("a", "2", "y")))
    assert [ledger.claim("a", "1", text) for text in ("z", "x", "x")] == [False, True, False]
    assert not ledger.claim("a", "2", "y")
    ledger.miss("a", "2")
    assert ledger.claim("a", "2", "y")
    ledger.close()


def test_items_that_the_stream_lacks_are_counted_while_it_must_hold_them() -> None:
    """An item from before the stream's retention is none of its business; one out of range is not counted."""
    items = [
        *stored(("a", "1", "x")),
        *stored(("a", "2", "x"), due=False),
        *stored(("a", "3", "x"), counted=False, due=False),
    ]
    tenants, missing = audited([], items)
    assert tenants == [TenantAudit(tenant_id="a", stored=2, stored_not_on_stream=1)]
    assert missing == []


def test_an_item_out_of_range_still_accounts_for_its_log() -> None:
    """A log that was sent again after `--since` is stored since before it."""
    _, missing = audited([("a", "1", "x")], stored(("a", "1", "x"), counted=False, due=False))
    assert missing == []


def test_items_of_erased_logs_are_counted_and_named() -> None:
    """Of any time; they are neither on the stream nor changed, and nothing of the stream is missing."""
    items = [row._replace(erased=True) for row in stored(("a", "2", "x"), ("a", "1", "x"), counted=False, due=False)]
    ledger = Ledger()
    ledger.add_stored([*items, *stored(("b", "1", "x"), due=False)])
    assert ledger.tenants() == [TenantAudit(tenant_id="a", erased_stored=2), TenantAudit(tenant_id="b", stored=1)]
    assert [(one.tenant_id, one.log_id) for one in ledger.erased()] == [("a", "1"), ("a", "2")]
    ledger.close()


@pytest.mark.parametrize(("missing", "expected"), [(0, "erased_stored"), (2, "erased_stored"), (3, "missing")])
def test_an_erased_log_that_is_stored_is_a_finding(missing: int, expected: Finding) -> None:
    """Whatever messages in flight may be; what is lost comes first."""
    said = finding(missing=missing, changed=0, in_flight=2, dead_letters_unseen=0, erased_stored=1, lake_differs=True)
    assert said == expected


def test_missing_logs_come_by_tenant_and_id() -> None:
    """Two audits name them in the same order."""
    streamed = [("b", "2", "x"), ("a", "9", "x"), ("b", "10", "x")]
    _, missing = audited(streamed, [])
    assert [(log.tenant_id, log.log_id) for log in missing] == [("a", "9"), ("b", "10"), ("b", "2")]


@pytest.mark.parametrize(
    ("missing", "in_flight", "unseen", "expected"),
    [
        (0, 0, 0, "complete"),
        (0, 9, 9, "complete"),
        (1, 0, 0, "missing"),
        (3, 2, 0, "missing"),
        (3, 1, 1, "missing"),
        (2, 2, 0, "undecided"),
        (1, 0, 1, "undecided"),
    ],
)
def test_finding(missing: int, in_flight: int, unseen: int, expected: Finding) -> None:
    """Missing for certain only when there are more of them than messages that nobody can look into."""
    assert finding(missing=missing, changed=0, in_flight=in_flight, dead_letters_unseen=unseen) == expected


@pytest.mark.parametrize(("missing", "expected"), [(0, "changed"), (2, "undecided"), (3, "missing")])
def test_a_changed_item_is_a_finding_where_nothing_is_missing(missing: int, expected: Finding) -> None:
    """No message in flight can be it."""
    assert finding(missing=missing, changed=1, in_flight=2, dead_letters_unseen=0) == expected
