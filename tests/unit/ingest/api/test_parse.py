"""What a valid log is: tenants, ids, texts, fields and batches."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from ingest.api.parse import MAX_RECORDS, RejectedRecord
from ingest.api.record import MAX_ESCAPED_TEXT_BYTES, MAX_FIELDS, MAX_FIELDS_BYTES, MAX_FIELDS_DEPTH
from ingest.contract import exact_json
from ingest.contract.errors import Rejected
from ingest.contract.message import MAX_TEXT_BYTES, SCHEMA_VERSION, InternalMessage, decode, encode
from tests.unit.ingest.fakes import RECEIVED_AT, only, parsed

NDJSON = "application/x-ndjson"
TEXT_KEYS = ("text", "message", "msg", "log", "body")  # Written out: their order is a promise to clients.


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _record(**members: Any) -> bytes:
    return _json({"text": "hello"} | members)


def _reason(body: bytes, content_type: str | None = "application/json", **request_arguments: Any) -> str:
    with pytest.raises(Rejected) as caught:
        parsed(body, content_type, **request_arguments)
    return caught.value.reason


# One log


def test_json_log_becomes_a_message() -> None:
    """A single JSON log gives one message with all that the contract names."""
    found = parsed(b'{"tenant_id":"acme","text":"hello","log_id":"l-1"}', tenant_id=None)
    assert only(found) == InternalMessage(
        tenant_id="acme",
        log_id="l-1",
        source="json_upload",
        text="hello",
        received_at=RECEIVED_AT,
        schema_version=SCHEMA_VERSION,
        arrived_at="generated-0",
    )
    assert (found.positions, found.rejected, found.is_batch) == ([0], [], False)


def test_text_log_becomes_a_message() -> None:
    """A text/plain log is its whole body, line breaks and all, under the header's tenant and log_id."""
    found = parsed("one\ntwo: café\n".encode(), "text/plain", headers={"x-log-id": "l-1"})
    assert only(found) == InternalMessage(
        tenant_id="acme",
        log_id="l-1",
        source="text_upload",
        text="one\ntwo: café\n",
        received_at=RECEIVED_AT,
        schema_version=SCHEMA_VERSION,
        arrived_at="generated-0",
    )
    assert found.is_batch is False


def test_bare_string_is_a_log() -> None:
    """A JSON string is a log when the tenant is known."""
    assert only(parsed(b'"hello"')).text == "hello"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;CHARSET=UTF-8",
        'application/json; foo=bar; charset="utf-8"',
        " application/json ;",
        None,
    ],
)
def test_json_media_type_in_any_spelling(content_type: str | None) -> None:
    """Parameters, case and spaces in a Content-Type make no difference."""
    assert only(parsed(_record(), content_type)).text == "hello"


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("", "naïve €".encode(), "naïve €"),
        ("; charset=utf-8", "naïve €".encode(), "naïve €"),
        ('; Charset="UTF-8"', "naïve €".encode(), "naïve €"),
        ("; charset=iso-8859-1", b"na\xefve", "naïve"),
        ("; charset=windows-1252", b"\x80", "€"),
        ("; charset=us-ascii", b"naive", "naive"),
    ],
)
def test_text_is_decoded_by_its_charset(charset: str, body: bytes, text: str) -> None:
    """The charset parameter decides, UTF-8 when there is none."""
    assert only(parsed(body, f"text/plain{charset}")).text == text


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b"\xff\xfe"),
        ("text/plain", b"\xc0\xaf"),
        ("text/plain", b"\xed\xa0\x80"),
        ("text/plain; charset=us-ascii", b"\xe9"),
        ("text/plain; charset=windows-1252", b"\x81"),
        ("text/plain; charset=utf-16", b"a\x00"),
        ("text/plain; charset=rot13", b"a"),
        ("text/plain; charset=idna", b"a"),
        ("application/json; charset=utf-16", '{"text":"a"}'.encode("utf-16")),
    ],
)
def test_invalid_encoding(content_type: str, body: bytes) -> None:
    """Bytes that are no text in their charset, and charsets outside the closed list, are refused and never replaced."""
    assert _reason(body, content_type) == "invalid_encoding"


@pytest.mark.parametrize("content_type", ["application/xml", "text/html; charset=utf-8", "application/json2"])
def test_unsupported_content_type(content_type: str) -> None:
    """The list of media types is closed."""
    assert _reason(_record(), content_type) == "unsupported_content_type"


