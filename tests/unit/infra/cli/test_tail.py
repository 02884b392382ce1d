"""`rdp tail` over lines in memory."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from click.testing import CliRunner, Result

from infra import cli
from infra.options.locator import Locator
from infra.stack import Place, Stack

_OUTPUTS = {"IngestLogGroupName": "ingest", "ConsumerLogGroupName": "consumer", "ReaderLogGroupName": "reader"}
_LINE = {
    "logStreamName": "s",
    "timestamp": 1_795_833_985_000,
    "message": json.dumps({"level": "info", "event": "stored"}),
}


def _tail(folder: Path, *options: str) -> Result:
    def paginate(**request: Any) -> list[dict[str, Any]]:
        return [{"events": [_LINE] if request["logGroupName"] == "consumer" else []}]

    logs = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=paginate))
    stack = Stack(cast("Place", SimpleNamespace(logs=logs)), "http://127.0.0.1:1", _OUTPUTS)
    command = ["tail", "--no-follow", "--data-dir", str(folder), *options]
    return CliRunner().invoke(cli.main, command, obj=Locator(lambda _where: stack))


def test_that_there_are_no_lines_is_told(tmp_path: Path) -> None:
    """On standard error, so that a pipe gets nothing; also where all lines are of a lower level."""
    for options in (("--service", "ingest"), ("--level", "warning"), ("--level", "warning", "--json")):
        result = _tail(tmp_path, *options)
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No lines.\n")


def test_lines_are_told_alone(tmp_path: Path) -> None:
    """With them there is nothing to add."""
    result = _tail(tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "stored" in result.stdout
