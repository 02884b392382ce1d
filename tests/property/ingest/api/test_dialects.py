"""Accepted logs are unaltered in every dialect (I13): a record comes out as it went in, or is refused alone."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.api.parse import Parsed, parse
from ingest.contract import exact_json
from ingest.contract.errors import Rejected
from ingest.contract.message import decode, encode
from tests.property.ingest.api.dialect_bodies import WRITERS, Writer, is_unaltered, request
from tests.unit.ingest.fakes import RECEIVED_AT

_TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["", "\0", "\ufffe\uffff", "a\r\nb", " x "]
)
_INTEGERS = st.integers(-(2**63), 2**64 - 1)
_SCALARS = st.none() | st.booleans() | _INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS.filter(bool), inner, max_size=3)
)
_NAMES = st.sampled_from(
    [
        *("message", "msg", "text", "log", "body", "event", "MESSAGE", "short_message", "@m", "@mt", "MessageTemplate"),
        *(
            "level",
            "severity",
            "status",
            "@l",
            "Level",
            "timestamp",
            "@timestamp",
            "time",
            "_time",
            "dt",
            "@t",
            "created",
        ),
        *("Timestamp", "relativeCreated", "Properties", "attributes", "common", "_index", "tenant_id", "log_id", "a.b"),
    ]
)
_RECORDS = st.dictionaries(_NAMES | _TEXTS.filter(bool), _VALUES, max_size=6)
# Records that no reader accepts. The writers of msgpack, which start from JSON, cannot express them.
_BROKEN = st.sampled_from(
    [
        b'{"message":"\xff"}',
        b'{"message":"\\ud800"}',
        b'{"a":1e9999999999999999999}',
        b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    ]
)
_WRITERS = st.sampled_from(list(WRITERS.values()))
_JSON_WRITERS = st.sampled_from([writer for name, writer in WRITERS.items() if "msgpack" not in name])


def _parsed(writer: Writer, body: bytes) -> Parsed:
    dialect, given_request = request(writer, body)
    return parse(
        given_request, dialect, received_at=RECEIVED_AT, log_id_at=lambda position: f"generated-{position:0>40}"
    )


@settings(max_examples=200)
@given(writer=_WRITERS, records=st.lists(_RECORDS, min_size=1, max_size=4))
def test_records_come_out_as_they_went_in(writer: Writer, records: list[dict[str, Any]]) -> None:
    """Each record is a log once, in order and unaltered also in queue and stream, or is refused with a reason."""
    parsed = _parsed(writer, writer.write([json.dumps(record).encode() for record in records]))
    refused = [position for position, _ in parsed.rejected]
    assert sorted([*parsed.positions, *refused]) == list(range(len(records)))
    for position, message in zip(parsed.positions, parsed.messages, strict=True):
        assert is_unaltered(records[position], message, writer.added)
        assert decode(encode(message)) == message
    assert all(_may_be_refused(records[position], writer) for position in refused)


def _may_be_refused(record: dict[str, Any], writer: Writer) -> bool:
    """Whether a record may be refused: too much, too deep, a field of the dialect's own, or no text."""
    is_deep = "[[[" in json.dumps(record).replace("{", "[")
    return is_deep or not writer.added.keys().isdisjoint(record) or "" in record.values() or len(record) > 60


@settings(max_examples=200)
@given(
    writer=_JSON_WRITERS,
    records=st.lists(_BROKEN | st.just(b'{"message":"sound","n":1764000000.123456789}'), min_size=1, max_size=5),
)
def test_a_broken_record_is_refused_alone(writer: Writer, records: list[bytes]) -> None:
    """A broken record is refused, and its neighbours are accepted with every digit."""
    parsed = _parsed(writer, writer.write(records))
    sound = [i for i, record in enumerate(records) if record.startswith(b'{"message":"sound"')]
    assert parsed.positions == sound
    for message in parsed.messages:
        fields = dict(message.fields or {})
        assert (message.text, exact_json.encode(fields["n"])) == ("sound", b"1764000000.123456789")
    assert len(parsed.rejected) == len(records) - len(sound)


@settings(max_examples=200)
@given(writer=_WRITERS, body=st.binary() | _VALUES.map(lambda value: json.dumps(value).encode()), data=st.data())
def test_any_body_is_read_or_rejected(writer: Writer, body: bytes, data: st.DataObject) -> None:
    """For any body, a reader returns records or raises `Rejected`."""
    if data.draw(st.booleans()):
        whole = writer.write([b'{"message":"a"}', b'{"message":"b"}'])
        cut = data.draw(st.integers(0, len(whole)))
        body = whole[:cut] + body + whole[cut:]
    try:
        parsed = _parsed(writer, body)
    except Rejected:
        return
    for message in parsed.messages:
        assert decode(encode(message)) == message
