"""I7: a log that ends the process does not take its neighbours with it."""

from typing import Final

import pytest

from tests.faults.neighbours import RECEIVES, expected_dead, fates

_HEALTHY: Final = 1_000


@pytest.mark.parametrize("seed", range(3))
def test_logs_that_end_the_process_dead_letter_no_healthy_one(seed: int) -> None:
    """If one log in ten exits, hangs or takes all memory, it is dead-lettered and all healthy logs are stored."""
    found = fates(_HEALTHY, lethal_share=0.1, crash_probability=0.05, seed=seed)
    assert found.healthy_dead == 0, f"I7: {found}; chance alone {expected_dead(_HEALTHY, 0.05, RECEIVES)}"
    assert (found.stored, found.lethal_dead, found.lethal_stored) == (_HEALTHY, 111, 0)


@pytest.mark.parametrize(("logs_per_message", "lethal_share"), [(7, 0.1), (500, 0.02)])
def test_nor_do_they_where_they_share_a_message(logs_per_message: int, lethal_share: float) -> None:
    """A lethal log is taken out of its packed message, and the other logs of the message are stored."""
    found = fates(_HEALTHY, lethal_share=lethal_share, crash_probability=0.05, logs_per_message=logs_per_message)
    assert found.healthy_dead == 0, f"I7: {found}"
    assert (found.stored, found.lethal_stored) == (_HEALTHY, 0)
    assert found.lethal_dead == round(_HEALTHY * lethal_share / (1 - lethal_share))


def test_simulated_exits_cost_a_neighbour_one_receive_at_most() -> None:
    """If each log ends the process at 10 % of its deliveries, a neighbour loses at most one receive by it."""
    found = fates(_HEALTHY, lethal_share=0.0, crash_probability=0.1, crash_mode="exit")
    assert found.healthy_dead == 0, f"I7: {found}; chance alone {expected_dead(_HEALTHY, 0.1, RECEIVES - 1)}"


def test_a_consumer_that_trusts_every_log_is_caught() -> None:
    """The suite finds a planted bug: a consumer that processes suspect logs in its own process."""
    assert fates(_HEALTHY, lethal_share=0.1, crash_probability=0.05, trust=True).healthy_dead > 50
