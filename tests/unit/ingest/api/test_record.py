"""What a valid record is: its log_id, its text and its fields."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from ingest.api.parse import RejectedRecord
from ingest.api.record import MAX_ESCAPED_TEXT_BYTES, MAX_FIELDS, MAX_FIELDS_BYTES, MAX_FIELDS_DEPTH
from ingest.contract import exact_json
from ingest.contract.message import MAX_TEXT_BYTES, decode, encode
from tests.unit.ingest.api.parsing import as_json, reason_of, record_with
from tests.unit.ingest.fakes import only, parsed

TEXT_KEYS = ("text", "message", "msg", "log", "body")  # Written out: their order is a promise to clients.


@pytest.mark.parametrize("log_id", ["a", "!" * 256, "~", "a/b?c=d&e", "<>\"'\\"])
def test_log_id_as_sent(log_id: str) -> None:
    """A log_id of 1 to 256 visible ASCII characters is kept as sent."""
    assert only(parsed(record_with(log_id=log_id))).log_id == log_id
    assert only(parsed(b"hello", "text/plain", headers={"x-log-id": log_id})).log_id == log_id


@pytest.mark.parametrize(
    "log_id", ["", "a" * 257, "a b", "é", "a\x00", "a\n", "\x7f", "\ufffe", 7, 0, False, ["a"], {"a": 1}]
)
def test_invalid_log_id(log_id: object) -> None:
    """Any other log_id is refused, in the record and in the header."""
    assert reason_of(record_with(log_id=log_id)) == "invalid_log_id"
    if isinstance(log_id, str):
        assert reason_of(b"hello", "text/plain", headers={"x-log-id": log_id}) == "invalid_log_id"


def test_log_id_is_generated_when_absent() -> None:
    """A record without a log_id, or with null, gets one."""
    assert only(parsed(record_with())).log_id == "generated-0"
    assert only(parsed(record_with(log_id=None))).log_id == "generated-0"


def test_log_id_of_the_record_goes_before_the_header() -> None:
    """A record's log_id wins over the header's."""
    assert only(parsed(record_with(log_id="record"), headers={"x-log-id": "header"})).log_id == "record"
    assert only(parsed(record_with(), headers={"x-log-id": "header"})).log_id == "header"


def test_log_id_header_names_no_record_of_a_batch() -> None:
    """One header cannot be the id of several logs."""
    found = parsed(b'["a","b"]', headers={"x-log-id": "header"})
    assert [message.log_id for message in found.messages] == ["generated-0", "generated-1"]


@pytest.mark.parametrize("first", range(len(TEXT_KEYS)))
def test_first_text_key_present_wins(first: int) -> None:
    """The first of `text`, `message`, `msg`, `log`, `body` that is present is the text; the others are fields."""
    keys = TEXT_KEYS[first:]
    found = only(parsed(as_json({key: f"from {key}" for key in reversed(keys)})))
    assert found.text == f"from {keys[0]}"
    assert found.fields == ({key: f"from {key}" for key in keys[1:]} or None)


def test_null_text_is_absent() -> None:
    """If a text is null, the next key gives the text, and the null is kept as a field."""
    found = only(parsed(b'{"text":null,"msg":"hello"}'))
    assert (found.text, found.fields) == ("hello", {"text": None})


@pytest.mark.parametrize("key", TEXT_KEYS)
def test_empty_text(key: str) -> None:
    """An empty text is refused, under each of its names."""
    assert reason_of(as_json({key: ""})) == "empty_text"


@pytest.mark.parametrize("body", [b'""', b'{"text":"","message":"never looked at"}'])
def test_empty_text_does_not_fall_through(body: bytes) -> None:
    """An empty text is present, so that no other key gives the text."""
    assert reason_of(body) == "empty_text"


def test_empty_text_of_a_plain_body() -> None:
    """A text/plain request without a body has no text."""
    assert reason_of(b"", "text/plain") == "empty_text"


@pytest.mark.parametrize("body", [b"{}", b'{"tenant_id":"acme"}', b'{"text":null}', b'{"Text":"a","Msg":"b"}'])
def test_missing_text(body: bytes) -> None:
    """A record without a text under one of the case-sensitive names is refused."""
    assert reason_of(body) == "missing_text"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("7", "7"),
        ("1764000000.123456789", "1764000000.123456789"),
        ("false", "false"),
        ('["a", null]', '["a",null]'),
        ('{"a": {"b": 1}}', '{"a":{"b":1}}'),
        ("[]", "[]"),
    ],
)
def test_a_message_that_is_no_text_is_kept(value: str, text: str) -> None:
    """A message that is not a string becomes its JSON as text, and is kept among the fields with every digit."""
    found = only(parsed(f'{{"message":{value},"user":"bob"}}'.encode()))
    assert found.text == text
    assert found.fields == {"message": json.loads(value, parse_float=Decimal), "user": "bob"}


def test_a_batch_keeps_records_without_a_message() -> None:
    """In a batch, a record that has fields but no message is a log with the fields' JSON as its text."""
    found = parsed(b'[{"user":"bob"},{"msg":"","n":1},{"msg":null,"a":[2]},{},{"text":""},{"tenant_id":"acme"}]')
    assert [(log.text, log.fields) for log in found.messages] == [
        ('{"user":"bob"}', {"user": "bob"}),
        ('{"n":1}', {"n": 1}),
        ('{"msg":null,"a":[2]}', {"msg": None, "a": [2]}),
    ]
    assert [(one.position, one.reason) for one in found.rejected] == [
        (3, "missing_text"),
        (4, "empty_text"),
        (5, "missing_text"),
    ]


