"""The runbook knows every alarm and every parameter."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from infra import template_parameters
from infra.cli import deploy
from infra.deployment import TEMPLATE

_ROOT: Final = Path(__file__).parents[2]
_RUNBOOK: Final = (_ROOT / "infra" / "RUNBOOK.md").read_text()
_TEMPLATE: Final[Any] = cfn_yaml.load(str(TEMPLATE))
_DECLARED: Final = template_parameters.read(TEMPLATE.read_text())
_SECTIONS: Final = dict(re.findall(r"^###? ([^\n]+)\n(.*?)(?=^###? |\Z)", _RUNBOOK, re.MULTILINE | re.DOTALL))
_ALARMS: Final = {
    name: resource["Properties"]
    for name, resource in _TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}


def _slug(alarm: Any) -> str:
    name: str = alarm["AlarmName"]["Fn::Sub"]
    return name.removeprefix("${AWS::StackName}-")


def test_there_are_alarms() -> None:
    """What the other tests go through is not empty."""
    assert len(_ALARMS) >= 8


@pytest.mark.parametrize("name", _ALARMS)
def test_every_alarm_has_its_section(name: str) -> None:
    """Named as the alarm, and it says what it means, where to look, what to do and how to verify."""
    body = _SECTIONS[_slug(_ALARMS[name])]
    for part in ("means", "look", "act", "verify"):
        assert re.search(rf"\*\*{part}\*\*", body, re.IGNORECASE), part


@pytest.mark.parametrize("name", _ALARMS)
def test_an_alarm_names_its_section(name: str) -> None:
    """Whoever gets the alarm's text knows where to read on."""
    assert _ALARMS[name]["AlarmDescription"].endswith(f"Runbook, {_slug(_ALARMS[name])}.")


def test_every_parameter_has_its_row_with_its_default() -> None:
    """The table has each parameter once, with the template's default, and none that is gone."""
    rows: dict[str, str] = {}
    for names, default in re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", _SECTIONS["Parameters"], re.MULTILINE):
        for name in re.findall(r"`(\w+)`", names):
            assert name not in rows
            rows[name] = default.strip()
    shown = {"none": None, "empty": ""}
    assert {name: shown.get(default, default.strip("`")) for name, default in rows.items()} == {
        name: None if "Default" not in parameter else str(parameter["Default"])
        for name, parameter in _TEMPLATE["Parameters"].items()
    }


def test_a_number_is_told_with_its_range() -> None:
    """A reader need not try which values the template takes."""
    bounded = [parameter for parameter in _DECLARED.values() if parameter.minimum is not None]
    assert len(bounded) > 20
    for parameter in bounded:
        (row,) = re.findall(rf"^\|[^|\n]*`{parameter.name}`[^|\n]*\|.*$", _SECTIONS["Parameters"], re.MULTILINE)
        to = "or more" if parameter.maximum is None else f"to {parameter.maximum:,.0f}"
        assert f"({parameter.minimum:,.0f} {to}" in row, parameter.name


def test_every_parameter_is_described_and_grouped() -> None:
    """The console shows each parameter in a group, with a description that ends as a sentence."""
    groups = _TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(_TEMPLATE["Parameters"])
    for name, parameter in _TEMPLATE["Parameters"].items():
        assert parameter["Description"].strip().endswith("."), name


def test_links_within_the_runbook_lead_somewhere() -> None:
    """Each anchor is a heading."""
    headings = re.findall(r"^#+ (.+)$", _RUNBOOK, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", _RUNBOOK)) <= anchors


def test_a_search_of_cloudwatch_logs_begins_a_moment_ago() -> None:
    """FilterLogEvents gives the oldest lines first: without a begin those of a month ago, and none of tonight."""
    searches = re.findall(r"^    aws logs filter-log-events .*$", _RUNBOOK, re.MULTILINE)
    assert len(searches) >= 2
    assert all("--start-time $((" in search for search in searches)


def test_a_restore_tells_the_lakes_function_of_its_table() -> None:
    """It has the table's name as a parameter of its own stack, and reads there what was erased."""
    restore = _SECTIONS["Restore"]
    assert restore.index("RestoredTableName=") < restore.index("`rdp lake deploy --stack rdp`")


def test_the_lakes_function_is_removed_with_its_stack() -> None:
    """It is in a stack of its own, which `rdp destroy --stack rdp` leaves, with a schedule and alarms."""
    assert "`rdp destroy --stack rdp-lake`" in _SECTIONS["Remove"]


def test_terraform_is_told_how_to_leave_the_lakes_bucket() -> None:
    """The template retains it. Terraform has no such policy, and AWS refuses to delete a bucket with tables."""
    (address,) = re.findall(r"terraform state rm '(\w+)\.(\w+)\[0\]'", _SECTIONS["Terraform"])
    source = (TEMPLATE.parents[1] / "terraform" / "lake.tf").read_text()
    assert 'resource "{}" "{}" {{\n  count ='.format(*address) in source


def test_a_dry_run_leaves_what_its_help_says() -> None:
    """One sentence in both places."""
    (option,) = [option for option in deploy.command.params if option.name == "dry_run"]
    said = option.to_info_dict()["help"].partition("apply nothing. ")[2]
    assert said
    assert said in " ".join(_RUNBOOK.split())
