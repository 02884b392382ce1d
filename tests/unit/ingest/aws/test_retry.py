"""Attempts within a time budget."""

from ingest.aws.retry import attempts


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept_s: list[float] = []

    def monotonic(self) -> float:
        """Return the time in seconds."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept_s.append(seconds)
        self.now_s += seconds


def _run(clock: Clock, give_up_at_s: float, most: int = 1000) -> int:
    count = 0
    for _ in attempts(
        give_up_at_s, monotonic=clock.monotonic, sleep=clock.sleep, first_backoff_s=0.1, max_backoff_s=1.0
    ):
        count += 1
        if count == most:
            break
    return count


def test_first_attempt_is_at_once() -> None:
    """Nothing sleeps before the first attempt."""
    clock = Clock()
    assert _run(clock, 110.0, most=1) == 1
    assert clock.slept_s == []


def test_no_attempt_after_the_deadline() -> None:
    """When the time is over, there is no attempt at all."""
    assert _run(Clock(), 100.0) == 0


def test_attempts_end_before_the_deadline() -> None:
    """No sleep leads past the deadline, and no attempt starts at or after it."""
    clock = Clock()
    assert _run(clock, 105.0) > 3
    assert clock.now_s < 105.0


def test_backoff_grows_to_its_ceiling() -> None:
    """The n-th wait lies between 0 and twice the one before's ceiling, up to the maximum."""
    clock = Clock()
    _run(clock, 1e9, most=200)
    for n, slept_s in enumerate(clock.slept_s):
        assert 0 <= slept_s <= min(1.0, 0.1 * 2 ** (n + 1))
    assert max(clock.slept_s) > 0.5
