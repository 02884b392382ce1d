"""The CPU of a Lambda's handler in this process: the program of `bench.micro.against`, in whatever tree it is run.

It needs nothing of a tree but the entry point that Lambda calls. In: JSON on standard input. Out: seconds, last line.
"""

import importlib
import json
import sys
import time


class Context:
    """Lambda's context object, as far as the handlers look at it."""

    aws_request_id = "6f1b1f0e-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Return what a fresh invocation has, in milliseconds."""
        return 50_000


def main() -> None:
    """Print the CPU seconds of the events, after those that come before them; of all with the import if it is cold."""
    asked = json.load(sys.stdin)
    started_s = time.process_time()
    handler = importlib.import_module(asked["module"]).handler
    for event in asked["before"]:
        handler(event, Context())
    if not asked["cold"]:
        started_s = time.process_time()
    for event in asked["events"]:
        handler(event, Context())
    print(f"\n{time.process_time() - started_s}")


main()
