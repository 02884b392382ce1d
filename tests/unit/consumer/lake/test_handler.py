"""The lake's function works until its time is over, goes on at the next run, and says when it is late."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from consumer.erasures import NONE
from consumer.lake import handler
from consumer.lake.catalog import in_folder
from consumer.replay.job import Outside
from tests.faults.lake_world import KEY, REDACTOR, STREAM, LakeWorld, rows
from tests.faults.model_kinesis import Kinesis
from tests.faults.stack import Readers
from tests.messages import message

_PLENTY_MS = 300_000


class _Kinesis(Kinesis):
    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        """Return when the stream was made."""
        return {"StreamDescriptionSummary": {"StreamCreationTimestamp": datetime(2025, 11, 24, tzinfo=UTC)}}


class _Context:
    """An invocation whose time is over after so many calls."""

    def __init__(self, looks: int | None = None) -> None:
        self._looks = looks

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left."""
        if self._looks is None:
            return _PLENTY_MS
        self._looks -= 1
        return _PLENTY_MS if self._looks > 0 else handler.RESERVED_S * 1000


@pytest.fixture
def world() -> LakeWorld:
    """Give a stream of nine logs in nine records."""
    world = LakeWorld()
    world.kinesis = _Kinesis(STREAM, world.clock, shards=1)
    for number in range(9):
        world.put([message(f"log-{number}", "call 555-0199")])
    return world


def _sync(
    world: LakeWorld, folder: Path, context: _Context, lines: list[str], *, late_s: float = handler.LATE_S
) -> None:
    outside = Outside(
        stream_name=STREAM,
        kinesis=world.kinesis,  # type: ignore[arg-type] # a model of it
        queue_url="",
        sqs=None,  # type: ignore[arg-type] # a sync sends nothing
        stdout=io.BytesIO(),
        clock=world.clock.programs(),
        erasures=lambda: NONE,
        readers=lambda open_pages: Readers(open_pages, world.clock.sleep),
    )
    handler.sync(outside, in_folder(folder), REDACTOR, KEY, context, write_line=lines.append, late_s=late_s)


def test_it_ends_before_its_time_does_and_goes_on(world: LakeWorld, tmp_path: Path) -> None:
    """At the end of its time it commits what it has read, and the next run reads the rest and nothing twice."""
    lines: list[str] = []
    _sync(world, tmp_path, _Context(looks=4), lines)
    some = len(rows(in_folder(tmp_path)))
    assert 0 < some < 9
    _sync(world, tmp_path, _Context(), lines)
    assert world.broken(rows(in_folder(tmp_path))) == []
    said = [json.loads(line) for line in lines]
    assert [line["rows"] for line in said] == [some, 9 - some]
    assert [line["repeated"] for line in said] == [0, 0]


def test_a_lake_that_is_late_fails_after_its_commit(world: LakeWorld, tmp_path: Path) -> None:
    """A late lake fails after its commit, so that the alarm goes off although the logs are in the table."""
    with pytest.raises(handler.LakeLateError, match="s behind the stream logs"):
        _sync(world, tmp_path, _Context(), [], late_s=-1)
    assert len(rows(in_folder(tmp_path))) == 9


class _Secrets:
    def __init__(self, secret: str) -> None:
        self._secret = secret

    def get_secret_value(self, **_: str) -> dict[str, str]:
        """Return the secret."""
        return {"SecretString": self._secret}


def test_a_secret_that_is_no_key_is_refused() -> None:
    """A secret is refused unless it has the key's length in ASCII, as the template makes it."""
    assert handler.key_of(_Secrets("k" * 32), "arn") == b"k" * 32
    with pytest.raises(ValueError, match="has 31 bytes, not 32"):
        handler.key_of(_Secrets("k" * 31), "arn")


class _Lambda:
    def __init__(self, variables: dict[str, str] | None) -> None:
        self._variables = variables

    def get_function_configuration(self, **_: str) -> dict[str, Any]:
        """Return the consumer's configuration."""
        return {} if self._variables is None else {"Environment": {"Variables": self._variables}}


def test_the_redaction_is_the_consumers() -> None:
    """The lake redacts with the consumer's present rules and patterns, and fails if it cannot read them."""
    variables = {"QUEUE_URL": "q", "DLQ_URL": "d", "TABLE_NAME": "logs", "STREAM_NAME": "s"}
    patterns = variables | {"REDACTION_PATTERNS": json.dumps(["secret"])}
    assert handler.redactor_of(_Lambda(patterns), "c").text("a secret") == "a [REDACTED]"
    with pytest.raises(ValueError, match="its redaction is unknown"):
        handler.redactor_of(_Lambda(None), "c")


def test_a_setting_that_is_missing_is_named() -> None:
    """The error names the missing setting and the file that sets it."""
    with pytest.raises(ValueError, match=r"STREAM_NAME.*lake.yaml sets it"):
        handler.from_environ({})
