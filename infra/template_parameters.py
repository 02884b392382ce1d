"""Parses the template's parameters, so that a wrong value is refused before CloudFormation is called."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

_SECTION: Final = re.compile(r"^Parameters:\n(.*?)^[A-Z]", re.MULTILINE | re.DOTALL)
_BLOCK: Final = re.compile(r"^  (\w+):\n((?:    .*\n)+)", re.MULTILINE)
_MEMBER: Final = re.compile(r"^    (\w+):[ \n]+(\[[^\]]*\]|.*)$", re.MULTILINE)


class Parameter(NamedTuple):
    """One parameter. Without a `default` it must be given. None for a bound, list or pattern means no such limit."""

    name: str
    is_number: bool
    default: str | None
    minimum: float | None
    maximum: float | None
    allowed: tuple[str, ...] | None
    pattern: str | None

    def objection(self, value: str) -> str | None:
        """Return what is wrong with a value, or None."""
        must_be = self._must_be(value)
        return must_be and f"{self.name} is {value!r}; it must be {must_be}."

    def _must_be(self, value: str) -> str | None:
        if self.allowed is not None and value not in self.allowed:
            return f"one of {', '.join(self.allowed)}"
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            return f"of the form {self.pattern}"
        if self.is_number and not _is_within(value, self.minimum, self.maximum):
            bounds = [f"at least {self.minimum:g}"] if self.minimum is not None else []
            bounds += [f"at most {self.maximum:g}"] if self.maximum is not None else []
            return f"a number{', ' if bounds else ''}{' and '.join(bounds)}"
        return None


def read(template: str) -> Mapping[str, Parameter]:
    """Return the parameters by name, in the template's order."""
    section = _SECTION.search(template)
    return {} if section is None else {parameter.name: parameter for parameter in _parameters(section[1])}


def _parameters(section: str) -> Iterator[Parameter]:
    for block in _BLOCK.finditer(section):
        members = {name: value.strip() for name, value in _MEMBER.findall(block[2])}
        low, high, allowed = (members.get(name) for name in ("MinValue", "MaxValue", "AllowedValues"))
        yield Parameter(
            name=block[1],
            is_number=members["Type"] == "Number",
            default=_plain(members["Default"]) if "Default" in members else None,
            minimum=None if low is None else float(low),
            maximum=None if high is None else float(high),
            allowed=None if allowed is None else tuple(_plain(value) for value in allowed.strip("[]").split(",")),
            pattern=_plain(members["AllowedPattern"]) if "AllowedPattern" in members else None,
        )


def _plain(value: str) -> str:
    return value.strip().strip('"')


def _is_within(value: str, minimum: float | None, maximum: float | None) -> bool:
    try:
        number = float(value)
    except ValueError:
        return False
    return math.isfinite(number) and (minimum is None or number >= minimum) and (maximum is None or number <= maximum)
