"""The plan: what is written is read back, and what cannot be run is refused with the value's name."""

from pathlib import Path

import pytest

from bench.load import plan as plans
from bench.load.plan import Plan, PlanError


def test_a_plan_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """The file is the whole plan."""
    plan = Plan(name="r", shape="burst", rate=17.5, naive=True, promises=("I1", "I5"))
    plans.write(plan, tmp_path / "plan.json")
    assert plans.read(tmp_path / "plan.json") == plan


def test_a_file_may_name_only_what_differs(tmp_path: Path) -> None:
    """What a person writes by hand is short."""
    (tmp_path / "plan.json").write_text('{"rate": 600}')
    assert plans.read(tmp_path / "plan.json") == Plan(rate=600)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"rate": -5}', r"`float` >= 0.01 - at `\$.rate`"),
        ('{"rat": 5}', "unknown field `rat`"),
        ('{"mix": "foo=1"}', "unknown kind of request 'foo'"),
        ('{"users": 1}', "users are 1, but this run sends 2 kinds"),
        ('{"users": 2, "shape": "noisy"}', "users are 2, but this run sends 3 kinds"),
        ('{"phone_share": 2}', r"\$.phone_share"),
        ('{"seed": "x"}', r"\$.seed"),
        ("no json", "malformed"),
        ("", "truncated"),
    ],
)
def test_a_wrong_file_is_refused_by_name(content: str, expected: str, tmp_path: Path) -> None:
    """The text says which file, which field and what it takes."""
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(PlanError, match=f"plan.json: .*{expected}"):
        plans.read(tmp_path / "plan.json")


def test_one_user_is_enough_for_one_kind() -> None:
    """Batches are sent one after the other, to see what one request takes."""
    assert plans.make(users=1, mix="batch=100").users == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """So is a folder in its place."""
    with pytest.raises(PlanError, match=r"plan.json: No such file"):
        plans.read(tmp_path / "plan.json")
    with pytest.raises(PlanError, match=r"Is a directory"):
        plans.read(tmp_path)


def test_names_of_different_seconds_differ() -> None:
    """Equal names would send equal logs, which the stack stores once."""
    assert plans.fresh_name(1.0) == plans.fresh_name(1.9) != plans.fresh_name(2.0)
