"""Several calls at once: threads for the many calls of a large request, no threads for a small request."""

from collections import deque
from collections.abc import Sequence
from threading import Thread

from ingest.aws.refusal import Refusal
from ingest.aws.retry import Attempt, Each


def in_threads(most: int, *, few: int = 0) -> Each:
    """Return an `each` for `retrying` that makes `most` calls at a time; the caller's thread makes calls, too.

    Up to `few` calls are made one after the other, without threads.

    The threads end with the attempt, so that none is running when Lambda freezes the process after the answer.
    """

    def each(attempt: Attempt, groups: Sequence[Sequence[int]]) -> list[Sequence[Refusal | None]]:
        answers: list[Sequence[Refusal | None]] = [()] * len(groups)
        places = deque(range(len(groups)))
        errors: list[BaseException] = []

        def work() -> None:
            while not errors:
                try:
                    place = places.popleft()
                except IndexError:
                    return
                try:
                    answers[place] = attempt(groups[place])
                except BaseException as error:  # noqa: BLE001 - raised below, in the caller's thread
                    errors.append(error)

        at_once = 1 if len(groups) <= few else min(most, len(groups))
        threads = [Thread(target=work) for _ in range(at_once - 1)]
        for thread in threads:
            thread.start()
        work()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return answers

    return each
