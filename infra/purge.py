"""Dead letters removed, each written to a file before."""

import contextlib
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from consumer.replay import private
from infra import dead_letters
from infra.dead_letter import DeadLetter
from infra.dead_letters import Redriven
from infra.stack import Stack


def line(letter: DeadLetter) -> bytes:
    """Return the letter as a line of the file."""
    return f"{letter.as_json()}\n".encode()


def purge(stack: Stack, message_ids: Collection[str], kept_in: Path | None) -> Redriven:
    """Remove the dead letters with these message ids; `kept_in` (None: nowhere) is a new file, whose owner alone reads.

    Killed in the midst, what is removed is in the file.
    """
    with private.opened(kept_in, anew=True) if kept_in else contextlib.nullcontext() as lines:

        def keep(some: Sequence[DeadLetter]) -> None:
            if lines is not None:
                lines.writelines(map(line, some))
                lines.flush()
                os.fsync(lines.fileno())

        return dead_letters.purge(stack.place.sqs, dlq_url=stack.dlq_url, message_ids=message_ids, keep=keep)
