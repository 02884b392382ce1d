"""The command `rdp replay`: its targets, its errors and its output."""

import gzip
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner, Result
from moto import mock_aws

from consumer.replay.job import Options
from infra.cli import main
from infra.options.locator import Locator
from infra.stack import Stack, StackError
from ingest.contract.message import decode
from tests.integration.replay.corpus import STREAM, log, put, replayed, stack_of, table_made

LOGS = 60


@pytest.fixture
def stack() -> Iterator[Stack]:
    """A stream of sixty logs and an empty queue, which the command takes for the local stack."""
    with mock_aws():
        place = stack_of().place
        queue_url = place.sqs.create_queue(QueueName="queue")["QueueUrl"]
        stack = stack_of(QueueUrl=queue_url, TableName=table_made(place.dynamodb))
        stack.place.kinesis.create_stream(StreamName=STREAM, ShardCount=2)
        put(stack.place.kinesis, [log(number) for number in range(LOGS)])
        yield stack


class Rdp(Protocol):
    """How the tests call `rdp replay`."""

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
        """Run it."""


@pytest.fixture
def rdp(stack: Stack) -> Rdp:
    """Return `rdp(*arguments)`: `rdp replay` on the stack, which it takes for the local one."""

    def run_replay(*arguments: str, env: Mapping[str, str] | None = None) -> Result:
        return CliRunner(env=env).invoke(main, ["replay", *arguments], obj=Locator(lambda _where: stack))

    return run_replay


def test_standard_output_holds_nothing_but_the_logs(rdp: Rdp) -> None:
    """Standard output has only the logs as NDJSON, and the summary is on standard error."""
    result = rdp("--raw", "--tenant", "tenant-03")
    assert result.exit_code == 0
    assert [decode(line) for line in result.stdout_bytes.splitlines()] == [log(n) for n in (3, 23, 43)]
    assert "60 logs read in 20 records of 2 shards: 3 written, 0 broken, " in result.stderr
    assert "57 of other tenants or times\n" in result.stderr


