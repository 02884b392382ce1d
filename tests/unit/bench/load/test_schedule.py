"""The schedule: every kind gets its share, and the measured part is whole whatever the warm-up leaves."""

import pytest

from bench.load.plan import Plan
from bench.load.schedule import schedules


@pytest.mark.parametrize("warm_up_s", [0, 7, 10, 13.7])
def test_the_measured_part_has_every_asked_request(warm_up_s: float) -> None:
    """1,000 a minute are 600 json and 400 text requests in the minute after any warm-up."""
    dealt = schedules(Plan(duration_s=60, warm_up_s=warm_up_s))
    measured = {kind: sum(due.at_s >= warm_up_s for due in dues) for kind, dues in dealt.items()}
    assert measured == {"json": 600, "text": 400}


def test_requests_rise_in_the_warm_up() -> None:
    """The second half of the warm-up has three times the first half's requests."""
    dealt = schedules(Plan(rate=6000, duration_s=1, mix="json=1"))
    times = [due.at_s for due in dealt["json"] if due.at_s < 10]
    assert sum(at_s >= 5 for at_s in times) == pytest.approx(3 * sum(at_s < 5 for at_s in times), rel=0.05)


def test_the_noisy_tenant_has_a_schedule_of_its_own() -> None:
    """Its logs come in batches after the first half, all of one tenant."""
    dealt = schedules(Plan(name="r", shape="noisy", rate=600, duration_s=20, warm_up_s=5, mix="json=1"))
    noisy = list(dealt["noisy"])
    assert len(noisy) == 20
    assert noisy[0].at_s == pytest.approx(15)
    assert {log.tenant_id for due in noisy for log in due.request.logs} == {"r-noisy"}
