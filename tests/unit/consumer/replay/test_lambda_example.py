"""The example of a Lambda on the stream, run on an event as Lambda delivers it."""

import json
from pathlib import Path
from typing import Any

import pytest

from consumer.replay import lambda_example
from consumer.replay.lambda_example import Event, handler
from consumer.replay.select import read_log

EVENT = Path(__file__).parents[3] / "events" / "kinesis_aggregated_and_plain.json"


@pytest.fixture
def event() -> Event:
    """Three logs of acme aggregated, a damaged record, two logs of globex aggregated, one plain record."""
    loaded: Event = json.loads(EVENT.read_text())
    return loaded


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the structured log lines."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_log_is_counted_for_its_tenant(event: Event, capsys: pytest.CaptureFixture[str]) -> None:
    """Logs of aggregated and plain records are counted, and a damaged record is reported without an endless retry."""
    assert handler(event, None) == {"batchItemFailures": []}
    broken, read = printed(capsys)
    assert (broken["event"], broken["reason"], broken["partition_key"]) == ("broken_record", "wrong_digest", "globex")
    assert (read["event"], read["acme"], read["globex"]) == ("logs_read", 4, 2)


def test_a_failure_names_the_record_to_begin_again_with(
    event: Event, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure names the first failed sequence number, from which Lambda repeats."""

    def failing(piece: Any) -> Any:
        if piece.partition_key == "globex":
            raise ConnectionError("down")
        return read_log(piece)

    monkeypatch.setattr(lambda_example, "read_log", failing)
    third = event["Records"][2]["kinesis"]["sequenceNumber"]
    assert handler(event, None) == {"batchItemFailures": [{"itemIdentifier": third}]}
    assert [line["event"] for line in printed(capsys)] == ["broken_record", "record_failed"]
