"""Nothing in a body is dropped silently (I13): an unknown member is stored in the log, or the client is told."""

from typing import Any

import pytest

from tests.unit.ingest.api.dialects.planted import NAME, SAMPLES, TABLE, WORD, Sample, fate, fates, table

_LOGS = {NAME: [{"message": WORD}]}


def test_what_nobody_knows_is_kept_or_refused() -> None:
    """An unknown member, a word or a list, is kept or refused at every level of every dialect's bodies."""
    assert [(name, found.place) for name, found in fates() if found.kept is None and found.refused is None] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_a_body_of_its_dialect(name: str) -> None:
    """Each sample without a planted member is accepted whole, so that a refusal is due to the planted member."""
    sample = SAMPLES[name]
    found = fate("", sample._replace(tree=sample.tree))
    assert (found.kept, found.refused) == (None, None)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/logs/ingest", {"lines": [], **_LOGS}),
        ("/logs", {"batch": [], **_LOGS}),
        ("/api/v1/logs", {"logEntries": [], **_LOGS}),
        ("/api/v1/ingest/humio-unstructured", [{"messages": [], **_LOGS}]),
        ("/log/v1", [{"common": {}, "logs": [], **_LOGS}]),
        ("/api/events/raw", {"Events": [], **_LOGS}),
        ("/firehose", {"requestId": "r", "records": [], **_LOGS}),
        ("/firehose", {"requestId": "r", "records": [{"data": "", **_LOGS}]}),
        ("/loki/api/v1/push", {"streams": [], **_LOGS}),
        ("/loki/api/v1/push", {"streams": [{"stream": {"a": "b"}, "values": [], **_LOGS}]}),
        ("/v1/logs", {"resourceLogs": [], **_LOGS}),
        ("/v1/logs", {"resourceLogs": [_LOGS]}),
        ("/v1/logs", {"resourceLogs": [{"scopeLogs": [_LOGS]}]}),
        ("/v1/logs", {"resourceLogs": [{"scopeLogs": [], **_LOGS}]}),
        ("/v1/logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": [], **_LOGS}]}]}),
    ],
)
def test_an_envelope_without_logs_that_may_hold_some_is_refused(path: str, body: Any) -> None:
    """An envelope without logs but with unknown members is refused, because no log could keep them."""
    assert fate("", Sample(path, body)).refused == "400"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/logs/ingest", {"e": "ls", "ls": [], "app": "a"}),
        ("/api/v1/logs", {"applicationName": "a", "logEntries": []}),
        ("/log/v1", [{"common": {"attributes": {"a": 1}}, "logs": []}]),
        ("/api/v1/ingest/humio-structured", [{"tags": {"host": "h"}, "events": []}]),
        ("/v1/logs", {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"scope": {"name": "s"}}]}]}),
        ("/loki/api/v1/push", {"streams": [{"stream": {"a": "b"}, "values": []}]}),
    ],
)
def test_an_envelope_without_logs_is_a_success(path: str, body: Any) -> None:
    """An envelope without logs and without unknown members is a success, as clients send such when idle."""
    assert fate("", Sample(path, body)).refused is None


def test_the_table_is_fresh() -> None:
    """The table in the repository equals the output of the command that writes it."""
    assert TABLE.read_text() == table(), "Run: python -m tests.unit.ingest.api.dialects.planted"


def test_what_is_dropped_would_be_seen() -> None:
    """The search notices a dropped word: a bulk action's known member, which no log keeps, is not found."""
    found = fate("", SAMPLES["Elasticsearch, _bulk"]._replace(tree=[{"create": {"routing": WORD}}, {"message": "m"}]))
    assert (found.kept, found.refused) == (None, None)
