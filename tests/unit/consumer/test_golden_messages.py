"""Golden wire vectors: every message ever written stays readable, byte for byte as it was on the queue or the stream.

A vector is never changed; a new schema version adds its own. The files have no final newline: they are the bytes.
"""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from consumer.unpack import unpack
from ingest.contract.message import SCHEMA_VERSION, InternalMessage, decode, encode
from tests.unit.consumer.fakes import delivery

VECTORS = Path(__file__).parents[2] / "golden" / "messages"

PLAIN: dict[str, Any] = {
    "tenant_id": "acme",
    "log_id": "log-1",
    "source": "json_upload",
    "text": "call 555-0199",
    "received_at": "2025-11-24T15:59:59.900Z",
    "schema_version": 1,
}

EXPECTED: dict[str, dict[str, Any]] = {
    "v1_json_upload": {},
    "v1_text_upload": {"source": "text_upload", "text": "plain line"},
    "v1_with_fields": {
        "fields": {
            "level": "info",
            "code": 7,
            "ratio": 0.25,
            "nested": {"tags": ["a", None, True]},
            "": "empty name",
        }
    },
    "v1_stream_pending": {"stream_pending": True},
    "v1_control_characters": {"text": "\x00\x01\x1b[31m\t\r\n\x7f\x85"},
    "v1_noncharacters": {"text": "\ufffe and \uffff"},
    "v1_beyond_ascii": {"text": "sp\u00e4\u0165 \u260e \U0001f600 \u05e9\u05dc\u05d5\u05dd e\u0301 \u202e"},
    "v1_json_in_text": {"text": '{"quoted":"\\"}\\u0041"}'},
    "v1_longest_ids": {"tenant_id": "T" + "-" * 63, "log_id": "~" * 256},
    "v1_shortest": {"tenant_id": "7", "log_id": "!", "text": " "},
    "v2_plain": {},
    "v2_time_and_level": {
        "fields": {"time": 1795833985483123456, "level": "WARN"},
        "event_at": "2026-11-28T02:46:25.483123456Z",
        "severity": "warn",
    },
    "v2_own_id": {"arrived_at": "01a2d1e0-1c2b-7123-8000-0123456789ab"},
    "v2_stream_pending": {"stream_pending": True},
    "v2_numbers_of_fields": {
        "fields": {
            "exact": Decimal("1764000000.123456789"),
            "beyond": Decimal("1E+400"),
            "wide": Decimal("0.12345678901234567890123456789"),
            "plain": 1.5,
        }
    },
    "v1_numbers_of_fields": {"fields": {"big": 10**40, "tiny": 1e-300, "huge": 1e300, "minus": -0.5}},
}


def test_every_vector_has_its_expectation_and_the_other_way_round() -> None:
    """Each golden vector has an expectation, and each expectation a vector."""
    assert {path.stem for path in VECTORS.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_vector_decodes_to_what_it_meant(name: str) -> None:
    """The consumer's unpacking reads each old message as it was meant."""
    unpacked = unpack([delivery(body=(VECTORS / f"{name}.json").read_text(encoding="utf-8"))])
    assert unpacked.spoiled == []
    assert unpacked.logs[0].message == InternalMessage(**(PLAIN | {"schema_version": int(name[1])} | EXPECTED[name]))


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.startswith(f"v{SCHEMA_VERSION}_")])
def test_a_vector_of_the_current_version_is_what_is_written_today(name: str) -> None:
    """The encoder writes the golden bytes of the current version."""
    encoded = (VECTORS / f"{name}.json").read_bytes()
    assert encode(decode(encoded)) == encoded


def test_every_schema_version_has_vectors() -> None:
    """Every schema version up to SCHEMA_VERSION has vectors."""
    versions = {int(match[1]) for path in VECTORS.iterdir() if (match := re.match(r"v(\d+)_", path.name))}
    assert versions == set(range(1, SCHEMA_VERSION + 1))
