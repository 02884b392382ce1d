"""The options for credentials: the API key or token that a stack with authentication asks for."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple

import click


class Credentials(NamedTuple):
    """An API key, a token, or neither. Never shown, not even by repr."""

    api_key: str = ""
    token: str = ""

    def headers(self) -> Mapping[str, str]:
        """Return the request headers that carry the credentials."""
        key = {"X-Api-Key": self.api_key} if self.api_key else {}
        return key | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def __repr__(self) -> str:
        return f"Credentials(api_key={'***' if self.api_key else ''}, token={'***' if self.token else ''})"


def credentials_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add `--api-key` and `--token`; the function gets both as `credentials`, a `Credentials`."""

    @click.option(
        "--api-key",
        envvar="RDP_API_KEY",
        show_envvar=True,
        default="",
        help="Key from `rdp keys create`, if the stack has Authentication=api_key. Other users of this machine can "
        "see a command line, but not the environment variable.",
    )
    @click.option(
        "--token",
        envvar="RDP_TOKEN",
        show_envvar=True,
        default="",
        help="Token of your identity provider, if the stack has Authentication=jwt. Like --api-key, better in the "
        "environment variable.",
    )
    @wraps(function)
    def wrapper(*positional: Any, api_key: str, token: str, **arguments: Any) -> None:
        if api_key and token:
            raise click.UsageError(
                "Give --api-key or --token (RDP_API_KEY or RDP_TOKEN), not both: a stack takes one of them."
            )
        for name, value in (("--api-key", api_key), ("--token", token)):
            if not value.isascii() or not value.isprintable() or " " in value:
                raise click.UsageError(
                    f"{name} has a character that an HTTP header cannot carry, such as a space. Copy it again."
                )
        function(*positional, credentials=Credentials(api_key, token), **arguments)

    return wrapper
