"""The operator's command as an operator types it: a process of its own, its output and its exit code."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_ROOT = Path(__file__).parents[2]
_RDP = (sys.executable, "-c", "from infra.cli import main; main()")


def _rdp(
    *arguments: str | Path, data_dir: Path, expect: int = 0, stdin: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    command = [*_RDP, *map(str, arguments), "--data-dir", str(data_dir)]
    finished = subprocess.run(  # noqa: S603 - our own command
        command, cwd=_ROOT, input=stdin, capture_output=True, check=False, timeout=600
    )
    assert finished.returncode == expect, finished.stdout.decode() + finished.stderr.decode()
    assert b"Traceback" not in finished.stderr
    return finished


def _status(data_dir: Path) -> dict[str, Any]:
    status: dict[str, Any] = json.loads(_rdp("status", "--json", data_dir=data_dir).stdout)
    return status


def test_send_stores_every_line_exactly_once(
    local_stack: "LocalStack", eventually: "Eventually", tmp_path: Path
) -> None:
    """Several thousand lines, equal ones among them, are as many rows; sending the file again adds none."""
    file = tmp_path / "app.log"
    file.write_text("".join(f"GET /{number % 900} from 555-0199\n" for number in range(2000)) + "\n")

    first = _rdp("send", file, "--tenant", "send", data_dir=local_stack.data_dir)
    assert b"accepted  2,000 " in first.stdout
    assert b"skipped   1 empty line" in first.stdout
    eventually(lambda: local_stack.is_drained)
    assert len(local_stack.rows("send")) == 2000
    dead = local_stack.counts.dlq

    _rdp("send", "-", "--tenant", "send", "--batch", "500", data_dir=local_stack.data_dir, stdin=file.read_bytes())
    eventually(lambda: local_stack.is_drained)
    rows = local_stack.rows("send")
    assert len(rows) == 2000
    assert {row["modified_data"]["S"] for row in rows} == {f"GET /{number} from [REDACTED]" for number in range(900)}
    assert local_stack.counts.dlq == dead


def test_send_one_line_a_request(local_stack: "LocalStack", eventually: "Eventually", tmp_path: Path) -> None:
    """With --batch 1 each line is a plain-text request and keeps every character of it."""
    file = tmp_path / "lines"
    file.write_bytes("  indented\r\nZoë\t\x1b[31m\n last".encode())

    _rdp("send", file, "--tenant", "single", "--batch", "1", data_dir=local_stack.data_dir)

    rows = eventually(lambda: len(found := local_stack.rows("single")) == 3 and found)
    assert {row["original_text"]["S"] for row in rows} == {"  indented", "Zoë\t\x1b[31m", " last"}
    assert {row["source"]["S"] for row in rows} == {"text_upload"}


def test_send_waits_until_all_is_stored(local_stack: "LocalStack", tmp_path: Path) -> None:
    """With --wait it ends when every log is a row; while the consumer is stopped it says so in time, with 3."""
    file = tmp_path / "lines"
    file.write_text("".join(f"line {number}\n" for number in range(300)))

    _rdp("consumer", "stop", data_dir=local_stack.data_dir)
    try:
        waited = ("send", file, "--tenant", "waits", "--wait", "--wait-timeout", "1")
        told = _rdp(*waited, data_dir=local_stack.data_dir, expect=3)
        assert b"stored    0 " in told.stdout
        assert b"not stored yet  300." in told.stdout
        assert local_stack.rows("waits") == []
    finally:
        _rdp("consumer", "start", data_dir=local_stack.data_dir)

    stored = _rdp("send", file, "--tenant", "waits", "--wait", data_dir=local_stack.data_dir).stdout
    assert b"stored    300 " in stored
    assert len(local_stack.rows("waits")) == 300  # Now, and not after a while.


def test_send_says_which_lines_were_not_accepted(local_stack: "LocalStack", tmp_path: Path) -> None:
    """A line that ingest refuses and one that is not text are named with their reason; the exit status is 4."""
    file = tmp_path / "lines"
    file.write_bytes(b"good\n" + b"x" * 170_001 + b"\n\xff\xfe\n")

    out = _rdp("send", file, "--tenant", "partly", data_dir=local_stack.data_dir, expect=4).stdout

    assert b"accepted  1 " in out
    assert b"line 2: text_too_large" in out
    assert b"line 3: invalid_encoding" in out


def test_logs_shows_a_tenants_rows_and_no_others(local_stack: "LocalStack", eventually: "Eventually") -> None:
    """`logs --json` is a log a line of that tenant; what would command a terminal is escaped."""
    assert local_stack.post_text("logs-a", "of a \x1b[31m", "a").status == 202
    assert local_stack.post_text("logs-b", "of b", "b").status == 202
    eventually(lambda: local_stack.row("logs-a", "a") and local_stack.row("logs-b", "b"))

    shown = _rdp("logs", "--tenant", "logs-a", "--json", data_dir=local_stack.data_dir).stdout
    table = _rdp("logs", "--tenant", "logs-a", data_dir=local_stack.data_dir).stdout

    assert [json.loads(line)["text"] for line in shown.splitlines()] == ["of a \x1b[31m"]
    assert b"\x1b" not in table
    assert b"of a" in table
    nobody = _rdp("logs", "--tenant", "nobody", data_dir=local_stack.data_dir)
    assert b"Tenant 'nobody' has no stored logs" in nobody.stderr


def test_logs_keeps_to_its_limit(local_stack: "LocalStack", eventually: "Eventually") -> None:
    """The newest so many are shown, and that there are more is said."""
    for number in range(3):
        assert local_stack.post_text("limit", "x", str(number)).status == 202
    eventually(lambda: len(local_stack.rows("limit")) == 3)

    finished = _rdp("logs", "--tenant", "limit", "--newest", "2", "--json", data_dir=local_stack.data_dir)
    assert [json.loads(line)["log_id"] for line in finished.stdout.splitlines()] == ["1", "2"]
    assert b"older logs" in finished.stderr


def test_status_says_where_everything_is(local_stack: "LocalStack") -> None:
    """`status --json` has the promised keys, and both forms name the parameters that are not the defaults."""
    status = _status(local_stack.data_dir)

    assert status.keys() == {
        "endpoint", "aws_endpoint_url", "region", "queue_url", "dlq_url", "stream", "table", "consumer",
        "queue_mapping_id", "changed_parameters", "functions", "stored_is_exact", "counts",
    }  # fmt: skip
    assert status["counts"].keys() == {"queued", "in_flight", "dlq", "stored"}
    assert status["endpoint"] == local_stack.stack.endpoint
    assert status["changed_parameters"]["SecondsPerChar"] == "0"
    assert "RequireTls" not in status["changed_parameters"]  # On this machine it is false by itself.
    assert "BatchSize" not in status["changed_parameters"]
    shown = _rdp("status", data_dir=local_stack.data_dir).stdout
    assert b"stored" in shown
    assert b"SecondsPerChar=0" in shown


def test_up_in_the_foreground_stops_on_ctrl_c(tmp_path: Path, eventually: "Eventually") -> None:
    """The foreground shows endpoint, curl line and counts; Ctrl-C stops the engine in order and keeps its state."""
    out = tmp_path / "out"
    command = [*_RDP, "up", "--port", "0", "--data-dir", str(tmp_path / "data"), "--param", "SecondsPerChar=0"]
    with (
        out.open("wb") as file,
        subprocess.Popen(command, cwd=_ROOT, stdout=file, stderr=file) as process,  # noqa: S603 - our own command
    ):
        eventually(lambda: b"queued=0" in out.read_bytes() or process.poll() is not None)
        assert b"curl -i http://127.0.0.1:" in out.read_bytes()
        pid = json.loads((tmp_path / "data" / "stack.json").read_bytes())["pid"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=360) == 0, out.read_text()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert json.loads((tmp_path / "data" / "stack.json").read_bytes())["pid"] is None
    assert (tmp_path / "data" / "engine" / "dynamodb.json").exists()


def test_up_in_the_background_answers_until_down(tmp_path: Path) -> None:
    """`up --detach` returns with the stack running, `down` ends it, and then every command says what to do."""
    data_dir = tmp_path / "data"
    assert b"endpoint  http://127.0.0.1:" in _rdp("up", "--detach", "--port", "0", data_dir=data_dir).stdout
    assert _status(data_dir)["counts"] == {"queued": 0, "in_flight": 0, "dlq": 0, "stored": 0}
    assert b"Stopped" in _rdp("down", data_dir=data_dir).stdout
    assert b"No engine runs" in _rdp("down", data_dir=data_dir).stdout
    assert b"rdp up" in _rdp("status", data_dir=data_dir, expect=1).stderr


def test_up_on_a_taken_port_says_so(tmp_path: Path) -> None:
    """A port that another program has is named, with what to do; nothing is left running."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        finished = _rdp("up", "--detach", "--port", port, data_dir=tmp_path / "data", expect=1)
    assert f"Port {port}".encode() in finished.stderr
    assert b"--port" in finished.stderr