def test_files_are_named_by_their_suffix(rdp: Rdp, tmp_path: Path) -> None:
    """The target's kind follows from .ndjson, .ndjson.gz, or the slash at the end of a folder."""
    for name in ("out.ndjson", "out.ndjson.gz", "lake/"):
        assert rdp("--to", f"{tmp_path}/{name}").exit_code == 0
    plain = (tmp_path / "out.ndjson").read_bytes()
    assert gzip.decompress((tmp_path / "out.ndjson.gz").read_bytes()) == plain
    assert plain.count(b"\n") == LOGS
    assert len(list((tmp_path / "lake").rglob("*.parquet"))) == 20


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--to", "out.csv"), "name a file .ndjson or .ndjson.gz"),
        (("--to", "table"), "a slash at its end (table/)"),
        (("--to", "table"), "rdp rebuild"),
        (("--to", "Queue"), "or queue"),
        (("--since", "tomorrow"), "neither a time such as"),
        (("--to", "missing-folder/out.ndjson"), "missing-folder"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(rdp: Rdp, arguments: tuple[str, ...], says: str) -> None:
    """A wrong command line gives one message and no traceback."""
    result = rdp(*arguments)
    assert result.exit_code in {1, 2}
    assert says in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_checkpoint_of_another_replay_is_refused(rdp: Rdp, tmp_path: Path) -> None:
    """A checkpoint with other options is refused with their names, and nothing is changed."""
    target, at = str(tmp_path / "out.ndjson"), str(tmp_path / "at.json")
    assert rdp("--to", target, "--checkpoint", at).exit_code == 0
    before = (tmp_path / "out.ndjson").read_bytes()
    result = rdp("--to", target, "--checkpoint", at, "--raw")
    assert result.exit_code == 1
    assert "other options: redaction" in result.stderr
    assert (tmp_path / "out.ndjson").read_bytes() == before


def test_a_stream_that_is_not_there_is_told(rdp: Rdp, stack: Stack, tmp_path: Path) -> None:
    """A missing stream gives no traceback and no empty output, and an older output is not changed."""
    stack.place.kinesis.delete_stream(StreamName=STREAM)
    (tmp_path / "out.ndjson").write_text("precious")
    result = rdp("--to", str(tmp_path / "out.ndjson"))
    assert (result.exit_code, (tmp_path / "out.ndjson").read_text()) == (1, "precious")
    assert "ResourceNotFoundException" in result.stderr


def test_the_queue_gets_originals_once_each(rdp: Rdp, stack: Stack, tmp_path: Path) -> None:
    """The queue gets each distinct log once, unredacted and without the pending mark."""
    put(stack.place.kinesis, [log(3), log(3, stream_pending=True), log(60, stream_pending=True)])
    result = rdp(
        "--to", "queue", "--checkpoint", str(tmp_path / "at.json"), "--tenant", "tenant-03", "--tenant", "tenant-00"
    )
    assert result.exit_code == 0, result.output
    bodies = []
    while messages := stack.place.sqs.receive_message(QueueUrl=stack.queue_url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in messages]
    expected = [log(n) for n in range(61) if n % 20 in {0, 3}]
    assert sorted((decode(body) for body in bodies), key=lambda m: m.log_id) == expected
    assert "7 written, 0 broken, 2 repeated" in result.stderr
    assert not any("stream_pending" in body for body in bodies)


def test_progress_is_shown_on_a_terminal(rdp: Rdp, tmp_path: Path) -> None:
    """Progress is shown on standard error if it is a terminal, and not in a pipe."""
    assert "0 ended" not in rdp("--to", str(tmp_path / "out.ndjson")).stderr
    shown = rdp("--to", str(tmp_path / "out.ndjson"), env={"FORCE_COLOR": "1", "COLUMNS": "120"})
    assert shown.exit_code == 0
    assert re.search(r"2 shards \(0 ended\)  20 records  60 logs  [\d,]+ logs/s  0\.0 s behind", shown.stderr)


def test_a_shard_that_expired_since_the_checkpoint_is_told(rdp: Rdp, stack: Stack, tmp_path: Path) -> None:
    """If a shard expired after the checkpoint, the lost logs are reported."""
    target, at = str(tmp_path / "out.ndjson"), str(tmp_path / "at.json")
    assert rdp("--to", target, "--checkpoint", at).exit_code == 0
    stack.place.kinesis.delete_stream(StreamName=STREAM)
    stack.place.kinesis.create_stream(StreamName=STREAM, ShardCount=1)
    result = rdp("--to", target, "--checkpoint", at)
    assert "shardId-000000000001 is gone: its logs after the checkpoint" in result.stderr


class Functions:
    """Lambda's API, which returns the consumer's environment."""

    def __init__(self, environment: dict[str, object]) -> None:
        self.environment = environment

    def get_function_configuration(self, **request: str) -> dict[str, object]:
        """Return the configuration."""
        assert request == {"FunctionName": "consumer"}
        return {"Environment": self.environment}


def test_a_replay_redacts_as_the_stacks_consumer_does(stack: Stack, tmp_path: Path) -> None:
    """A replay redacts by the patterns of the consumer's function; if it cannot read them, it writes nothing."""
    variables = {"QUEUE_URL": "q", "DLQ_URL": "d", "TABLE_NAME": "logs", "STREAM_NAME": STREAM}
    variables["REDACTION_PATTERNS"] = '["request [0-9]+"]'
    configured = stack_of(ConsumerFunctionName="consumer")
    configured.place.__dict__["lambda_"] = Functions({"Variables": variables})
    target = tmp_path / "out.ndjson"
    assert replayed(configured, Options(to=str(target), tenants=("tenant-00",))).written == 3
    first = decode(target.read_bytes().splitlines()[0])
    assert first.text == "[REDACTED] took 0 ms call [REDACTED] é\n"
    configured.place.__dict__["lambda_"] = Functions({"Error": {"ErrorCode": "AccessDenied"}})
    with pytest.raises(StackError, match="its redaction rules are unknown"):
        replayed(configured, Options(to=str(tmp_path / "other.ndjson")))
    assert not (tmp_path / "other.ndjson").exists()
    assert stack.stream_name == STREAM


FOLLOW = """
import sys
from pathlib import Path
from moto import mock_aws
from infra.cli import main
from infra.options.locator import Locator
from tests.integration.replay.corpus import STREAM, log, put, replayed, stack_of, table_made
with mock_aws():
    stack = stack_of(TableName=table_made(stack_of().place.dynamodb))
    stack.place.kinesis.create_stream(StreamName=STREAM, ShardCount=2)
    put(stack.place.kinesis, [log(n) for n in range(60)])
    main(["replay", *sys.argv[1:]], obj=Locator(lambda _where: stack))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_following_ends_in_order_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    """At Ctrl-C or a termination signal, a followed replay commits, prints the summary and exits with 0."""
    target = tmp_path / "out.ndjson"
    command = [sys.executable, "-c", FOLLOW, "--follow", "--to", str(target), "--checkpoint", str(tmp_path / "at.json")]
    root = Path(__file__).parents[3]
    with subprocess.Popen(  # noqa: S603 - ours
        command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline_s = time.monotonic() + 300
        while not (tmp_path / "at.json").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        process.send_signal(number)
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "60 written" in errors
    assert target.read_bytes().count(b"\n") == LOGS


def test_a_reader_that_has_enough_ends_it_quietly(tmp_path: Path) -> None:
    """If the reader of the pipe ends, as in `rdp replay | head -1`, there is no traceback."""
    root = Path(__file__).parents[3]
    with (
        (tmp_path / "errors").open("wb") as errors,
        subprocess.Popen(  # noqa: S603 - ours
            [sys.executable, "-c", FOLLOW.replace("range(60)", "range(3000)"), "--raw"],
            cwd=root,
            env=os.environ | {"PYTHONPATH": str(root)},
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        assert process.stdout is not None
        assert decode(process.stdout.readline()).schema_version == 1
        process.stdout.close()
        assert process.wait(timeout=300) == 0
    assert (tmp_path / "errors").read_text() == ""


def test_two_files_that_are_one_are_refused_before_anything_is_opened(
    rdp: Rdp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two outputs that are the same file, also through a link or second name, are refused before one is opened."""
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "out.ndjson"
    target.write_bytes(b"precious\n")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "second").hardlink_to(target)
    for option in ("--checkpoint", "--quarantine"):
        for name in ("out.ndjson", "./out.ndjson", "link", "second", str(target)):
            result = rdp("--to", str(target), option, name)
            assert result.exit_code == 2, (option, name)
            assert "are the same file" in result.output
            assert target.read_bytes() == b"precious\n"