# Tenant


@pytest.mark.parametrize(
    ("record", "tenant_header", "scope", "query"),
    [
        ("acme", None, None, None),
        (None, "acme", None, None),
        (None, None, "acme", None),
        (None, None, None, "acme"),
        ("acme", "acme", "acme", "acme"),
        (None, " acme ", None, "acme"),
        ("", "acme", None, None),
        ("acme", "", "", ""),
    ],
)
def test_tenant_may_stand_in_the_record_the_headers_or_the_query(
    record: str | None, tenant_header: str | None, scope: str | None, query: str | None
) -> None:
    """Any place will do, several that agree too, and an empty one says nothing."""
    headers = {} if scope is None else {"x-scope-orgid": scope}
    found = parsed(
        _record() if record is None else _record(tenant_id=record),
        tenant_id=tenant_header,
        headers=headers,
        query={} if query is None else {"tenant_id": query},
    )
    assert only(found).tenant_id == "acme"


@pytest.mark.parametrize(
    ("record", "headers", "query"),
    [
        ("a", {"x-tenant-id": "b"}, None),
        ("a", {"x-scope-orgid": "b"}, None),
        ("a", {}, "b"),
        (None, {"x-tenant-id": "a", "x-scope-orgid": "b"}, None),
        (None, {"x-tenant-id": "a"}, "b"),
        (None, {"x-scope-orgid": "a"}, "b"),
        ("a", {"x-tenant-id": "a", "x-scope-orgid": "a"}, "b"),
        ("A", {"x-tenant-id": "a"}, None),
    ],
)
def test_tenant_mismatch(record: str | None, headers: dict[str, str], query: str | None) -> None:
    """Two places that name different tenants are refused, whichever they are; tenants are case-sensitive."""
    given_query = {} if query is None else {"tenant_id": query}
    assert _reason(_record(tenant_id=record), tenant_id=None, headers=headers, query=given_query) == "tenant_mismatch"
    if record is None:
        assert _reason(b"x", "text/plain", tenant_id=None, headers=headers, query=given_query) == "tenant_mismatch"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (_record(), "application/json"),
        (_record(tenant_id=""), "application/json"),
        (_record(tenant_id=None), "application/json"),
        (b'"hello"', "application/json"),
        (b"hello", "text/plain"),
    ],
)
@pytest.mark.parametrize("header", [None, "", "  "])
def test_missing_tenant(body: bytes, content_type: str, header: str | None) -> None:
    """A log without a tenant is refused; an empty or blank one is none."""
    assert _reason(body, content_type, tenant_id=header) == "missing_tenant"


_BAD_TENANTS = [
    "a b/../c#",
    "../acme",
    "a,b",
    "acme,acme",
    "a" * 65,
    "-acme",
    ".acme",
    "_acme",
    "acmé",
    "ac\x00me",
    "acme\n",
    "a/b",
    "a:b",
    "\uff41cme",
]


@pytest.mark.parametrize("tenant_id", [*_BAD_TENANTS, 7, 0, 1.5, True, False, ["acme"], {"id": "acme"}, []])
def test_invalid_tenant(tenant_id: object) -> None:
    """A tenant outside the pattern, or of another type than text, is refused."""
    assert _reason(_record(tenant_id=tenant_id), tenant_id=None) == "invalid_tenant"


@pytest.mark.parametrize("tenant_id", [tenant for tenant in _BAD_TENANTS if tenant != "acme\n"])
def test_invalid_tenant_in_header_scope_and_query(tenant_id: str) -> None:
    """The pattern holds wherever the tenant stands; duplicate headers arrive joined by a comma."""
    assert _reason(b"hello", "text/plain", tenant_id=tenant_id) == "invalid_tenant"
    assert _reason(b"hello", "text/plain", tenant_id=None, headers={"x-scope-orgid": tenant_id}) == "invalid_tenant"
    assert _reason(b"hello", "text/plain", tenant_id=None, query={"tenant_id": tenant_id}) == "invalid_tenant"


@pytest.mark.parametrize("tenant_id", ["a", "A" * 64, "0", "a.b_c-D9"])
def test_valid_tenants(tenant_id: str) -> None:
    """The pattern's corners are taken."""
    assert only(parsed(_record(tenant_id=tenant_id), tenant_id=None)).tenant_id == tenant_id


# log_id


