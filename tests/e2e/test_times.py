"""A sender's own time in every form: to the nanosecond the same in the table, on the stream and in Parquet."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow.parquet
from click.testing import CliRunner

from infra.cli import main

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_TIMES: Final = 1_000
_A_REQUEST: Final = 50
_TENANT: Final = "times"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Number(str):
    """A JSON number as it is written."""

    __slots__ = ()


def _iso(between: str, zone: str, digits: int, point: str = ".") -> Callable[[int, str], tuple[str, str]]:
    offset = {"Z": 0, "z": 0, "+00:00": 0, "+05:30": 330, "-0800": -480, "+14:00": 840}[zone]

    def form(seconds: int, nanos: str) -> tuple[str, str]:
        local = _EPOCH + timedelta(seconds=seconds, minutes=offset)
        return f"{local:%Y-%m-%d}{between}{local:%H:%M:%S}{point + nanos[:digits] if digits else ''}{zone}", nanos[
            :digits
        ]

    return form


def _epoch(digits: int, *, text: bool) -> Callable[[int, str], tuple[str, str]]:
    def form(seconds: int, nanos: str) -> tuple[str, str]:
        said = f"{seconds}{nanos[:digits]}"
        return (said if text else _Number(said)), nanos[:digits]

    return form


def _with_fraction(digits: int, *, text: bool) -> Callable[[int, str], tuple[str, str]]:
    def form(seconds: int, nanos: str) -> tuple[str, str]:
        fraction = nanos[:digits]
        if not text and fraction[-1] == "0":  # 1.50 and 1.5 are one JSON number: a zero at its end is no digit of it.
            fraction = f"{fraction[:-1]}7"
        said = f"{seconds}.{fraction}"
        return (said if text else _Number(said)), fraction

    return form


def _printed(pattern: str, digits: int) -> Callable[[int, str], tuple[str, str]]:
    """Return the form of a program: strftime's, with `{f}` for the fraction."""

    def form(seconds: int, nanos: str) -> tuple[str, str]:
        at = (_EPOCH + timedelta(seconds=seconds)).strftime(pattern)
        return at.replace("{f}", f".{nanos[:digits]}" if digits else ""), nanos[:digits]

    return form


def _instant(seconds: int, nanos: str) -> tuple[str, str]:
    """Return log4j2's instant."""
    return _Number(f'{{"epochSecond":{seconds},"nanoOfSecond":{int(nanos)}}}'), nanos


_FORMS: Final = [
    _printed("%Y-%m-%d %H:%M:%S{f} +0000 UTC m=+0.000000001", 9),
    _printed("%Y-%m-%dT%H:%M:%S{f}+00:00[Europe/London]", 9),
    _printed("[%d/%b/%Y:%H:%M:%S{f} +0000]", 6),
    _printed("%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)", 0),
    _printed("%a, %d %b %Y %H:%M:%S GMT", 0),
    _printed("%Y/%m/%d %H:%M:%S{f} +0000", 3),
    _printed("%Y%m%d%H%M%S{f}Z", 3),
    _instant,
    *(_iso("T", "Z", digits) for digits in range(10)),
    *(_iso("T", zone, 9) for zone in ("z", "+00:00", "+05:30", "-0800", "+14:00")),
    *(_iso(between, "+05:30", 6, point) for between in ("t", " ") for point in (".", ",")),
    *(_epoch(digits, text=text) for digits in (0, 3, 6, 9) for text in (True, False)),
    *(_with_fraction(digits, text=text) for digits in (1, 3, 6, 9) for text in (True, False)),
]
_NAMES: Final = ("timestamp", "time", "@timestamp", "ts")


def _records() -> tuple[list[str], dict[str, str]]:
    """Return so many records as JSON text, and by log id the time that each says."""
    draw = random.Random(15)
    lines, said = [], {}
    for number in range(_TIMES):
        seconds, nanos = draw.randrange(1_000_000_000, 4_000_000_000), f"{draw.randrange(10**9):09}"
        value, digits = _FORMS[number % len(_FORMS)](seconds, nanos)
        written = value if isinstance(value, _Number) else json.dumps(value)
        name = _NAMES[number % len(_NAMES)]
        lines.append(f'{{"tenant_id":"{_TENANT}","log_id":"{number}","text":"x","{name}":{written}}}')
        at = f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"
        said[str(number)] = f"{at}.{digits}Z" if digits else f"{at}Z"
    return lines, said


def test_a_thousand_times_are_the_same_everywhere(
    local_stack: "LocalStack", eventually: "Eventually", tmp_path: Path
) -> None:
    """RFC 3339 of any zone and precision, epochs of any unit, as numbers and as text: to the digit that was sent."""
    lines, said = _records()
    for start in range(0, _TIMES, _A_REQUEST):
        body = "\n".join(lines[start : start + _A_REQUEST]).encode()
        # A 500 (a busy machine) is sent again: the ids make it harmless.
        eventually(lambda body=body: _send(local_stack, body) == 202)
    eventually(lambda: len(local_stack.rows(_TENANT)) == _TIMES)

    table = {row["log_id"]["S"]: row["event_at"]["S"] for row in local_stack.rows(_TENANT)}
    assert table == said
    for target, read in (("times.ndjson", _of_ndjson), ("times/", _of_parquet)):
        options = ["--to", f"{tmp_path}/{target}", "--tenant", _TENANT, "--data-dir", str(local_stack.data_dir)]
        replayed = CliRunner().invoke(main, ["replay", *options])
        assert replayed.exit_code == 0, replayed.output
        assert {log["log_id"]: log["event_at"] for log in read(tmp_path / target)} == said, target


def _send(local_stack: "LocalStack", body: bytes) -> int:
    answer = local_stack.request("POST", "/ingest", body, {"content-type": "application/x-ndjson"})
    assert answer.body.get("rejected") == []
    return answer.status


def _of_ndjson(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def _of_parquet(path: Path) -> list[dict[str, Any]]:
    return [row for file in sorted(path.glob("**/*.parquet")) for row in pyarrow.parquet.read_table(file).to_pylist()]
