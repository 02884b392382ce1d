"""Lake and stream side by side: each difference has a name, and what only looks like one has none."""

from collections.abc import Sequence

import pytest

from infra.audit.lake_ledger import Difference, Kind, LakeLedger, LakeRow, StreamedLog

_A = StreamedLog("acme", "1", b"call 555-0199", b"keyed 0199", b"call [R]")
_OTHER_TEXT = StreamedLog("acme", "1", b"call 555-0100", b"keyed 0100", b"call [R]")
_PLAIN = StreamedLog("acme", "2", b"text", b"keyed text", b"text")


def _row(log: StreamedLog, *, known: bytes | None = None, shown: bytes | None = None, due: bool = True) -> LakeRow:
    """Return the row that the log makes, or one that says something else."""
    redacted = log.plain != log.shown
    return LakeRow(log.tenant_id, log.log_id, known or (log.keyed if redacted else log.plain), shown or log.shown, due)


def _found(logs: Sequence[StreamedLog], rows: Sequence[LakeRow]) -> list[tuple[Kind, str, str]]:
    ledger = LakeLedger()
    ledger.add_streamed(logs)
    ledger.add_rows(rows)
    found = [(one.kind, one.tenant_id, one.log_id) for one in ledger.differences()]
    assert sum(ledger.by_kind().values()) == len(found)
    ledger.close()
    return found


def test_a_lake_that_has_each_log_once_differs_in_nothing() -> None:
    """Copies on the stream are one row; two texts under one id are two; old rows account for nothing and are fine."""
    old = LakeRow("acme", "long ago", b"x", b"x", due=False)
    assert _found([_A, _A, _OTHER_TEXT, _PLAIN], [_row(_A), _row(_OTHER_TEXT), _row(_PLAIN), old]) == []


@pytest.mark.parametrize(
    ("rows", "kind", "log_id"),
    [
        ([_row(_PLAIN)], "lake_lacks", "1"),
        ([_row(_A), _row(_PLAIN), LakeRow("acme", "3", b"x", b"x", due=True)], "stream_lacks", "3"),
        ([_row(_A), _row(_PLAIN), LakeRow("acme", "3", b"x", b"x", due=True, erased=True)], "erased", "3"),
        ([_row(_A), _row(_PLAIN), LakeRow("acme", "3", b"x", b"x", due=False, erased=True)], "erased", "3"),
        ([_row(_A), _row(_PLAIN), _row(_PLAIN)._replace(erased=True)], "erased", "2"),
        ([_row(_A), _row(_PLAIN, known=b"another", shown=b"another")], "text_differs", "2"),
        ([_row(_A, known=b"keyed 7777"), _row(_PLAIN)], "text_differs", "1"),
        ([_row(_A, shown=b"call 555-0199"), _row(_PLAIN)], "text_differs", "1"),
        ([_row(_A), _row(_PLAIN), _row(_PLAIN)], "twice", "2"),
        ([_row(_A), _row(_A, known=_A.plain), _row(_PLAIN)], "twice", "1"),
    ],
)
def test_each_difference_is_named(rows: list[LakeRow], kind: Kind, log_id: str) -> None:
    """Which side lacks the log, or that its text is another, or that it is there twice."""
    assert _found([_A, _PLAIN], rows) == [(kind, "acme", log_id)]


def test_one_text_of_two_under_an_id_is_missed() -> None:
    """The other one, and the same id of another tenant, do not stand in for it."""
    neighbour = StreamedLog("other", "1", _A.plain, _A.keyed, _A.shown)
    assert _found([_A, _OTHER_TEXT, neighbour], [_row(_OTHER_TEXT), _row(neighbour)]) == [("lake_lacks", "acme", "1")]


def test_a_row_of_other_rules_is_known_by_its_original() -> None:
    """What older rules made of a text cannot be said today, and is no difference."""
    older = LakeRow("acme", "1", _A.keyed, None, due=True)
    unredacted = LakeRow("acme", "1", _OTHER_TEXT.plain, None, due=True)
    assert _found([_A, _OTHER_TEXT], [older, unredacted]) == []


def test_counts_are_of_logs_and_rows() -> None:
    """A log that came twice is one."""
    ledger = LakeLedger()
    ledger.add_streamed([_A, _A, _PLAIN])
    ledger.add_rows([_row(_A)])
    assert ledger.counts() == (2, 1)
    assert list(ledger.differences()) == [Difference(kind="lake_lacks", tenant_id="acme", log_id="2")]
    ledger.close()
