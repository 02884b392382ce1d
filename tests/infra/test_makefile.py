"""What the targets of the Makefile say and run."""

import os
import subprocess
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]


def test_setup_says_beforehand_how_long_it_takes_and_when_pip_is_silent() -> None:
    """Somebody who waits for pip without a word knows that this is right."""
    command = ["make", "--dry-run", "VENV=not-there", "setup"]
    env = {"PATH": os.environ["PATH"]}  # Not the flags of a make that runs the tests.
    said = subprocess.run(command, cwd=_ROOT, env=env, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own
    before_pip = said.partition("pip install")[0]
    assert "two to five minutes the first time" in before_pip
    assert "After 'Installing collected packages' pip says nothing" in before_pip
