"""Results that were kept stay readable, whatever the names in the code become."""

import json
from pathlib import Path
from typing import Final

import msgspec
import pytest

from bench.compare import Comparison, as_markdown
from bench.judge.judgement import Judgement
from bench.result import ResultError, read

_KEPT: Final = Path(__file__).parents[3] / "bench" / "results" / "kept"
_RUNS: Final = sorted(path.parent for path in _KEPT.glob("*/result.json"))


@pytest.mark.parametrize("folder", _RUNS, ids=lambda folder: folder.name)
def test_a_kept_run_is_read(folder: Path) -> None:
    """Its plan, judgement and numbers are those of the file; verdict.json beside it says the same."""
    result = read(folder)
    raw = json.loads((folder / "result.json").read_text())
    plan = msgspec.to_builtins(result.plan, builtin_types=(tuple,))
    assert {name: plan[name] for name in raw["plan"]} == raw["plan"] | {"promises": result.plan.promises}
    assert result.judgement.counts == raw["verdict"]["counts"]
    assert result.judgement.checks
    assert len(result.numbers.timeline) == len(raw["numbers"]["timeline"]) > 0
    if (folder / "verdict.json").exists():
        alone = msgspec.json.decode((folder / "verdict.json").read_bytes(), type=Judgement)
        assert alone == result.judgement


def test_all_kept_runs_are_there() -> None:
    """README and the cost model name twelve and more: from a wrong folder the test above would read none."""
    assert len(_RUNS) >= 12


def test_the_kept_comparison_is_read() -> None:
    """Its tables are the ones beside it."""
    folder = _KEPT / "comparison"
    comparison = msgspec.json.decode((folder / "comparison.json").read_bytes(), type=Comparison)
    assert as_markdown(comparison) == (folder / "comparison.md").read_text()


def test_a_folder_without_a_result_is_named(tmp_path: Path) -> None:
    """So that a person knows which run is missing."""
    with pytest.raises(ResultError, match=r"result.json: No such file"):
        read(tmp_path)
