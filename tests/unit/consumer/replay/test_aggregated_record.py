"""The import of `aws_kinesis_agg`."""

import subprocess
import sys
from pathlib import Path


def test_importing_it_leaves_the_search_path_alone() -> None:
    """The import leaves sys.path unchanged, although the library puts its own folder first."""
    check = (
        "import sys; before = list(sys.path); import consumer.replay.aggregated_record; sys.exit(before != sys.path)"
    )
    done = subprocess.run([sys.executable, "-c", check], cwd=Path(__file__).parents[4], check=False)  # noqa: S603 - ours
    assert done.returncode == 0
