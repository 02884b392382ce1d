"""Msgpack that its own library wrote: several documents in a body, and Fluent Bit's events."""

from datetime import UTC, datetime
from typing import Any

import msgpack
import pytest

from ingest.api import fluent
from ingest.api.msgpack import documents, is_json
from ingest.contract.errors import Rejected

_EVENT_TIME = msgpack.ExtType(0, (1_764_000_000).to_bytes(4, "big") + (123_456_789).to_bytes(4, "big"))
_AT = "2025-11-24T16:00:00.123456789Z"


def _packed(*values: Any) -> bytes:
    return b"".join(msgpack.packb(value) for value in values)


def _told(values: Any) -> list[Any]:
    return [value.reason if isinstance(value, Rejected) else value for value in values]


@pytest.mark.parametrize("elements", [3, 20, 70_000])
@pytest.mark.parametrize("over", [0, 1])
def test_an_array_of_too_many_elements_is_not_read(elements: int, over: int) -> None:
    """Of an array with more than `most` elements only so many refusals are made that the request is refused.

    Ten million empty maps, 58 KB as gzip, took 0.8 GB.
    """
    (found,) = documents(_packed([{}] * (elements + over)), most=max(elements, 16))
    told: list[Any] = [{}] * (elements + over)
    if over and elements >= 16:  # Smaller ones are read: nothing is gained.
        told = ["too_many_records"] * (elements + 1)
    assert _told(found) == told


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (b"", []),
        (_packed(1), [1]),
        (_packed([1, "a"], {"b": 2}, None), [[1, "a"], {"b": 2}, None]),
        (_packed("a") + b"\xc1", ["a", "invalid_record"]),
        (_packed("a") + b"\x92\x01", ["a", "invalid_record"]),
        (_packed("a") + b"\xa1\xff" + _packed("b"), ["a", "invalid_record", "b"]),
        (b"\x91" * 100_000 + b"\x01", ["invalid_record"]),
    ],
)
def test_documents_stand_one_behind_another(body: bytes, values: list[Any]) -> None:
    """A broken document does not affect its neighbours, but after one without an end nothing can be read."""
    assert _told(documents(body, most=100)) == values


def test_one_broken_element_costs_no_neighbour() -> None:
    """Invalid UTF-8 in one element of an array refuses only that element."""
    (found,) = documents(b"\x93" + _packed("a") + b"\xa1\xff" + _packed("b"), most=100)
    assert _told(found) == ["a", "invalid_record", "b"]


@pytest.mark.parametrize("value", [b"a", datetime(2026, 1, 1, tzinfo=UTC), {1: 2}, float("nan"), [{"a": b""}], 1j])
def test_what_json_cannot_say(value: Any) -> None:
    """Bytes, times, NaN and names that are no strings are recognized as not JSON."""
    assert not is_json(value)
    assert is_json([{"a": [1, 2.5, "x", None, True]}])


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (_packed([[_EVENT_TIME, {}], {"a": 1}]), [{"a": 1, "date": _AT}]),
        (_packed([[_EVENT_TIME, {"m": 1}], {"a": 1}]), [{"a": 1, "date": _AT, "metadata": {"m": 1}}]),
        (_packed([_EVENT_TIME, {"a": 1}], [_EVENT_TIME, {"b": 2}]), [{"a": 1, "date": _AT}, {"b": 2, "date": _AT}]),
        (_packed([[_EVENT_TIME, {"a": 1}]]), [{"a": 1, "date": _AT}]),
        (_packed([1764000000, {"a": 1}]), [{"a": 1, "date": 1764000000}]),
        (_packed([1764000000.5, {"a": 1}]), [{"a": 1, "date": 1764000000.5}]),
        (_packed([_EVENT_TIME, {"date": 1}]), [{"date": 1, "_date": _AT}]),
        (_packed([_EVENT_TIME, {"date": 1, "_date": 2}], {}), ["invalid_fields", {}]),
        (_packed({"a": 1}, {"b": b"x"}), [{"a": 1}, "invalid_fields"]),
        (_packed([{"a": 1}, {"b": 2}]), [{"a": 1}, {"b": 2}]),
        (_packed([msgpack.ExtType(1, b"12345678"), {"b": 2}]), ["invalid_fields", {"b": 2}]),
        (_packed([[_EVENT_TIME, {}, 3], {"b": 2}]), ["invalid_fields", {"b": 2}]),
        (_packed([True, {"b": 2}]), [True, {"b": 2}]),
        (b"", []),
    ],
)
def test_fluent_bit_s_events(body: bytes, values: list[Any]) -> None:
    """An event's time becomes the member `date` as in Fluent Bit's JSON, to the nanosecond; its own `date` is kept."""
    assert _told(fluent.values(body, most=100)) == values


def test_reading_ends_at_the_limit_and_no_msgpack_is_refused() -> None:
    """Reading ends after `most` documents, and a body that is not msgpack is refused."""
    assert len(fluent.values(_packed(*[{}] * 50), most=3)) == 4
    with pytest.raises(Rejected, match="invalid_record"):
        fluent.values(b"\xc1", most=3)
