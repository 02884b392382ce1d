"""Every target for minutes, from a random seed: `python -m tests.fuzz.long --minutes 5 --corpus FOLDER`.

The folder keeps inputs that reached new code, so that the next run goes on from there. Prints a line for each target,
and exits with 1 if one found something: the input is then in `FOLDER/<target>.found`.
"""

import argparse
import random
import sys
from pathlib import Path
from typing import Final

from tests.fuzz.run import TARGETS, Run, run

_DEFAULT_CORPUS: Final = Path(__file__).parents[2] / ".rdp" / "fuzz"
_SLACK_S: Final = 120  # For the start and a last input that takes its whole timeout.


def line(target: str, seed: int, ran: Run) -> str:
    """Return the line of one run."""
    if not ran.exit_code:
        found = "nothing found"
    elif ran.findings:
        found = f"FOUND {', '.join(map(str, ran.findings))}"
    else:
        found = f"FAILED with exit code {ran.exit_code}"
    coverage = f"coverage {ran.seeds_coverage} -> {ran.coverage}"
    return f"{target}: {ran.executions:,} executions, {coverage}, {found} (seed {seed})"


def main() -> int:
    """Run all targets in turn; return 1 if one of them found something or did not run, else 0."""
    parser = argparse.ArgumentParser(description="Fuzz every target for so long.")
    parser.add_argument("--minutes", type=float, default=5, help="minutes a target")
    parser.add_argument("--corpus", type=Path, default=_DEFAULT_CORPUS, help="the folder to go on from")
    options = parser.parse_args()
    failed = False
    for target in TARGETS:
        seed = random.randrange(1, 2**31)
        seconds = max(1, round(options.minutes * 60))
        ran = run(
            target,
            options.corpus / target,
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            stop_after_s=seconds + _SLACK_S,
        )
        print(line(target, seed, ran), flush=True)  # noqa: T201 - a command's output
        if ran.exit_code or not ran.executions:
            failed = True
            print(ran.output[-3000:], flush=True)  # noqa: T201 - a command's output
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