def test_time_and_level_are_read_and_stay_among_the_fields() -> None:
    """Time and level are kept as fields as sent, and what they mean is stored beside them."""
    found = only(parsed(b'{"msg":"a","time":1795833985.123456789,"level":"WARN"}'))
    assert (found.event_at, found.severity) == ("2026-11-28T02:46:25.123456789Z", "warn")
    assert found.fields == {"time": Decimal("1795833985.123456789"), "level": "WARN"}


def test_a_time_or_level_that_cannot_be_read_costs_nothing() -> None:
    """A log whose time or level cannot be read is accepted, and the member stays among its fields."""
    found = only(parsed(b'{"msg":"a","time":"soon","level":[9]}'))
    assert (found.event_at, found.severity) == (None, None)
    assert found.fields == {"time": "soon", "level": [9]}


def test_a_log_with_its_own_id_keeps_its_arrival() -> None:
    """A log whose id is the sender's or is derived has `arrived_at`, since its id does not say when it came."""
    assert only(parsed(record_with(log_id="l-1"))).arrived_at == "generated-0"
    assert only(parsed(record_with())).arrived_at is None
    keyed = parsed(b'["a","b"]', headers={"idempotency-key": "k"})
    assert [message.arrived_at for message in keyed.messages] == ["generated-0", "generated-1"]


@pytest.mark.parametrize("body", [b"7", b"1.5", b"true", b"null"])
def test_invalid_record(body: bytes) -> None:
    """A record that is neither an object nor a text is refused."""
    assert reason_of(body) == "invalid_record"