@pytest.mark.parametrize(
    ("parameter", "says"),
    [("SecondsPerChar=7", b"SecondsPerChar"), ("Nope=1", b"no parameter Nope"), ("BatchSize", b"not Name=Value")],
)
def test_a_wrong_parameter_is_named(local_stack: "LocalStack", parameter: str, says: bytes) -> None:
    """A parameter that the template does not take is refused by name, and what runs goes on."""
    finished = _rdp("up", "--detach", "--param", parameter, data_dir=local_stack.data_dir, expect=2)
    assert says in finished.stderr
    assert local_stack.request("GET", "/health").status == 200


def test_terraform_takes_the_same_parameters_and_no_others(local_stack: "LocalStack") -> None:
    """It would only warn of a variable that it does not know."""
    for parameter, says in (("Nope=1", b"no parameter Nope"), ("RequireTls=true", b"the engine speaks plain HTTP")):
        finished = _rdp("terraform", "apply", "--param", parameter, data_dir=local_stack.data_dir, expect=2)
        assert says in finished.stderr


def test_what_deletes_logs_is_asked_for(local_stack: "LocalStack") -> None:
    """Without a yes nothing is changed."""
    finished = _rdp(
        *("up", "--detach", "--param", "StreamRetentionHours=24"), data_dir=local_stack.data_dir, expect=1, stdin=b"n\n"
    )
    assert b"StreamRetentionHours falls from 168 to 24" in finished.stderr
    assert b"Not deployed" in finished.stderr
    stack = local_stack.place.cloudformation.describe_stacks(StackName="rdp")["Stacks"][0]
    assert {"ParameterKey": "StreamRetentionHours", "ParameterValue": "168"} in stack["Parameters"]


def test_a_folder_keeps_its_port(local_stack: "LocalStack") -> None:
    """The queues are bound to the port of the first start: another one is refused, not half working."""
    finished = _rdp("up", "--detach", "--port", "1", data_dir=local_stack.data_dir, expect=1)
    assert b"Leave --port out" in finished.stderr
