"""`rdp erase` refuses what names nothing, and asks no stack then."""

import pytest
from click.testing import CliRunner

from infra.cli import main
from infra.options.locator import Locator, Where
from infra.stack import Stack


def _no_stack(where: Where) -> Stack:
    raise AssertionError(f"looked for a stack: {where}")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Name what is to be erased"),
        (["--tenant", "acme", "--log", "acme", "log-1"], "Name what is to be erased"),
        (["--tenant", "!erased"], "is no tenant's id"),
        (["--tenant", ""], "is no tenant's id"),
        (["--log", "acme", "log-1 0a1b"], "is no log id"),
        (["--log", "acme", ""], "is no log id"),
        (["--log", "acme", "log-1", "--before", "1d"], "--before goes with --tenant"),
        (["--tenant", "acme", "--check", "--before", "1d"], "--before goes with --tenant"),
        (["--tenant", "acme", "--check", "--yes"], "--check erases nothing"),
    ],
)
def test_a_command_line_that_names_nothing_is_refused(arguments: list[str], says: str) -> None:
    """With status 2 and what is wrong: nothing was begun."""
    result = CliRunner().invoke(main, ["erase", *arguments], obj=Locator(_no_stack))
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())