@pytest.mark.parametrize("log_id", ["a", "!" * 256, "~", "a/b?c=d&e", "<>\"'\\"])
def test_log_id_as_sent(log_id: str) -> None:
    """1 to 256 visible ASCII characters are taken as they are."""
    assert only(parsed(_record(log_id=log_id))).log_id == log_id
    assert only(parsed(b"hello", "text/plain", headers={"x-log-id": log_id})).log_id == log_id


@pytest.mark.parametrize(
    "log_id", ["", "a" * 257, "a b", "é", "a\x00", "a\n", "\x7f", "\ufffe", 7, 0, False, ["a"], {"a": 1}]
)
def test_invalid_log_id(log_id: object) -> None:
    """Anything else is refused, in the record and in the header."""
    assert _reason(_record(log_id=log_id)) == "invalid_log_id"
    if isinstance(log_id, str):
        assert _reason(b"hello", "text/plain", headers={"x-log-id": log_id}) == "invalid_log_id"


def test_log_id_is_generated_when_absent() -> None:
    """A record without a log_id, or with null, gets one."""
    assert only(parsed(_record())).log_id == "generated-0"
    assert only(parsed(_record(log_id=None))).log_id == "generated-0"


def test_log_id_of_the_record_goes_before_the_header() -> None:
    """The nearer one wins."""
    assert only(parsed(_record(log_id="record"), headers={"x-log-id": "header"})).log_id == "record"
    assert only(parsed(_record(), headers={"x-log-id": "header"})).log_id == "header"


def test_log_id_header_names_no_record_of_a_batch() -> None:
    """One header cannot be the id of several logs."""
    found = parsed(b'["a","b"]', headers={"x-log-id": "header"})
    assert [message.log_id for message in found.messages] == ["generated-0", "generated-1"]


# Idempotency-Key


def test_idempotency_key_derives_log_ids() -> None:
    """The golden derivation: changing it would store a client's retry twice over a deployment."""
    body = b'["a",{"text":"b"},{"text":"c","log_id":"own"}]'
    found = parsed(body, headers={"idempotency-key": "key-1"})
    assert [message.log_id for message in found.messages] == [
        "b9210ad6e7032b9047ec0906d3e6be66",
        "63ef6c1a96677623bb3c392c980d6033",
        "own",
    ]


def test_idempotency_key_gives_the_same_ids_on_a_retry_and_others_else() -> None:
    """Tenant, key and position all tell logs apart; the text does not."""

    def log_id(body: bytes, key: str, tenant_id: str = "acme") -> str:
        return parsed(body, tenant_id=tenant_id, headers={"idempotency-key": key}).messages[-1].log_id

    first = log_id(b'["x"]', "key")
    assert log_id(b'["x"]', "key") == first
    assert log_id(b'"x"', "key") == first
    assert len({first, log_id(b'["x"]', "kez"), log_id(b'["x"]', "key", "other"), log_id(b'["w","x"]', "key")}) == 4


def test_idempotency_key_counts_refused_records_too() -> None:
    """A record's id does not hang on whether its neighbours were good."""
    ids = [parsed(body, headers={"idempotency-key": "k"}).messages[-1].log_id for body in (b'["a","b"]', b'[7,"b"]')]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("key", ["", "a b", "é", "a" * 257, "a\n", "\x00"])
def test_invalid_idempotency_key(key: str) -> None:
    """A key outside the pattern is refused, not ignored."""
    assert _reason(_record(), headers={"idempotency-key": key}) == "invalid_idempotency_key"


# Text


@pytest.mark.parametrize("first", range(len(TEXT_KEYS)))
def test_first_text_key_present_wins(first: int) -> None:
    """`text`, `message`, `msg`, `log`, `body`: the first that is there is the text, the others are fields."""
    keys = TEXT_KEYS[first:]
    found = only(parsed(_json({key: f"from {key}" for key in reversed(keys)})))
    assert found.text == f"from {keys[0]}"
    assert found.fields == ({key: f"from {key}" for key in keys[1:]} or None)


def test_null_text_is_absent() -> None:
    """A null text lets the next key speak, and is kept as the field it is."""
    found = only(parsed(b'{"text":null,"msg":"hello"}'))
    assert (found.text, found.fields) == ("hello", {"text": None})


@pytest.mark.parametrize("key", TEXT_KEYS)
def test_empty_text(key: str) -> None:
    """An empty text is refused, under each of its names."""
    assert _reason(_json({key: ""})) == "empty_text"


