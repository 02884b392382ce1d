"""One replay of a stream that is always the same, in a process of its own that may kill itself at a step."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.injector import Injector
from tests.faults.matrix import a_day
from tests.faults.trial import Trial


class _Suicidal(Injector):
    """Ends the process with SIGKILL in the middle of a step: after its effect, before anybody knows of it."""

    kill_in: int | None = None

    def step(self, name: str, run: Callable[[], Any]) -> Any:
        answer = super().step(name, run)
        if self.component == "replay" and self.kill_in is not None and len(self.steps) > self.kill_in:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


def main(folder: Path, kill_at: int | None) -> None:
    """Replay into the folder, and die after step number `kill_at`."""
    trial = Trial(3, folder)
    a_day(trial)
    injector = trial.injector
    injector.__class__ = _Suicidal
    assert isinstance(injector, _Suicidal)
    injector.steps.clear()
    injector.kill_in = kill_at
    trial.stack.replay_to_file(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
