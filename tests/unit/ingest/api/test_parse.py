"""What a request becomes: one log or a batch, the ids that an Idempotency-Key gives, and which records are refused."""

import pytest

from ingest.api.parse import MAX_RECORDS
from ingest.contract.message import MAX_TEXT_BYTES, SCHEMA_VERSION, InternalMessage
from tests.unit.ingest.api.parsing import as_json, reason_of, record_with
from tests.unit.ingest.fakes import RECEIVED_AT, only, parsed

NDJSON = "application/x-ndjson"


def test_json_log_becomes_a_message() -> None:
    """A single JSON log becomes one message with all members of the contract."""
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
    """A text/plain body is one log with its line breaks, under the header's tenant and log_id."""
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
    assert only(parsed(record_with(), content_type)).text == "hello"


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
    """A text is decoded by its charset parameter, and as UTF-8 without one."""
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
    """Text that is invalid in its charset, or in an unsupported charset, is refused and never altered."""
    assert reason_of(body, content_type) == "invalid_encoding"


@pytest.mark.parametrize("content_type", ["application/xml", "text/html; charset=utf-8", "application/json2"])
def test_unsupported_content_type(content_type: str) -> None:
    """A media type outside the closed list is refused."""
    assert reason_of(record_with(), content_type) == "unsupported_content_type"


def test_idempotency_key_derives_log_ids() -> None:
    """An Idempotency-Key gives the golden log ids; other ids would store a retry twice across a deployment."""
    body = b'["a",{"text":"b"},{"text":"c","log_id":"own"}]'
    found = parsed(body, headers={"idempotency-key": "key-1"})
    assert [message.log_id for message in found.messages] == [
        "b9210ad6e7032b9047ec0906d3e6be66",
        "63ef6c1a96677623bb3c392c980d6033",
        "own",
    ]


def test_idempotency_key_gives_the_same_ids_on_a_retry_and_others_else() -> None:
    """Log ids derived from an Idempotency-Key depend on tenant, key and position, but not on the text."""

    def log_id(body: bytes, key: str, tenant_id: str = "acme") -> str:
        return parsed(body, tenant_id=tenant_id, headers={"idempotency-key": key}).messages[-1].log_id

    first = log_id(b'["x"]', "key")
    assert log_id(b'["x"]', "key") == first
    assert log_id(b'"x"', "key") == first
    assert len({first, log_id(b'["x"]', "kez"), log_id(b'["x"]', "key", "other"), log_id(b'["w","x"]', "key")}) == 4


def test_idempotency_key_counts_refused_records_too() -> None:
    """A record's derived id does not depend on whether its neighbours are valid."""
    ids = [parsed(body, headers={"idempotency-key": "k"}).messages[-1].log_id for body in (b'["a","b"]', b'[7,"b"]')]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("key", ["", "a b", "é", "a" * 257, "a\n", "\x00"])
def test_invalid_idempotency_key(key: str) -> None:
    """A key outside the pattern is refused, not ignored."""
    assert reason_of(record_with(), headers={"idempotency-key": key}) == "invalid_idempotency_key"


def test_batch_takes_the_good_and_names_the_refused() -> None:
    """A bad record does not affect the others, and positions are those in the client's batch."""
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
    """If the request names no tenant, each record names its own."""
    found = parsed(b'{"tenant_id":"a","text":"x"}\n{"tenant_id":"b","text":"y"}\n{"text":"z"}', NDJSON, tenant_id=None)
    assert [message.tenant_id for message in found.messages] == ["a", "b"]
    assert found.rejected == [(2, "missing_tenant")]


def test_text_too_large_inside_a_batch_is_its_record_s() -> None:
    """A log that is too large is refused alone in its batch."""
    found = parsed(as_json(["a" * (MAX_TEXT_BYTES + 1), "b"]))
    assert found.rejected == [(0, "text_too_large")]
    assert only(found).text == "b"


def test_batch_of_which_every_record_is_refused_comes_back_empty() -> None:
    """A batch whose records are all refused is returned without messages, for the caller to answer."""
    found = parsed(b'[{"text":""},7]')
    assert (found.messages, found.positions) == ([], [])
    assert found.rejected == [(0, "empty_text"), (1, "invalid_record")]


def test_invalid_json_line_of_a_batch_is_its_record_s() -> None:
    """A line that is not JSON is one refused record."""
    found = parsed(b'{"text":"a"}\n{oops\n{"text":"b"}\n', NDJSON)
    assert found.rejected == [(1, "invalid_json")]
    assert found.positions == [0, 2]


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"[]", "application/json"), (b'{"logs":[]}', "application/json"), (b"\n", NDJSON)]
)
def test_empty_batch(body: bytes, content_type: str) -> None:
    """A batch without records is refused as empty."""
    assert reason_of(body, content_type) == "empty_batch"


def test_empty_batch_with_a_tenant_in_the_envelope() -> None:
    """An envelope that names a tenant but has no logs is refused as empty."""
    assert reason_of(b'{"tenant_id":"acme","logs":[]}', tenant_id=None) == "empty_batch"


def test_envelope_tenant_is_every_record_s() -> None:
    """An envelope's tenant is the tenant of all its logs."""
    found = parsed(b'{"tenant_id":"acme","logs":["a",{"text":"b"},{"text":"c","tenant_id":"b"}]}', tenant_id=None)
    assert [message.tenant_id for message in found.messages] == ["acme", "acme"]
    assert found.rejected == [(2, "tenant_mismatch")]


def test_empty_envelope_tenant_says_nothing() -> None:
    """If an envelope's tenant is empty, the records name theirs."""
    found = parsed(b'{"tenant_id":"","logs":[{"text":"a","tenant_id":"acme"}]}', tenant_id=None)
    assert only(found).tenant_id == "acme"


@pytest.mark.parametrize(
    ("tenant_id", "header", "reason"),
    [("b", "acme", "tenant_mismatch"), ("a b", None, "invalid_tenant"), (7, None, "invalid_tenant")],
)
def test_envelope_tenant_is_checked_as_any_other(tenant_id: object, header: str | None, reason: str) -> None:
    """A wrong tenant in the envelope refuses the whole request."""
    assert reason_of(as_json({"tenant_id": tenant_id, "logs": ["a"]}), tenant_id=header) == reason


@pytest.mark.parametrize("content_type", ["application/json", NDJSON])
def test_records_exactly_at_the_limit_are_taken(content_type: str) -> None:
    """20,000 records are one request."""
    found = parsed(_batch(MAX_RECORDS, content_type), content_type)
    assert (len(found.messages), found.positions) == (20_000, list(range(20_000)))


@pytest.mark.parametrize("content_type", ["application/json", NDJSON])
def test_too_many_records(content_type: str) -> None:
    """20,001 records are refused as a whole, before any is taken."""
    assert reason_of(_batch(MAX_RECORDS + 1, content_type), content_type) == "too_many_records"


def test_too_many_records_of_which_one_is_broken() -> None:
    """20,001 lines are refused as a whole, also if one is broken and the lines are read one by one."""
    assert reason_of(_batch(MAX_RECORDS, NDJSON) + b"\n{oops", NDJSON) == "too_many_records"


def _batch(records: int, content_type: str) -> bytes:
    return as_json(["x"] * records) if content_type == "application/json" else b"\n".join([b'"x"'] * records)
