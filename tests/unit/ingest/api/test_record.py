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
    """1 to 256 visible ASCII characters are taken as they are."""
    assert only(parsed(record_with(log_id=log_id))).log_id == log_id
    assert only(parsed(b"hello", "text/plain", headers={"x-log-id": log_id})).log_id == log_id


@pytest.mark.parametrize(
    "log_id", ["", "a" * 257, "a b", "é", "a\x00", "a\n", "\x7f", "\ufffe", 7, 0, False, ["a"], {"a": 1}]
)
def test_invalid_log_id(log_id: object) -> None:
    """Anything else is refused, in the record and in the header."""
    assert reason_of(record_with(log_id=log_id)) == "invalid_log_id"
    if isinstance(log_id, str):
        assert reason_of(b"hello", "text/plain", headers={"x-log-id": log_id}) == "invalid_log_id"


def test_log_id_is_generated_when_absent() -> None:
    """A record without a log_id, or with null, gets one."""
    assert only(parsed(record_with())).log_id == "generated-0"
    assert only(parsed(record_with(log_id=None))).log_id == "generated-0"


def test_log_id_of_the_record_goes_before_the_header() -> None:
    """The nearer one wins."""
    assert only(parsed(record_with(log_id="record"), headers={"x-log-id": "header"})).log_id == "record"
    assert only(parsed(record_with(), headers={"x-log-id": "header"})).log_id == "header"


def test_log_id_header_names_no_record_of_a_batch() -> None:
    """One header cannot be the id of several logs."""
    found = parsed(b'["a","b"]', headers={"x-log-id": "header"})
    assert [message.log_id for message in found.messages] == ["generated-0", "generated-1"]


@pytest.mark.parametrize("first", range(len(TEXT_KEYS)))
def test_first_text_key_present_wins(first: int) -> None:
    """`text`, `message`, `msg`, `log`, `body`: the first that is there is the text, the others are fields."""
    keys = TEXT_KEYS[first:]
    found = only(parsed(as_json({key: f"from {key}" for key in reversed(keys)})))
    assert found.text == f"from {keys[0]}"
    assert found.fields == ({key: f"from {key}" for key in keys[1:]} or None)


def test_null_text_is_absent() -> None:
    """A null text lets the next key speak, and is kept as the field it is."""
    found = only(parsed(b'{"text":null,"msg":"hello"}'))
    assert (found.text, found.fields) == ("hello", {"text": None})


@pytest.mark.parametrize("key", TEXT_KEYS)
def test_empty_text(key: str) -> None:
    """An empty text is refused, under each of its names."""
    assert reason_of(as_json({key: ""})) == "empty_text"


@pytest.mark.parametrize("body", [b'""', b'{"text":"","message":"never looked at"}'])
def test_empty_text_does_not_fall_through(body: bytes) -> None:
    """An empty text is there, so no other key speaks for it."""
    assert reason_of(body) == "empty_text"


def test_empty_text_of_a_plain_body() -> None:
    """A text/plain request without a body has no text."""
    assert reason_of(b"", "text/plain") == "empty_text"


@pytest.mark.parametrize("body", [b"{}", b'{"tenant_id":"acme"}', b'{"text":null}', b'{"Text":"a","Msg":"b"}'])
def test_missing_text(body: bytes) -> None:
    """A record without any of the text's names is refused; the names are case-sensitive."""
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
    """Its JSON is the text, and the value itself stands among the fields, to the digit."""
    found = only(parsed(f'{{"message":{value},"user":"bob"}}'.encode()))
    assert found.text == text
    assert found.fields == {"message": json.loads(value, parse_float=Decimal), "user": "bob"}


def test_a_batch_keeps_records_without_a_message() -> None:
    """Nobody reads a batch's answer: what has fields is a log, with their JSON as its text."""
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
    """What the sender said is kept as it said it; what it means stands beside it."""
    found = only(parsed(b'{"msg":"a","time":1795833985.123456789,"level":"WARN"}'))
    assert (found.event_at, found.severity) == ("2026-11-28T02:46:25.123456789Z", "warn")
    assert found.fields == {"time": Decimal("1795833985.123456789"), "level": "WARN"}


def test_a_time_or_level_that_cannot_be_read_costs_nothing() -> None:
    """The log is taken, and the member stays."""
    found = only(parsed(b'{"msg":"a","time":"soon","level":[9]}'))
    assert (found.event_at, found.severity) == (None, None)
    assert found.fields == {"time": "soon", "level": [9]}


