"""An accepted log is unaltered (I13): the corpus goes through the whole program and is read from queue and stream.

The bytes that reached SQS and Kinesis are read by Python's json and by the KPL's protobuf classes.
"""

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest

from consumer.replay.aggregated_record import AggregatedRecord
from ingest.aws.retry import Time
from ingest.contract.kpl import DIGEST_SIZE, MAGIC
from tests.unit.ingest.api.dialects.unaltered.case import FOLDER, Case, decoded, lines, read
from tests.unit.ingest.api.dialects.unaltered.corpus import cases
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import Clock, event

_FILES = sorted(FOLDER.glob("*.jsonl"))
_TAKEN = frozenset({200, 201, 202, 204, 207})  # 207: Firehose's for a partly refused request.


@pytest.mark.parametrize("path", _FILES, ids=[path.stem for path in _FILES])
def test_each_record_comes_back_or_is_refused_alone(path: Any) -> None:
    """Each record's text, time, severity and fields are on queue and stream as sent, or the record is refused alone."""
    assert [problem for case in read(path) for problem in _problems(case)] == []


def _problems(case: Case) -> list[str]:
    clock = Clock()  # It stands still, so that on a slow machine every log gets on the stream.
    ingest = Ingest(timing=Time(clock.monotonic, clock.sleep, lambda: 0.0))
    answer = ingest(event(case.body, case.content_type or None, path=case.path))
    if answer["statusCode"] not in _TAKEN:
        return [f"{case.name}: answered {answer['statusCode']} {answer['body']}"]
    stored = [decoded(body) for body in ingest.sqs.bodies]
    found = [] if _on_stream(ingest) == stored else [f"{case.name}: the stream has something else"]
    due = [log for log in case.due if "refused" not in log]
    if len(stored) != len(due):
        return [*found, f"{case.name}: {len(stored)} logs, not {len(due)}; refused were {_refused(ingest)}"]
    found += [
        f"{case.name}: {difference}" for pair in zip(due, stored, strict=True) for difference in _different(*pair)
    ]
    reasons = sorted(log["refused"] for log in case.due if "refused" in log)
    return found if _refused(ingest) == reasons else [*found, f"{case.name}: refused {_refused(ingest)}, not {reasons}"]


def _refused(ingest: Ingest) -> list[str]:
    said = [json.loads(line) for line in ingest.written]
    return sorted(reason for line in said if "rejected" in line for reason in [line["reason"]] * line["rejected"])


def _on_stream(ingest: Ingest) -> list[Any]:
    """Return the logs in the records that Kinesis took, decoded by the published format: magic, protobuf, MD5."""
    found: list[Any] = []
    for record in ingest.kinesis.records:
        data = record["Data"]
        aggregated = AggregatedRecord.FromString(data[len(MAGIC) : -DIGEST_SIZE])
        assert hashlib.md5(data[len(MAGIC) : -DIGEST_SIZE], usedforsecurity=False).digest() == data[-DIGEST_SIZE:]
        found += [decoded(user_record.data) for user_record in aggregated.records]
    return found


def _different(due: dict[str, Any], stored: dict[str, Any]) -> list[str]:
    found = []
    for name, wanted in due.items():
        given: Any = stored.get(name, {} if name == "fields" else None)
        if name == "text" and isinstance(wanted, dict):
            given = {"json": decoded(given)}
        if _typed(wanted) != _typed(given):
            found.append(f"{name} is {given!r}, not {wanted!r}")
    return found


def _typed(value: Any) -> Any:
    """Return a value in which true and 1 differ, and numbers compare by value: 1.50 is 1.5, and -0.0 is 0."""
    if isinstance(value, dict):
        return {name: _typed(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_typed(element) for element in value]
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return (
        ("number", Decimal(repr(value)) if isinstance(value, float) else Decimal(value))
        if is_number
        else (type(value), value)
    )


def test_the_corpus_is_fresh() -> None:
    """The files of the corpus equal the output of the command that writes them, and none is left over."""
    written = {name: lines(found) for name, found in cases().items()}
    assert {path.stem: path.read_text() for path in _FILES} == written, (
        "python -m tests.unit.ingest.api.dialects.unaltered"
    )


def test_a_difference_is_found() -> None:
    """A difference in text, time or a field is noticed, also if only its type differs."""
    assert (
        _different({"text": "a", "fields": {"v": Decimal("1.50")}}, {"text": "a", "fields": {"v": Decimal("1.5")}})
        == []
    )
    assert len(_different({"text": "a", "fields": {"v": 1}}, {"text": "b", "fields": {"v": True}})) == 2
    assert _different({"event_at": "x"}, {}) == ["event_at is None, not 'x'"]
    assert _different({"text": {"json": [1]}}, {"text": "[1]"}) == []