@pytest.mark.parametrize("body", [b'""', b'{"text":"","message":"never looked at"}'])
def test_empty_text_does_not_fall_through(body: bytes) -> None:
    """An empty text is there, so no other key speaks for it."""
    assert _reason(body) == "empty_text"


def test_empty_text_of_a_plain_body() -> None:
    """A text/plain request without a body has no text."""
    assert _reason(b"", "text/plain") == "empty_text"


@pytest.mark.parametrize("body", [b"{}", b'{"tenant_id":"acme"}', b'{"text":null}', b'{"Text":"a","Msg":"b"}'])
def test_missing_text(body: bytes) -> None:
    """A record without any of the text's names is refused; the names are case-sensitive."""
    assert _reason(body) == "missing_text"


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
    assert only(parsed(_record(log_id="l-1"))).arrived_at == "generated-0"
    assert only(parsed(_record())).arrived_at is None
    keyed = parsed(b'["a","b"]', headers={"idempotency-key": "k"})
    assert [message.arrived_at for message in keyed.messages] == ["generated-0", "generated-1"]


@pytest.mark.parametrize("body", [b"7", b"1.5", b"true", b"null"])
def test_invalid_record(body: bytes) -> None:
    """A record is an object with a text, or a text."""
    assert _reason(body) == "invalid_record"


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
            (_json({"text": text}), "application/json") if form == "json" else (text.encode(), "text/plain")
        )
        if is_fitting:
            assert only(parsed(body, content_type)).text == text
        else:
            assert _reason(body, content_type) == "text_too_large"


def test_text_too_large_when_escaped() -> None:
    """Control characters are one byte of text and six of JSON: the message must fit SQS's 1 MiB."""
    fitting = "\x01" * ((MAX_ESCAPED_TEXT_BYTES - 2) // 6)
    assert only(parsed(fitting.encode(), "text/plain")).text == fitting
    assert _reason(b"\x01" + fitting.encode(), "text/plain") == "text_too_large"


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


# Fields


def test_extra_members_are_fields() -> None:
    """What else a record brings is kept as sent."""
    members = {"level": "info", "n": 1, "f": 1.5, "ok": True, "none": None, "list": [1, "a"], "map": {"k": []}}
    assert only(parsed(_record(tenant_id="acme", log_id="l", **members))).fields == members


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
    assert only(parsed(_record(**fields))).fields == fields


@pytest.mark.parametrize("bound", _FIELDS)
def test_invalid_fields_one_over_a_bound(bound: str) -> None:
    """One member, level or byte more is refused."""
    assert _reason(_record(**_FIELDS[bound](1))) == "invalid_fields"


@pytest.mark.parametrize("fields", [{"": 1}, {"a": {"": 1}}, {"a": [{"b": [{"": None}]}]}])
def test_invalid_fields_with_an_empty_name(fields: dict[str, Any]) -> None:
    """DynamoDB refuses an empty name at any depth, so it is refused here."""
    assert _reason(_record(**fields)) == "invalid_fields"


@pytest.mark.parametrize("levels", [9, 100, 900, 950, 980])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"k":', "}")])
def test_invalid_fields_that_nest_deep(levels: int, opening: str, closing: str) -> None:
    """A nesting that the decoder can still follow and the encoder perhaps not is refused, with no RecursionError."""
    body = f'{{"text":"a","f":{opening * levels}1{closing * levels}}}'
    assert _reason(body.encode()) in {"invalid_fields", "invalid_json"}


@pytest.mark.parametrize("key", ["text", "tenant_id", "log_id", "logs", "f"])
@pytest.mark.parametrize("levels", [500, 100_000])
def test_deep_nesting_anywhere_is_rejected(key: str, levels: int) -> None:
    """Nesting is refused in every member, not only in fields."""
    members = {"text": '"a"'} | {key: "[" * levels + "]" * levels}
    body = "{" + ",".join(f'"{k}":{v}' for k, v in members.items()) + "}"
    assert _reason(body.encode(), tenant_id=None if key == "tenant_id" else "acme") in {
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


# Batches


def test_batch_takes_the_good_and_names_the_refused() -> None:
    """One bad record costs no neighbour, and positions are those of the client's batch."""
    found = parsed(
        b'["a",7,{"text":""},{"msg":"d"},{"text":"e","tenant_id":"other"},{"tenant_id":"a b","text":"f"},"g"]'
    )
    assert [(i, message.text) for i, message in zip(found.positions, found.messages, strict=True)] == [
        (0, "a"),
        (3, "d"),
        (6, "g"),
    ]
    assert found.rejected == [(1, "invalid_record"), (2, "empty_text"), (4, "tenant_mismatch"), (5, "invalid_tenant")]
    assert found.is_batch is True


def test_batch_of_several_tenants() -> None:
    """Without a tenant of the request each record brings its own."""
    found = parsed(b'{"tenant_id":"a","text":"x"}\n{"tenant_id":"b","text":"y"}\n{"text":"z"}', NDJSON, tenant_id=None)
    assert [message.tenant_id for message in found.messages] == ["a", "b"]
    assert found.rejected == [(2, "missing_tenant")]


def test_text_too_large_inside_a_batch_is_its_record_s() -> None:
    """A batch is not refused for one log that is too large."""
    found = parsed(_json(["a" * (MAX_TEXT_BYTES + 1), "b"]))
    assert found.rejected == [(0, "text_too_large")]
    assert only(found).text == "b"


def test_batch_of_which_every_record_is_refused_comes_back_empty() -> None:
    """The caller answers it with `no_valid_records`."""
    found = parsed(b'[{"text":""},7]')
    assert (found.messages, found.positions) == ([], [])
    assert found.rejected == [(0, "empty_text"), (1, "invalid_record")]


def test_invalid_json_line_of_a_batch_is_its_record_s() -> None:
    """A line that is no JSON is one refused record."""
    found = parsed(b'{"text":"a"}\n{oops\n{"text":"b"}\n', NDJSON)
    assert found.rejected == [(1, "invalid_json")]
    assert found.positions == [0, 2]


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"[]", "application/json"), (b'{"logs":[]}', "application/json"), (b"\n", NDJSON)]
)
def test_empty_batch(body: bytes, content_type: str) -> None:
    """A batch of nothing is refused as such."""
    assert _reason(body, content_type) == "empty_batch"


