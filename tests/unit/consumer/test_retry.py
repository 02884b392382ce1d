"""Retrying: only what may pass, within the time, with full jitter."""

from consumer.retry import Time, retrying
from tests.unit.consumer.fakes import Clock


def test_only_passing_parts_are_called_again() -> None:
    """The other codes stand."""
    clock = Clock()
    seen: list[list[int]] = []
    answers: list[list[str | None]] = [["busy", None, "refused", "busy"], ["busy", None], [None]]

    def call(positions: list[int]) -> list[str | None]:
        seen.append(positions)
        return answers[len(seen) - 1]

    time = Time(clock.monotonic, clock.sleep, lambda: 1.0)
    codes = retrying(call, 4, passing={"busy"}, give_up_at_s=clock.monotonic() + 1, time=time)
    assert codes == [None, None, "refused", None]
    assert seen == [[0, 1, 2, 3], [0, 3], [0]]
    assert clock.sleeps == [0.05, 0.1]


def test_the_last_code_stands_when_the_time_is_over() -> None:
    """A wait that would end after the time is not begun."""
    clock = Clock()
    time = Time(clock.monotonic, clock.sleep, lambda: 1.0)
    give_up_at_s = clock.monotonic() + 0.3
    assert retrying(lambda _: ["busy"], 1, passing={"busy"}, give_up_at_s=give_up_at_s, time=time) == ["busy"]
    assert clock.sleeps == [0.05, 0.1]


def test_nothing_is_called_without_time() -> None:
    """The code says so."""
    clock = Clock()
    time = Time(clock.monotonic, clock.sleep, lambda: 1.0)
    assert retrying(lambda _: [None], 1, passing=(), give_up_at_s=clock.monotonic(), time=time) == ["OutOfTime"]
