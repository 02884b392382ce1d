"""Signals that ask to stop."""

import signal

import pytest

from infra.terminal.signals import STOPPING, on_stop


@pytest.mark.parametrize("number", STOPPING)
def test_within_the_block_a_signal_acts_and_ends_nothing(number: signal.Signals) -> None:
    """Each of them, as often as it comes."""
    came: list[int] = []
    with on_stop(came.append):
        signal.raise_signal(number)
        signal.raise_signal(number)
    assert came == [number, number]


def test_after_the_block_everything_is_as_before() -> None:
    """Also when the act ended the block."""
    before = [signal.getsignal(number) for number in STOPPING]

    def leave(number: int) -> None:
        raise SystemExit(128 + number)

    with pytest.raises(SystemExit, match="143"), on_stop(leave):
        signal.raise_signal(signal.SIGTERM)
    assert [signal.getsignal(number) for number in STOPPING] == before
