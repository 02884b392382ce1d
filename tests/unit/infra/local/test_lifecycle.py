"""What `rdp up` says about parameters before it deploys."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
from botocore.exceptions import ClientError

from infra.local import lifecycle, state
from infra.local.state import State
from infra.stack import Place, StackError, WrongParameterError

_PRACTICE: Final = {"MaxReceiveCount": "2", "ConsumerTimeoutSeconds": "2", "VisibilityTimeoutSeconds": "12"}


def _no_stack(**_: Any) -> None:
    raise ClientError({"Error": {"Code": "ValidationError", "Message": "Stack rdp does not exist"}}, "DescribeStacks")


_EMPTY: Final = cast("Place", SimpleNamespace(cloudformation=SimpleNamespace(describe_stacks=_no_stack)))


def test_a_new_stack_takes_what_the_engine_needs() -> None:
    """Beside what was given; values that fit together need no word."""
    told: list[str] = []
    aim, given = lifecycle.goal(_EMPTY, _PRACTICE, reset=False, tell=told.append)
    assert given == {**lifecycle.PARAMETERS, **_PRACTICE}
    assert aim.values["RequireTls"] == "false"
    assert told == []


def test_what_a_deployment_to_aws_would_refuse_is_told() -> None:
    """Here it runs all the same."""
    told: list[str] = []
    lifecycle.goal(_EMPTY, {"VisibilityTimeoutSeconds": "10"}, reset=False, tell=told.append)
    (said,) = told
    assert said.startswith("VisibilityTimeoutSeconds is 10; with ConsumerTimeoutSeconds 50 it must be 300 or more.")
    assert said.endswith("`rdp deploy` refuses this.")


def test_a_wrong_value_is_refused() -> None:
    """With the sentence that nothing was deployed."""
    with pytest.raises(WrongParameterError, match=r"SecondsPerChar is '-1'(.|\n)*Nothing was deployed\."):
        lifecycle.goal(_EMPTY, {"SecondsPerChar": "-1"}, reset=False, tell=lambda _: None)


class _Healthy(BaseHTTPRequestHandler):
    """Answers as an engine does that runs."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


def test_of_two_at_once_the_later_leaves_the_earlier_ones_engine_alone(tmp_path: Path) -> None:
    """It finds the port taken while the earlier one notes its engine, and only ends what it started itself."""
    with (
        HTTPServer(("127.0.0.1", 0), _Healthy) as server,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as engine,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        earlier = State(
            port=server.server_port, pid=engine.pid, region="us-east-1", access_key_id="k", secret_access_key="s"
        )

        def note(_told: str) -> None:
            state.write(tmp_path, earlier)

        with pytest.raises(StackError, match=r"in use by another program"):
            lifecycle.up(tmp_path, port=server.server_port, tell=note, build=lambda _: b"")
        assert engine.poll() is None
        server.shutdown()
        engine.communicate(b"\n")
