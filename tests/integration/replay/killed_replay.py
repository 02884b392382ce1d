"""One replay in a process of its own that kills itself (SIGKILL) at a point: `python -m ... JSON`, see `Job`."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from consumer.replay import checkpoint, lines
from consumer.replay.job import Options
from tests.integration.replay.corpus import replayed, stack_of


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay, and when to die: at the `count`th call of the point, or never."""

    endpoint_url: str
    stream: str
    to: str
    checkpoint: str
    commit_logs: int
    distinct: bool = False
    point: Literal["write", "before_checkpoint", "after_checkpoint", "never"] = "never"
    count: int = 0


def main(job: Job) -> None:
    """Replay, and die at the job's point."""
    calls = 0

    def counted(function: Callable[..., Any], *, die_first: bool) -> Callable[..., Any]:
        def wrapper(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if die_first and calls == job.count:
                os.kill(os.getpid(), signal.SIGKILL)
            result = function(*arguments)
            if calls == job.count:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return wrapper

    if job.point == "write":
        # Written, and as far on its way to the disk as the buffers allow.
        lines.LineFile.write = counted(lines.LineFile.write, die_first=False)  # type: ignore[method-assign]
        lines._BUFFERED_LINES = 1  # type: ignore[misc]
    elif job.point != "never":
        checkpoint.save = counted(checkpoint.save, die_first=job.point == "before_checkpoint")
    replayed(
        stack_of(job.stream, endpoint_url=job.endpoint_url),
        Options(
            to=job.to,
            checkpoint=Path(job.checkpoint),
            raw=True,
            distinct=job.distinct,
            commit_logs=job.commit_logs,
        ),
    )


if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Job))
