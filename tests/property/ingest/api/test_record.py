"""An accepted log fits DynamoDB's item after redaction, and a message of 1 MiB."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumer import item, redact
from consumer.attributes import attribute_value
from ingest.api.record import MAX_FIELDS_BYTES, MAX_STORED_BYTES, Room, check_fields, stored_bytes
from ingest.contract import exact_json
from ingest.contract.errors import Rejected
from ingest.contract.message import MAX_TEXT_BYTES, InternalMessage, encode
from tests.unit.ingest.fakes import message

_ITEM_BYTES = 400 * 1024
_MESSAGE_BYTES = 1024 * 1024
_REDACTOR = redact.build(["phone"])
_PHONE = "tel:5550199 "

_NUMBERS = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False).filter(Decimal.is_finite)
)
_STRINGS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9) | st.sampled_from(
    ["", _PHONE, _PHONE * 3, "5550199", "\0" * 9, "\uffff" * 3]
)
_NAMES = st.sampled_from(["phone", "a"]) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3)

_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
)
_DENSE: dict[str, Any] = {
    "brackets": [[[[[[]]]]]],
    "digits": 1,
    "signs": -1,
    "phones": _PHONE,
    "labelled": 5550199,
    "escapes": "\0" * 50,
    "noncharacters": "\ufffe" * 20,
    "exponents": Decimal("1E+400"),
    "letters": "x" * 1_000,
    "maps": {"a": 1},
    "nulls": None,
}
_TEXTS = [("x", 0), (_PHONE, 85_000), ("\0", 149_000), ("\ufffe", 85_000), ("x", MAX_TEXT_BYTES)]


def _dynamodb_bytes(value: Any) -> int:
    """Return the size of an attribute value, by the developer guide's rules ("Item sizes and formats")."""
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            digits = Decimal(held).normalize().as_tuple()
            return (len(digits.digits) + 1) // 2 + 1 + digits.sign
        case "L":
            return 3 + sum(1 + _dynamodb_bytes(element) for element in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _dynamodb_bytes(member) for name, member in held.items())
        case _:
            return 1


def _item_bytes(log: InternalMessage) -> int:
    """Return the size of the longest item that a log can become: late, as a conflict, and with an expiry."""
    built = item.build(log, received_ms=1, redactor=_REDACTOR, processed_at="x" * 24, retention_days=1)
    attributes = item.attributes(item.marked(item.beside(built), 2**42))
    return sum(len(name.encode()) + _dynamodb_bytes(value) for name, value in attributes.items())


@given(_VALUES)
@example([[[[[[[1]]]]]]])
def test_a_value_is_stored_in_what_is_reckoned(value: Any) -> None:
    """A redacted value takes at most the estimated bytes in DynamoDB, which are at most about twice its JSON."""
    redacted = _REDACTOR.fields({"phone": value})["phone"]
    reckoned = stored_bytes(value)
    assert _dynamodb_bytes(attribute_value(redacted)) <= reckoned
    assert reckoned <= 2 * len(exact_json.encode(value)) + 3


@pytest.mark.parametrize("dense", _DENSE)
@pytest.mark.parametrize(("text", "text_bytes"), _TEXTS)
def test_the_largest_that_is_taken_fits_an_item_and_a_message(dense: str, text: str, text_bytes: int) -> None:
    """The largest accepted fields, of any content and beside texts of any size, fit an item and a message."""
    one = _DENSE[dense]
    long = text * (text_bytes // len(text.encode()))
    room = MAX_STORED_BYTES - len(long.encode()) * 25 // 11
    count = min(MAX_FIELDS_BYTES // len(exact_json.encode(one)), int(1.2 * room) // stored_bytes([one]))
    while count and not _is_taken([one] * count, long):  # Shrink to about the largest that is accepted.
        count = min(count - 1, int(count * 0.9))
    log = message(
        "i" * 256,
        long,
        tenant_id="t" * 64,
        source="s" * 32,
        fields={"phone": [one] * count},
        severity="fatal",
        event_at="2026-11-24T05:40:00.123456789Z",
        arrived_at="01936b5e-0000-7000-8000-000000000000",
    )
    assert _item_bytes(log) <= _ITEM_BYTES
    assert len(encode(log)) <= _MESSAGE_BYTES
    assert count


def _is_taken(elements: list[Any], text: str) -> bool:
    try:
        check_fields({"phone": elements}, text, Room())
    except Rejected:
        return False
    return True


def test_the_limit_is_not_far_from_the_item_s() -> None:
    """The limit is not too strict: letters may fill 256 KiB of fields, or 16 KiB beside the largest text."""
    assert _is_taken(["x" * (MAX_FIELDS_BYTES - 20)], "")
    assert _is_taken(["x" * 16_000], "x" * MAX_TEXT_BYTES)
