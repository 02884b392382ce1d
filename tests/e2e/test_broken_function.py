"""A function that does not start: deployed around every check, it is told by each verb that an operator looks with."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local import lifecycle

if TYPE_CHECKING:
    from tests.e2e.conftest import LocalStack, StartStack

_ROOT = Path(__file__).parents[2]
_PATTERN = "redaction pattern '(' is not a regular expression"
_MODULE = "No module named 'ingest.nothing'"


def _rdp(stack: "LocalStack", *arguments: str, expect: int = 0) -> str:
    finished = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", "from infra.cli import main; main()", *arguments, "--data-dir", str(stack.data_dir)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    shown = finished.stdout + finished.stderr
    assert finished.returncode == expect, shown
    assert "Traceback" not in shown
    return shown


def test_a_function_that_does_not_start_is_told(start_stack: "StartStack") -> None:
    """Broken settings and a missing module, which only Lambda's own API can deploy: status, tail and up say which."""
    own = start_stack()
    outputs, lambda_ = own.stack.outputs, own.place.lambda_
    assert "consumer_function starts" in _rdp(own, "status")
    consumer, ingest = outputs["ConsumerFunctionName"], outputs["IngestFunctionName"]
    good = lambda_.get_function_configuration(FunctionName=consumer)["Environment"]["Variables"]
    lambda_.update_function_configuration(
        FunctionName=consumer, Environment={"Variables": good | {"REDACTION_PATTERNS": '["("]'}}
    )
    assert own.post_text("broken", "waits", "w").status == 202  # Gives the consumer something to start for.

    status = _rdp(own, "status")
    assert f"consumer_function does not start: {_PATTERN}" in status
    assert "ingest_function   starts" in status
    assert "deploy again" in status
    assert _PATTERN in _rdp(own, "tail", "--no-follow", "--level", "error", "--service", "consumer")
    assert _PATTERN not in _rdp(own, "tail", "--no-follow", "--service", "ingest")
    assert f"consumer does not start: {_PATTERN}" in _rdp(own, "up", "--detach", expect=1)

    lambda_.update_function_configuration(FunctionName=consumer, Environment={"Variables": good})
    lambda_.update_function_configuration(FunctionName=ingest, Handler="ingest.nothing.handler")
    assert f"ingest does not start: {_MODULE}" in _rdp(own, "up", "--detach", expect=1)
    assert f"ingest_function   does not start: {_MODULE}" in _rdp(own, "status")
    assert _MODULE in _rdp(own, "tail", "--no-follow")

    # A start that ends so leaves no engine behind.
    lifecycle.down(own.data_dir)
    assert _MODULE in _rdp(own, "up", "--detach", expect=1)
    assert "No engine runs" in _rdp(own, "down")