def test_invalid_record_for_arrays_in_an_array() -> None:
    """An array inside a batch is no record."""
    assert parsed(b'["a",["b"],null,7,true]').rejected == [RejectedRecord(i, "invalid_record") for i in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "unit", ["a", "é", "€", "\U0001f389"], ids=["one byte", "two bytes", "three bytes", "four bytes"]
)
@pytest.mark.parametrize("form", ["json", "text"])
def test_text_too_large(unit: str, form: str) -> None:
    """A text of 170,000 bytes of UTF-8 is accepted and one more byte is refused, whatever the characters' width."""
    fitting = unit * (MAX_TEXT_BYTES // len(unit.encode()))
    fitting += "a" * (MAX_TEXT_BYTES - len(fitting.encode()))
    for text, is_fitting in ((fitting, True), (fitting + "a", False)):
        body, content_type = (
            (as_json({"text": text}), "application/json") if form == "json" else (text.encode(), "text/plain")
        )
        if is_fitting:
            assert only(parsed(body, content_type)).text == text
        else:
            assert reason_of(body, content_type) == "text_too_large"


def test_text_too_large_when_escaped() -> None:
    """A text of control characters, each six bytes in JSON, is refused if its message would not fit SQS's 1 MiB."""
    fitting = "\x01" * ((MAX_ESCAPED_TEXT_BYTES - 2) // 6)
    assert only(parsed(fitting.encode(), "text/plain")).text == fitting
    assert reason_of(b"\x01" + fitting.encode(), "text/plain") == "text_too_large"


def test_nul_is_taken_in_a_text() -> None:
    """NUL is accepted in a text like any other character."""
    assert only(parsed(b'{"text":"a\\u0000b"}')).text == "a\x00b"
    assert only(parsed(b"\x00", "text/plain")).text == "\x00"


def test_byte_order_mark_of_a_text_is_kept() -> None:
    """A plain text keeps its BOM."""
    assert only(parsed(b"\xef\xbb\xbfhello", "text/plain")).text == "\ufeffhello"


def test_last_of_duplicate_keys_wins() -> None:
    """Of a member that occurs twice the last value counts everywhere, also for the tenant."""
    found = only(parsed(b'{"tenant_id":"evil","tenant_id":"acme","text":"a","text":"b"}'))
    assert (found.tenant_id, found.text) == ("acme", "b")


def test_extra_members_are_fields() -> None:
    """A record's other members are kept as fields, as sent."""
    members = {"level": "info", "n": 1, "f": 1.5, "ok": True, "none": None, "list": [1, "a"], "map": {"k": []}}
    assert only(parsed(record_with(tenant_id="acme", log_id="l", **members))).fields == members


@pytest.mark.parametrize("body", [b'"a"', b'{"text":"a"}', b'{"text":"a","log_id":"l","tenant_id":"acme"}'])
def test_no_extra_members_are_no_fields(body: bytes) -> None:
    """Without other members the fields are None, and the message has no such member."""
    assert only(parsed(body)).fields is None


def _nested(levels: int, *, in_lists: bool) -> dict[str, Any]:
    value: Any = 1
    for _ in range(levels - 1):
        value = [value] if in_lists else {"k": value}
    return {"k": value}


def _of_bytes(encoded_bytes: int) -> dict[str, Any]:
    fields = {"k": "v" * (encoded_bytes - len(b'{"k":""}'))}
    assert len(exact_json.encode(fields)) == encoded_bytes
    return fields


_FIELDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "count": (lambda over: {f"k{i}": i for i in range(MAX_FIELDS + over)}),
    "depth of maps": (lambda over: _nested(MAX_FIELDS_DEPTH + over, in_lists=False)),
    "depth of lists": (lambda over: _nested(MAX_FIELDS_DEPTH + over, in_lists=True)),
    "bytes": (lambda over: _of_bytes(MAX_FIELDS_BYTES + over)),
}


@pytest.mark.parametrize("bound", _FIELDS)
def test_fields_exactly_at_a_bound_are_taken(bound: str) -> None:
    """Fields of 64 members, 8 levels or 16 KiB are accepted."""
    fields = _FIELDS[bound](0)
    assert only(parsed(record_with(**fields))).fields == fields


@pytest.mark.parametrize("bound", _FIELDS)
def test_invalid_fields_one_over_a_bound(bound: str) -> None:
    """Fields with one member, level or byte more are refused."""
    assert reason_of(record_with(**_FIELDS[bound](1))) == "invalid_fields"


@pytest.mark.parametrize("fields", [{"": 1}, {"a": {"": 1}}, {"a": [{"b": [{"": None}]}]}])
def test_invalid_fields_with_an_empty_name(fields: dict[str, Any]) -> None:
    """An empty field name at any depth is refused, because DynamoDB refuses it."""
    assert reason_of(record_with(**fields)) == "invalid_fields"


@pytest.mark.parametrize("levels", [9, 100, 900, 950, 980])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"k":', "}")])
def test_invalid_fields_that_nest_deep(levels: int, opening: str, closing: str) -> None:
    """A nesting that can be decoded, but perhaps not encoded again, is refused without a RecursionError."""
    body = f'{{"text":"a","f":{opening * levels}1{closing * levels}}}'
    assert reason_of(body.encode()) in {"invalid_fields", "invalid_json"}


@pytest.mark.parametrize("key", ["text", "tenant_id", "log_id", "logs", "f"])
@pytest.mark.parametrize("levels", [500, 100_000])
def test_deep_nesting_anywhere_is_rejected(key: str, levels: int) -> None:
    """Deep nesting is refused in every member, not only in the fields."""
    members = {"text": '"a"'} | {key: "[" * levels + "]" * levels}
    body = "{" + ",".join(f'"{k}":{v}' for k, v in members.items()) + "}"
    assert reason_of(body.encode(), tenant_id=None if key == "tenant_id" else "acme") in {
        "invalid_fields",
        "invalid_json",
        "invalid_log_id",
        "invalid_record",
        "invalid_tenant",
    }


@pytest.mark.parametrize(
    "number", ["9" * 400, "-" + "9" * 400, "1e308", "-1e308", "5e-324", "1e-999", "-0", "0.1", "1e999"]
)
def test_numbers_of_any_size_are_taken_in_fields(number: str) -> None:
    """Big integers and extreme floats are kept in fields, and written so that the decoder accepts them."""
    found = only(parsed(f'{{"text":"a","n":{number}}}'.encode()))
    assert found.fields == {"n": json.loads(number, parse_float=exact_json.number)}
    assert decode(encode(found)) == found
