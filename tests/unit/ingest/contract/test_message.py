"""The contract's wire codec."""

import json
from typing import Any

import pytest

from ingest.contract.errors import Poison
from ingest.contract.message import MAX_TEXT_BYTES, SCHEMA_VERSION, InternalMessage, decode, encode
from tests.unit.ingest import fakes


def message(**members: Any) -> InternalMessage:
    """Return a message as today's program writes it."""
    return fakes.message(schema_version=SCHEMA_VERSION, **members)


_WIRE = (
    b'{"tenant_id":"acme","log_id":"log-1","source":"json_upload","text":"hello",'
    b'"received_at":"2026-11-24T05:40:00.000Z","schema_version":2'
)


def test_wire_format_of_the_current_version() -> None:
    """The bytes of a message with default values are the golden ones, without the defaults."""
    assert encode(message()) == _WIRE + b"}"


def test_wire_format_of_all_members() -> None:
    """The bytes of a message with fields and the pending mark are the golden ones, with these at the end."""
    full = message(
        fields={"level": "info"},
        event_at="2026-11-24T05:40:00.123456789Z",
        severity="info",
        arrived_at="01a2d1e0-1c2b-7123-8000-0123456789ab",
        stream_pending=True,
    )
    assert encode(full) == _WIRE + (
        b',"fields":{"level":"info"},"event_at":"2026-11-24T05:40:00.123456789Z","severity":"info",'
        b'"arrived_at":"01a2d1e0-1c2b-7123-8000-0123456789ab","stream_pending":true}'
    )


@pytest.mark.parametrize(
    "text", ["a", "\x00\x01\x1f\x7f", "\ufffe\uffff", "\\\ufffe", "é€🎉", '"\\/', "\u2028\x85\ud7ff\ue000", "\ufffd"]
)
def test_round_trip(text: str) -> None:
    """Any text is decoded unchanged, from bytes and from SQS's str."""
    sent = message(text=text, fields={text: [text, 1.5, None, {"k": 2**70}]}, stream_pending=True)
    assert decode(encode(sent)) == sent
    assert decode(encode(sent).decode()) == sent


@pytest.mark.parametrize(("character", "escaped"), [("\ufffe", rb"\ufffe"), ("\uffff", rb"\uffff")])
def test_noncharacters_are_escaped_on_the_wire(character: str, escaped: bytes) -> None:
    """U+FFFE and U+FFFF, which SQS refuses, are escaped in the text and in fields."""
    encoded = encode(message(text=f"a{character}b", fields={character: character}))
    assert character not in encoded.decode()
    assert encoded.count(escaped) == 3


@pytest.mark.parametrize("source", ["a", "json_upload", "loki", "splunk_hec", "a2" + "_" * 30])
def test_any_dialect_names_its_source(source: str) -> None:
    """A new dialect's source is accepted without a change of the contract or the consumer."""
    assert decode(encode(message(source=source))).source == source


@pytest.mark.parametrize("source", ["", "A", "2a", "_a", "a-b", "a b", "a" * 33, "a\n", "é"])
def test_a_source_that_is_no_name_is_undecodable(source: str) -> None:
    """A message whose source is not a short name is undecodable, because sources stand in items, lines and files."""
    with pytest.raises(Poison, match="undecodable"):
        decode(encode(message(source=source)))


def test_an_empty_text_is_a_text() -> None:
    """An empty text is valid, because some dialects have logs with fields only."""
    assert decode(encode(message(text=""))).text == ""


def test_neighbours_of_the_noncharacters_stay_as_they_are() -> None:
    """U+FFFD and the noncharacters above U+FFFF, which XML allows, are not escaped."""
    assert "\ufffd\ufffc\U0001fffe" in encode(message(text="\ufffd\ufffc\U0001fffe")).decode()


def test_largest_message_fits_sqs() -> None:
    """The largest text and fields, with the longest escapes, make a message below 1 MiB."""
    largest = message(
        log_id="~" * 256,
        tenant_id="t" * 64,
        text="\x01" * 149_999 + "a" * (MAX_TEXT_BYTES - 149_999),
        fields={"k": "\uffff" * 5_458},
        stream_pending=True,
    )
    assert len(encode(largest)) < 1_048_576


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"not json",
        b"[]",
        b"7",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        "\ud800",
        _WIRE,
        (_WIRE + b"}").replace(b'"hello"', b"7"),
        (_WIRE + b"}").replace(b"acme", b"a b"),
        (_WIRE + b"}").replace(b"log-1", b""),
        (_WIRE + b"}").replace(b"json_upload", b"Other"),
        (_WIRE + b"}").replace(b',"schema_version":2', b""),
        (_WIRE + b',"fields":[]}'),
    ],
)
def test_undecodable(encoded: bytes | str) -> None:
    """A body that is no message is poison, and decoding it raises no other exception."""
    with pytest.raises(Poison) as caught:
        decode(encoded)
    assert caught.value.reason == "undecodable"


@pytest.mark.parametrize("rest", [b'"schema_version":3}', b'"schema_version":99,"shape":{"of":"tomorrow"}}'])
def test_unknown_schema_version(rest: bytes) -> None:
    """A message of a newer version, or of version 0, is refused as of an unknown version."""
    for encoded in (b"{" + rest, _WIRE.replace(b'"schema_version":2', rest), _WIRE.replace(b":2", b":0") + b"}"):
        with pytest.raises(Poison) as caught:
            decode(encoded)
        assert caught.value.reason == "unknown_schema_version"


def test_unknown_members_are_ignored() -> None:
    """An unknown member, which a later program of the same version may add, is ignored."""
    assert decode(_WIRE + b',"later":1}') == message()


def test_message_is_frozen() -> None:
    """A message cannot be changed."""
    with pytest.raises(AttributeError):
        message().text = "other"  # type: ignore[misc]


def test_schema_version_is_the_golden_one() -> None:
    """A new schema version needs new golden bytes beside the old ones."""
    assert json.loads(encode(message()))["schema_version"] == SCHEMA_VERSION == 2
    assert InternalMessage.__struct_fields__[-6:] == (
        *("schema_version", "fields", "event_at", "severity", "arrived_at", "stream_pending"),
    )


@pytest.mark.parametrize("severity", ["my secret", "it's my secret - at `$.x`", 'my "secret"'])
def test_what_is_wrong_is_said_without_the_value(severity: str) -> None:
    """The detail of an error names the place but not the value, because it is logged."""
    encoded = json.dumps({"schema_version": 1, "tenant_id": "a", "log_id": "b", "severity": severity})
    with pytest.raises(Poison) as caught:
        decode(encoded)
    assert caught.value.detail == "Invalid enum value - at `$.severity`"
