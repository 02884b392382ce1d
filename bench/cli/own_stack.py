"""A stack that the bench starts for one run and takes down after it."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from infra import stack
from infra.local import lifecycle

# A crashed log comes back after the visibility timeout: 30 s, so that a run of a few minutes sees its retries. The
# consumer's timeout is a sixth of that. A log that is not ready within half of the consumer's timeout is hidden by SQS
# until it is ready.
_LOCAL_PARAMETERS: Final = {"ConsumerTimeoutSeconds": "5", "VisibilityTimeoutSeconds": "30"}


@contextlib.contextmanager
def own_stack(parameters: Mapping[str, str], tell: Callable[[str], None]) -> Iterator[stack.Stack]:
    """Give a fresh stack on this machine, and take it down when the block ends."""
    data_dir = Path(tempfile.mkdtemp(prefix="rdp-bench-"))
    try:
        yield lifecycle.up(data_dir, port=0, parameters=_LOCAL_PARAMETERS | dict(parameters), tell=tell).stack
    finally:
        lifecycle.down(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)
