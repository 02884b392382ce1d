"""A run's files: what is written is read back, and the page is whole and harmless."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from bench.judge.history import History, RequestRow, SentLog, digest
from bench.judge.judge import Counts, judge
from bench.load.plan import Plan
from bench.report import files
from bench.report.analysis import Analysis
from bench.result import FunctionUsage, Result, Step, read

_ASSETS = Path(__file__).parents[4] / "infra" / "console" / "assets"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def result() -> Result:
    """Return the result of a small failed run with hostile ids."""
    analysis = Analysis(start_ms=0, duration_s=10, seconds_per_char=0)
    with History() as history:
        request = RequestRow("json", 0, 1, 9, 202, 1, 1, 30, HOSTILE)
        history.add_request(request, [SentLog(HOSTILE, HOSTILE, digest("x"), 202)])
        analysis.add_request(request)
        judgement = judge(history, counts=Counts(0, 0), on_stored=analysis.add_stored)
    return Result(
        plan=Plan(name="t"),
        started_at="2026-11-24T05:00:00+00:00",
        parameters={"batch size": "5"},
        machine={"commit": "abc"},
        load_average=("0.1", "0.2"),
        judgement=judgement,
        numbers=analysis.numbers(),
        usage={"ingest": FunctionUsage(1, 8.0, 0.004)},
        drain_s=2.0,
        request_bytes=30,
        accepted_requests=1,
    )


def test_a_result_comes_back_as_it_was_written(result: Result, tmp_path: Path) -> None:
    """result.json is the whole result."""
    files.write(result, tmp_path)
    assert read(tmp_path) == result
    assert "I1" in (tmp_path / "verdict.txt").read_text()
    assert (tmp_path / "latency.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_needs_nothing_else_and_runs_nothing(result: Result, tmp_path: Path) -> None:
    """No script, no request to anywhere, ids escaped, three pictures inside, the judgement in words."""
    files.write(result, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<svg") == 3
    assert not re.search(r"""<link|@import|url\(["']?(?!#)|(src|href)="(?!#)""", page)
    assert (_ASSETS / "console.css").read_text() in page
    assert "failed" in page


def test_the_summary_names_the_rate_only_when_one_was_asked(result: Result) -> None:
    """Without a least rate there is none to have kept."""
    assert "a minute" not in files.summary(result)


def test_a_functions_time_is_divided_by_the_logs_of_the_same_stretch(result: Result, tmp_path: Path) -> None:
    """The warm-up's time is not measured, so its logs, which the judge counts as stored, do not share it."""
    judgement = replace(result.judgement, counts=result.judgement.counts | {"stored": 20})
    numbers = replace(result.numbers, lag_ms=replace(result.numbers.lag_ms, count=16))
    files.write(replace(result, judgement=judgement, numbers=numbers), tmp_path)
    assert '<td class="n">250</td>' in (tmp_path / "report.html").read_text()  # 0.004 GB-s of 16 logs.


def test_a_ramps_page_and_summary_name_its_knee(result: Result, tmp_path: Path) -> None:
    """The last rate that held, the picture by rate, and each step in a table."""
    steps = (Step(600, 10, 20, 30, 9.5), Step(1_200, 900, 4_000, 30, 11))
    ramp = replace(result, plan=replace(result.plan, shape="ramp"), numbers=replace(result.numbers, steps=steps))
    assert "600 requests a minute hold" in files.summary(ramp)
    files.write(ramp, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 4
    assert '<td class="n">4,000</td>' in page
    assert (tmp_path / "knee.png").exists()
    assert read(tmp_path) == ramp
