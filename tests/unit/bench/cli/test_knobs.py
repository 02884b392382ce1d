"""The options of `rdp bench` and the plan's fields agree, because the ones are made of the others."""

import re
from pathlib import Path
from typing import Final

import click
import pytest

from bench.cli.bench import command
from bench.cli.cost import command as cost
from bench.cli.knobs import given
from bench.load import plan as plans
from bench.load.plan import Plan

_README: Final = Path(__file__).parents[4] / "bench" / "README.md"
_NOT_ASKED: Final = {
    *("phone_share", "duplicate_share", "conflict_share", "invalid_share", "unnamed_share"),
    *("naive", "seconds_per_char", "promises"),
}
"""What the traffic is always like, what the comparison sets, and what the stack itself says."""


def test_every_knob_has_its_option() -> None:
    """A field of the plan is an option, or one of the few that nobody is asked for."""
    options = {parameter.name for parameter in command.params}
    assert {*Plan.__struct_fields__} - options == _NOT_ASKED


@pytest.mark.parametrize("option", command.params, ids=lambda option: str(option.name))
def test_every_option_has_a_help(option: click.Option) -> None:
    """What it is and its default are in one place."""
    assert option.help


def test_what_is_given_on_the_command_line_is_the_plan() -> None:
    """Every knob, given as text, arrives in the plan under the type it has there; the others keep their defaults."""
    shape = ["--shape", "ramp", "--rate", "600", "--duration", "20", "--warm-up", "0", "--least-rate", "1"]
    traffic = ["--mix", "batch=1", "--batch-logs", "5", "--max-chars", "200", "--tenants", "3", "--seed", "8"]
    words = [*shape, *traffic, "--users", "2", "--name", "r", "--drain-timeout", "9"]
    plan = plans.make(**given(Plan, command.make_context("bench", words).params))
    assert plan == Plan(
        shape="ramp",
        rate=600,
        duration_s=20,
        warm_up_s=0,
        mix="batch=1",
        batch_logs=5,
        max_chars=200,
        tenants=3,
        users=2,
        seed=8,
        name="r",
        least_rate=1,
        drain_timeout_s=9,
    )
    assert plans.make(**given(Plan, command.make_context("bench", []).params)) == Plan()


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--rate", "abc", "'abc' is not a number from 0.01 to 1,000,000."),
        ("--least-rate", "0", "'0' is not a number from 0.01 to 1,000,000."),
        ("--users", "1.5", "'1.5' is not a whole number from 1 to 10,000."),
        ("--seed", "x", "'x' is not a whole number."),
        ("--shape", "round", "'round' is not one of steady, "),
        ("--name", "a b", "'a b' is not of the form ^[A-Za-z0-9]"),
    ],
)
def test_a_wrong_value_is_told_by_what_it_must_be(option: str, value: str, says: str) -> None:
    """In a person's words, and not in those of a type."""
    with pytest.raises(click.BadParameter) as error:
        command.make_context("bench", [option, value])
    assert says in error.value.message


def test_the_readme_names_options_that_exist() -> None:
    """Each `--option` of bench/README.md is one of `rdp bench`, `rdp cost` or the locustfile."""
    named = set(re.findall(r"--[a-z][a-z-]+", _README.read_text())) - {
        "--host",
        "--plan",
        "--help",
        "--others",
        "--gil",
    }
    assert named
    assert named <= {name for verb in (command, cost) for parameter in verb.params for name in parameter.opts}
