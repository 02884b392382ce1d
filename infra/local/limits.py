"""Refuses parameters of the template that the engine can't handle, with the reason, before anything starts."""

from collections.abc import Mapping
from typing import Final

from infra.stack import WrongParameterError

_REFUSED: Final[Mapping[tuple[str, str], str]] = {
    ("RequireTls", "true"): "the engine speaks plain HTTP, and the queues would refuse every log. It is for AWS."
}
"""By parameter and value: why MiniStack 1.5.33 can't do it."""


def check(parameters: Mapping[str, str]) -> None:
    """Return if the engine can do what these parameters ask for.

    Raises:
        WrongParameterError: it can't; the message says why.
    """
    refused = [f"{n}={v}: {_REFUSED[n, v]}" for n, v in parameters.items() if (n, v) in _REFUSED]
    if refused:
        raise WrongParameterError("\n".join(refused))
