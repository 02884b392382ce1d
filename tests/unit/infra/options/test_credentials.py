"""Keys and tokens as they are given."""

import click
import pytest
from click.testing import CliRunner, Result

from infra.options.credentials import Credentials, credentials_options
from infra.options.locator import Locator, on_stack
from infra.stack import Place, Stack


@click.command()
@on_stack
@credentials_options
def _verb(_stack: Stack, *, credentials: Credentials) -> None:
    click.echo(repr(dict(credentials.headers())))


def _run(*arguments: str, **env: str) -> Result:
    return CliRunner(env={"RDP_API_KEY": None, "RDP_TOKEN": None, **env}).invoke(
        _verb, arguments, obj=Locator(lambda _: Stack(Place(), "", {}))
    )


def test_they_become_the_headers_that_the_stack_reads() -> None:
    """From the options or the environment; without any, no header."""
    assert _run().output == "{}\n"
    assert _run("--api-key", "k").output == _run(RDP_API_KEY="k").output == "{'X-Api-Key': 'k'}\n"
    assert _run("--token", "t").output == _run(RDP_TOKEN="t").output == "{'Authorization': 'Bearer t'}\n"


@pytest.mark.parametrize("arguments", [("--api-key", "k", "--token", "t"), ("--api-key", "a\nb"), ("--token", "é")])
def test_what_no_request_can_carry_is_refused(arguments: tuple[str, ...]) -> None:
    """Both at once, or a line break; the message does not repeat the secret."""
    result = _run(*arguments)
    assert result.exit_code == 2
    assert "a\nb" not in result.output


def test_a_repr_shows_no_secret() -> None:
    """It may end in a log."""
    assert "hush" not in repr(Credentials("hush", "hush"))