def test_what_a_replay_writes_is_for_its_owner_alone(rdp: Rdp, tmp_path: Path) -> None:
    """Output, checkpoint and the set of logs seen are private, even if the files had another mode."""
    target, kept = tmp_path / "out.ndjson", tmp_path / "kept.json"
    target.touch(mode=0o644)
    assert rdp("--to", str(target), "--raw", "--distinct", "--checkpoint", str(kept)).exit_code == 0
    assert rdp("--to", f"{tmp_path}/lake/", "--raw").exit_code == 0
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 4
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    assert (tmp_path / "lake").stat().st_mode & 0o777 == 0o700


def test_a_link_in_the_place_of_an_output_is_not_written_through(rdp: Rdp, tmp_path: Path) -> None:
    """An output that is a link is refused by one line, and the link's target is unchanged."""
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious\n")
    for name in ("out.ndjson", "out.ndjson.broken.ndjson"):
        (tmp_path / name).symlink_to(precious)
        result = rdp("--to", str(tmp_path / "out.ndjson"))
        assert result.exit_code == 1
        assert "symbolic link" in result.output
        assert precious.read_bytes() == b"precious\n"
        (tmp_path / name).unlink()


def test_times_in_the_wrong_order_are_refused(rdp: Rdp) -> None:
    """A `--since` after `--until` is refused."""
    result = rdp("--since", "1h", "--until", "2h")
    assert result.exit_code == 2
    assert "--since 1h is not before --until 2h" in result.output
