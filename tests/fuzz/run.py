"""One run of a target, in its own process because libFuzzer exits it, and what libFuzzer printed."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

TARGETS: Final = ("fuzz_parse", "fuzz_kpl", "fuzz_message", "fuzz_dialects")

_ROOT: Final = Path(__file__).parents[2]
_COVERAGE: Final = re.compile(r"^#(\d+)\t(\w+) +cov: (\d+) ", re.MULTILINE)


class Run(NamedTuple):
    """What libFuzzer printed and counted: the coverage is branches and kinds of outcome (see `engine`).

    `exit_code` 0: nothing found. `findings` are the inputs that were found; `output` has the traceback.
    """

    exit_code: int
    executions: int
    seeds_coverage: int
    coverage: int
    findings: tuple[Path, ...]
    output: str


def run(target: str, corpus: Path, *flags: str, stop_after_s: float) -> Run:
    """Return the run of a target (see `engine`) with libFuzzer's flags, from and into the folder `corpus`.

    Raises:
        subprocess.TimeoutExpired: it did not end by itself within `stop_after_s`.
    """
    before = _findings(corpus)
    ran = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", f"tests.fuzz.{target}", "-rss_limit_mb=1024", "-timeout=10", *flags, str(corpus)],
        cwd=_ROOT,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=stop_after_s,
        check=False,
    )
    output = ran.stdout.decode(errors="replace")
    counted = [(int(number), int(coverage)) for number, _, coverage in _COVERAGE.findall(output)]
    of_seeds = [int(coverage) for _, event, coverage in _COVERAGE.findall(output) if event == "INITED"]
    return Run(
        exit_code=ran.returncode,
        executions=max((number for number, _ in counted), default=0),
        seeds_coverage=of_seeds[0] if of_seeds else 0,
        coverage=max((coverage for _, coverage in counted), default=0),
        findings=tuple(sorted(_findings(corpus) - before)),
        output=output,
    )


def _findings(corpus: Path) -> frozenset[Path]:
    folder = corpus.with_name(f"{corpus.name}.found")
    return frozenset(path for path in folder.glob("*") if not path.name.startswith("slow-unit-"))
