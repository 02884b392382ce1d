"""Lines of JSON, of which some are broken."""

import pytest

from ingest.api.documents import values_of_lines
from ingest.contract.errors import Rejected


def _read(body: bytes, most: int = 10) -> list[object]:
    found = values_of_lines(body, most=most)
    return ["broken" if isinstance(value, Rejected) else value for value in found]


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (b'{"a":1}{"b":"\xff}{"}{"c":3}', [{"a": 1}, "broken", {"c": 3}]),
        (b'{"a":"\\"}"} {"b":\n[{}]} {"c":nul}{"d":4}', [{"a": '"}'}, "broken", "broken"]),
        (
            b'{"a":"\\"}"} {"b":[{}]} {"c":nul}{"d":4}\n{"e":5}',
            [{"a": '"}'}, {"b": [{}]}, "broken", {"d": 4}, {"e": 5}],
        ),
        (b'{"a":1}{"b":', [{"a": 1}, "broken"]),
        (b'{"a":1}{"b":"x}{', [{"a": 1}, "broken"]),
        (b'{"a":1}}{"b":2}', ["broken"]),
        (b'{"a":1} trailing', ["broken"]),
        (b'{"a":1}x{"b":2}', ["broken"]),
        (b'{"a":1}{"b":[}]{"c":3}', [{"a": 1}, "broken", {"c": 3}]),
        (b'{"a":1}' + b"[" * 3_000 + b"]" * 3_000 + b'{"b":2}', [{"a": 1}, "broken", {"b": 2}]),
    ],
)
def test_one_broken_document_of_a_line_costs_no_neighbour(body: bytes, values: list[object]) -> None:
    """Objects on one line are separate documents, and a broken document does not affect the others."""
    assert _read(body) == values


@pytest.mark.parametrize(
    "body", [b"{}" * 100 + b"{", b"{" * 1_000_000, b'"\\"' * 300_000 + b"{", b"}" * 100, b'"' * 100_001]
)
def test_what_is_hostile_is_read_once(body: bytes) -> None:
    """Reading a hostile body ends soon after `most` documents, and no byte of a broken line is read twice."""
    assert len(_read(body)) <= 11
