"""CPU time of a command with all its descendants: `python -m tests.cpu_of COMMAND...` prints it at the end.

A shell's `time` leaves out a process whose parent ended before it, as a fork server does, and all its children. Here
such a process becomes a child of this one (Linux only).
"""

import ctypes
import os
import resource
import subprocess
import sys
from typing import Final

_SET_CHILD_SUBREAPER: Final = 36
"""prctl's option, linux/prctl.h."""


def main() -> int:
    """Run the command, wait for every descendant, print seconds of CPU, return the command's exit status."""
    ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    status = subprocess.run(sys.argv[1:], check=False).returncode  # noqa: S603 - the command that was asked for
    try:
        while True:
            os.wait()
    except ChildProcessError:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"CPU: {used.ru_utime:.1f} s user, {used.ru_stime:.1f} s system")  # noqa: T201 - a program's output
    return status


if __name__ == "__main__":
    sys.exit(main())
