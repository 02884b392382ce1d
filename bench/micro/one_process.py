"""Measures the CPU of a Lambda's handler in this process. `bench.micro.against` runs this program in each tree.

It uses nothing of the tree but the entry point that Lambda calls. It reads JSON from standard input, and the last line
of its output is the seconds.
"""

import importlib
import json
import sys
import time
from typing import Any, Final

ACCEPTED: Final = 202


class Context:
    """The part of Lambda's context object that the handlers use."""

    aws_request_id = "6f1b1f0e-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left of a fresh invocation, in milliseconds."""
        return 50_000


def main() -> None:
    """Print the CPU seconds of `events`; for a cold start, those of the import and of the events in `before` too."""
    asked = json.load(sys.stdin)
    started_s = time.process_time()
    handler = importlib.import_module(asked["module"]).handler
    answers = [handler(event, Context()) for event in asked["before"]]
    if not asked["cold"]:
        started_s = time.process_time()
    answers += [handler(event, Context()) for event in asked["events"]]
    taken_s = time.process_time() - started_s
    if bad := next((answer for answer in answers if not _is_good(answer)), None):
        raise SystemExit(f"A number of failures is no measurement. {asked['module']} answered {str(bad)[:300]}")
    print(f"\n{taken_s}")


def _is_good(answer: dict[str, Any]) -> bool:
    """Say whether the request was accepted, or every message of the batch was done."""
    return answer.get("statusCode") == ACCEPTED or answer.get("batchItemFailures") == []


main()
