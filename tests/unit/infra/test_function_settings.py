"""The functions' settings built before anything is deployed."""

from typing import Any

from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from infra import function_settings, template_parameters
from infra.deployment import TEMPLATE

_DEFAULTS = {
    name: parameter.default or "" for name, parameter in template_parameters.read(TEMPLATE.read_text()).items()
}


def test_every_variable_that_a_parameter_sets_is_known() -> None:
    """As the template's functions have them: a new one must not stay unchecked."""
    template: Any = cfn_yaml.load(str(TEMPLATE))
    set_by_parameters = {
        variable: value["Ref"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
        for variable, value in resource["Properties"]["Environment"]["Variables"].items()
        if isinstance(value, dict) and value.get("Ref") in template["Parameters"]
    }
    assert dict(function_settings.VARIABLES) == set_by_parameters


def test_the_defaults_start_both_functions() -> None:
    """Nothing to object to."""
    assert function_settings.objections(_DEFAULTS) == []


def test_each_function_speaks_for_itself() -> None:
    """What would kill one is told in its own words."""
    broken = _DEFAULTS | {"StreamSubKeys": "x", "RedactionPatterns": '["("]'}
    ingest, consumer = function_settings.objections(broken)
    assert ingest.startswith("With these parameters ingest would not start. Lambda environment:")
    assert consumer.startswith("With these parameters the consumer would not start.")
