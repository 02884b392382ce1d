"""What CPU is measured against: if the stub's answers were wrong, failing batches would be measured."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.micro import consumer, stub
from consumer import clock, handler, settings
from ingest.aws.clients import DynamoDb, Kinesis, Sqs

_ONE_PROCESS = Path(stub.__file__).with_name("one_process.py")


class Stubbed:
    """A connection that asks the stub's own function."""

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the stub's answer."""
        return stub.answer(f"Any.{operation}", dict(request))


@pytest.mark.parametrize("logs_per_message", [1, 5])
def test_a_batch_is_stored_whole(logs_per_message: int) -> None:
    """No log is retried, and the only line is that of the counts."""
    lines: list[str] = []
    clients = handler.Clients(Sqs(Stubbed()), DynamoDb(Stubbed()), Kinesis(Stubbed()))
    chosen = settings.from_environ(consumer.ENVIRON | {"SECONDS_PER_CHAR": "0"})
    outside = handler.outside(chosen, clients, clock.system(), write_line=lines.append)
    event = consumer.event(0, 5, consumer.LINE)
    batch = consumer.packed(event, logs_per_message) if logs_per_message > 1 else event
    assert handler.program(chosen, outside)(batch, consumer.Context()) == {"batchItemFailures": []}
    assert [json.loads(line)["stored"] for line in lines] == [5]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"batchItemFailures": []}, 0),
        ({"statusCode": 202}, 0),
        ({"batchItemFailures": [{"itemIdentifier": "m-1"}]}, 1),
        ({"statusCode": 500}, 1),
    ],
)
def test_a_handler_that_fails_is_not_measured(tmp_path: Path, answer: dict[str, Any], status: int) -> None:
    """One line says what it answered; a number would look like a fast handler's."""
    (tmp_path / "entry.py").write_text(f"def handler(event, context):\n    return {answer}\n")
    asked = {"module": "entry", "before": [{}], "cold": False, "events": [{}]}
    ran = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-P", str(_ONE_PROCESS)],
        input=json.dumps(asked),
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == status
    assert ("is no measurement" in ran.stderr) == bool(status)
