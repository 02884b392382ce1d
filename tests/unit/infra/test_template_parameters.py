"""The template's parameters, read without a parser of YAML."""

from typing import Any

from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from infra import template_parameters
from infra.deployment import TEMPLATE


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def test_they_are_read_as_a_parser_of_yaml_reads_them() -> None:
    """Names, order, defaults, bounds, lists, patterns: of every parameter."""
    declared: Any = cfn_yaml.load(str(TEMPLATE))["Parameters"]
    read = template_parameters.read(TEMPLATE.read_text())
    assert len(read) > 30
    assert list(read) == list(declared)
    for name, members in declared.items():
        allowed = members.get("AllowedValues")
        assert read[name] == template_parameters.Parameter(
            name=name,
            is_number=members["Type"] == "Number",
            default=str(members["Default"]) if "Default" in members else None,
            minimum=_number(members.get("MinValue")),
            maximum=_number(members.get("MaxValue")),
            allowed=None if allowed is None else tuple(map(str, allowed)),
            pattern=members.get("AllowedPattern"),
        )


def test_every_default_is_good() -> None:
    """By its own bounds."""
    for parameter in template_parameters.read(TEMPLATE.read_text()).values():
        assert parameter.default is None or parameter.objection(parameter.default) is None
