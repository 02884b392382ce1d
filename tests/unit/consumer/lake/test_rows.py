"""Rows: their columns, and which logs count as the same log."""

from datetime import datetime

import pytest

from consumer import redact
from consumer.erasures import Erasures
from consumer.item import Key
from consumer.lake.rows import DISTINCT_DAYS, KEY_BYTES, WITHHELD, Batch, Held, look_back, original_digest, row
from ingest.contract.message import InternalMessage
from tests.messages import message

KEY = b"k" * KEY_BYTES
REDACTOR = redact.build()


def _batch(*logs: InternalMessage) -> Batch:
    batch = Batch(REDACTOR, KEY)
    for log in logs:
        batch.add(log)
    return batch


def test_a_row_says_the_log_redacted() -> None:
    """A row has redacted text and fields, times in UTC without a zone, and the event time with all its digits."""
    log = message(
        text="call 555-0199", fields={"n": 9007199254740993}, event_at="2025-11-24T15:58:59.123456789Z", severity="warn"
    )
    made = row(log, REDACTOR, KEY)
    assert made.text == "call [REDACTED]"
    assert made.fields == '{"n":9007199254740993}'
    assert made.received_at == datetime(2025, 11, 24, 15, 59)  # noqa: DTZ001 - as the table has it
    assert made.event_at == "2025-11-24T15:58:59.123456789Z"
    assert made.event_time == datetime(2025, 11, 24, 15, 58, 59, 123456)  # noqa: DTZ001
    assert made.original_digest == original_digest("call 555-0199", KEY)
    assert made.redaction_version == REDACTOR.version


def test_originals_stay_as_they_came() -> None:
    """Without a redactor a row has the log's text, and no digest."""
    made = row(message(text="call 555-0199"), None, KEY)
    assert (made.text, made.original_digest, made.redaction_version) == ("call 555-0199", None, "")


@pytest.mark.parametrize("event_at", [None, "yesterday", "0001-01-01T00:00:00+23:00"])
def test_what_is_no_instant_has_no_event_time(event_at: str | None) -> None:
    """If the log's time is no instant, its text is kept and the column with the instant is empty."""
    made = row(message(event_at=event_at), REDACTOR, KEY)
    assert (made.event_at, made.event_time) == (event_at, None)


def test_a_digest_depends_on_the_key() -> None:
    """A text's digest depends on the key, so that without the key nobody can check a guess of the text."""
    assert original_digest("call 555-0199", KEY) != original_digest("call 555-0199", b"x" * KEY_BYTES)


def test_a_log_that_is_twice_in_a_batch_is_one_row() -> None:
    """Logs of the same tenant, id and text in a batch are one row."""
    batch = _batch(message(), message(received_at="2025-11-24T16:00:00.000Z"), message(text="other"))
    assert len(batch) == 2
    assert batch.ids() == {"acme": ["log-1"]}


@pytest.mark.parametrize(
    ("held", "left"),
    [
        (Held("acme", "log-1", "call [REDACTED]", original_digest("call 555-0101", KEY)), 1),
        (Held("acme", "log-1", "call [REDACTED]", original_digest("call 555-0199", KEY)), 2),
        (Held("acme", "log-1", "call 555-0101", None), 1),
        (Held("acme", "log-1", "call [REDACTED]", None), 2),
        (Held("other", "log-1", "call 555-0101", None), 2),
    ],
    ids=["the same", "another number", "the same, unredacted then", "a text of that form", "another tenant"],
)
def test_what_the_table_has_is_left_out_by_its_original_text(held: Held, left: int) -> None:
    """A row counts as the same log only if its original text is the same, whatever redaction made of the text."""
    assert len(_batch(message(text="call 555-0101"), message(text="call 555-0102")).without([held])) == left


def test_it_looks_back_as_far_as_copies_can_be_apart() -> None:
    """The search for copies goes back so many days, but never before the first possible date."""
    assert look_back(datetime(2026, 11, 28)) == datetime(2026, 10, 29)  # noqa: DTZ001
    assert DISTINCT_DAYS == 30
    assert look_back(datetime(1, 1, 3)) == datetime.min  # noqa: DTZ001, DTZ901


def test_all_that_a_row_holds_is_counted() -> None:
    """A row's size in memory includes its fields, and its text even if redaction removes it."""
    empty = _batch(message(text="")).row_bytes
    assert _batch(message(text="", fields={"n": "x" * 5000})).row_bytes >= empty + 5000
    assert _batch(message(text="555-0199 " * 1000)).row_bytes >= empty + 9000 + len("[REDACTED] " * 1000)
    assert _batch(message(text="\u20ac" * 1000)).row_bytes >= empty + 3000
    assert _batch(message(text="", event_at="x" * 100, source="y" * 100)).row_bytes >= empty + 180


def test_what_was_erased_is_no_row() -> None:
    """No row is made of an erased tenant's logs up to the time, or of any text under an erased log id."""
    batch = _batch(
        message("early", received_at="2025-11-24T15:59:00.000Z"),
        message("late", received_at="2025-11-24T15:59:00.001Z"),
        *(message("gone", text, tenant_id="blue") for text in ("one", "two")),
        message("kept", tenant_id="blue"),
    )
    batch.leave_out(Erasures({"acme": "2025-11-24T15:59:00.000Z"}, frozenset({Key("blue", "gone")})))
    assert [row.log_id for row in batch.without([])] == ["late", "kept"]


def test_a_pattern_that_never_ends_withholds_its_log_alone() -> None:
    """The row has nothing of text and fields; it still tells its log from another."""
    slow = redact.build(("phone",), ("(a+)+$",))
    hidden = row(message(text=f"{'a' * 27}b", fields={"n": 1}), slow, KEY)
    assert (hidden.text, hidden.fields, hidden.redaction_version) == ("[REDACTED]", None, WITHHELD)
    assert hidden.original_digest is not None
    shown = row(message(text="call 555-0199", fields={"n": 1}), slow, KEY)
    assert (shown.text, shown.fields, shown.redaction_version) == ("call [REDACTED]", '{"n":1}', slow.version)