def test_a_log_with_its_own_id_keeps_its_arrival() -> None:
    """Brought or derived from an Idempotency-Key: the id says nothing of when it came, so `arrived_at` does."""
    assert only(parsed(record_with(log_id="l-1"))).arrived_at == "generated-0"
    assert only(parsed(record_with())).arrived_at is None
    keyed = parsed(b'["a","b"]', headers={"idempotency-key": "k"})
    assert [message.arrived_at for message in keyed.messages] == ["generated-0", "generated-1"]


@pytest.mark.parametrize("body", [b"7", b"1.5", b"true", b"null"])
def test_invalid_record(body: bytes) -> None:
    """A record is an object with a text, or a text."""
    assert reason_of(body) == "invalid_record"


def test_invalid_record_for_arrays_in_an_array() -> None:
    """An array inside a batch is no record."""
    assert parsed(b'["a",["b"],null,7,true]').rejected == [RejectedRecord(i, "invalid_record") for i in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "unit", ["a", "é", "€", "\U0001f389"], ids=["one byte", "two bytes", "three bytes", "four bytes"]
)
@pytest.mark.parametrize("form", ["json", "text"])
def test_text_too_large(unit: str, form: str) -> None:
    """170,000 bytes of UTF-8 are taken and one more is refused, whatever the characters' width."""
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
    """Control characters are one byte of text and six of JSON: the message must fit SQS's 1 MiB."""
    fitting = "\x01" * ((MAX_ESCAPED_TEXT_BYTES - 2) // 6)
    assert only(parsed(fitting.encode(), "text/plain")).text == fitting
    assert reason_of(b"\x01" + fitting.encode(), "text/plain") == "text_too_large"


def test_nul_is_taken_in_a_text() -> None:
    """NUL is a character as any other in a text."""
    assert only(parsed(b'{"text":"a\\u0000b"}')).text == "a\x00b"
    assert only(parsed(b"\x00", "text/plain")).text == "\x00"


def test_byte_order_mark_of_a_text_is_kept() -> None:
    """A plain text is stored as it was sent; its BOM is a character of it."""
    assert only(parsed(b"\xef\xbb\xbfhello", "text/plain")).text == "\ufeffhello"


def test_last_of_duplicate_keys_wins() -> None:
    """Also for what decides whose log it is: one value stands everywhere, the last."""
    found = only(parsed(b'{"tenant_id":"evil","tenant_id":"acme","text":"a","text":"b"}'))
    assert (found.tenant_id, found.text) == ("acme", "b")


def test_extra_members_are_fields() -> None:
    """What else a record brings is kept as sent."""
    members = {"level": "info", "n": 1, "f": 1.5, "ok": True, "none": None, "list": [1, "a"], "map": {"k": []}}
    assert only(parsed(record_with(tenant_id="acme", log_id="l", **members))).fields == members


@pytest.mark.parametrize("body", [b'"a"', b'{"text":"a"}', b'{"text":"a","log_id":"l","tenant_id":"acme"}'])
def test_no_extra_members_are_no_fields(body: bytes) -> None:
    """Nothing left over is None, and stands in no message."""
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
    """64 members, 8 levels, 16 KiB."""
    fields = _FIELDS[bound](0)
    assert only(parsed(record_with(**fields))).fields == fields


@pytest.mark.parametrize("bound", _FIELDS)
def test_invalid_fields_one_over_a_bound(bound: str) -> None:
    """One member, level or byte more is refused."""
    assert reason_of(record_with(**_FIELDS[bound](1))) == "invalid_fields"


@pytest.mark.parametrize("fields", [{"": 1}, {"a": {"": 1}}, {"a": [{"b": [{"": None}]}]}])
def test_invalid_fields_with_an_empty_name(fields: dict[str, Any]) -> None:
    """DynamoDB refuses an empty name at any depth, so it is refused here."""
    assert reason_of(record_with(**fields)) == "invalid_fields"


@pytest.mark.parametrize("levels", [9, 100, 900, 950, 980])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"k":', "}")])
def test_invalid_fields_that_nest_deep(levels: int, opening: str, closing: str) -> None:
    """A nesting that the decoder can still follow and the encoder perhaps not is refused, with no RecursionError."""
    body = f'{{"text":"a","f":{opening * levels}1{closing * levels}}}'
    assert reason_of(body.encode()) in {"invalid_fields", "invalid_json"}


@pytest.mark.parametrize("key", ["text", "tenant_id", "log_id", "logs", "f"])
@pytest.mark.parametrize("levels", [500, 100_000])
def test_deep_nesting_anywhere_is_rejected(key: str, levels: int) -> None:
    """Nesting is refused in every member, not only in fields."""
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
    """Big integers and extreme floats are JSON: kept, and written back so that the decoder takes them."""
    found = only(parsed(f'{{"text":"a","n":{number}}}'.encode()))
    assert found.fields == {"n": json.loads(number, parse_float=exact_json.number)}
    assert decode(encode(found)) == found