def test_empty_batch_with_a_tenant_in_the_envelope() -> None:
    """The envelope's tenant changes nothing about there being no logs."""
    assert _reason(b'{"tenant_id":"acme","logs":[]}', tenant_id=None) == "empty_batch"


def test_envelope_tenant_is_every_record_s() -> None:
    """The envelope names the tenant once for all its logs."""
    found = parsed(b'{"tenant_id":"acme","logs":["a",{"text":"b"},{"text":"c","tenant_id":"b"}]}', tenant_id=None)
    assert [message.tenant_id for message in found.messages] == ["acme", "acme"]
    assert found.rejected == [(2, "tenant_mismatch")]


def test_empty_envelope_tenant_says_nothing() -> None:
    """An envelope with an empty tenant leaves it to the records."""
    found = parsed(b'{"tenant_id":"","logs":[{"text":"a","tenant_id":"acme"}]}', tenant_id=None)
    assert only(found).tenant_id == "acme"


@pytest.mark.parametrize(
    ("tenant_id", "header", "reason"),
    [("b", "acme", "tenant_mismatch"), ("a b", None, "invalid_tenant"), (7, None, "invalid_tenant")],
)
def test_envelope_tenant_is_checked_as_any_other(tenant_id: object, header: str | None, reason: str) -> None:
    """A wrong tenant in the envelope refuses the whole request."""
    assert _reason(_json({"tenant_id": tenant_id, "logs": ["a"]}), tenant_id=header) == reason


@pytest.mark.parametrize("content_type", ["application/json", NDJSON])
def test_records_exactly_at_the_limit_are_taken(content_type: str) -> None:
    """20,000 records are one request."""
    found = parsed(_batch(MAX_RECORDS, content_type), content_type)
    assert (len(found.messages), found.positions) == (20_000, list(range(20_000)))


@pytest.mark.parametrize("content_type", ["application/json", NDJSON])
def test_too_many_records(content_type: str) -> None:
    """20,001 records are refused as a whole, before any is taken."""
    assert _reason(_batch(MAX_RECORDS + 1, content_type), content_type) == "too_many_records"


def test_too_many_records_of_which_one_is_broken() -> None:
    """The limit holds when lines are read one by one."""
    assert _reason(_batch(MAX_RECORDS, NDJSON) + b"\n{oops", NDJSON) == "too_many_records"


def _batch(records: int, content_type: str) -> bytes:
    return _json(["x"] * records) if content_type == "application/json" else b"\n".join([b'"x"'] * records)
