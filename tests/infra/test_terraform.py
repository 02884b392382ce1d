"""The Terraform configuration's text against template and code; tests/e2e/test_terraform.py compares what it makes."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import msgspec
import pytest

from consumer.query.settings import Settings as ReaderSettings
from consumer.settings import Settings as ConsumerSettings
from infra.local import terraform
from ingest.settings import Settings as IngestSettings
from tests.infra import configuration

_TEMPLATE: Final = configuration.template()
_NOT_IN_TERRAFORM: Final = {"CodeBucket", "IngestCodeKey", "ConsumerCodeKey"}
_ONLY_IN_TERRAFORM: Final = {"name", "ingest_package", "consumer_package", "maximum_message_bytes"}


_CHOSEN: Final = {
    "ACCESS_TABLE_NAME": (
        'local.authenticated == 1 ? aws_dynamodb_table.access.name : ""',
        ["Authenticated", {"Ref": "AccessTable"}, ""],
    ),
    "TABLE_NAME": ("local.table_name", ["Restored", {"Ref": "RestoredTableName"}, {"Ref": "Table"}]),
}
"""Where a parameter chooses a variable's value: how Terraform and how the template write it."""


def _text(name: str) -> str:
    return (terraform.CONFIGURATION / name).read_text()


def _as_terraform(default: object) -> object:
    return {"true": True, "false": False}.get(str(default), default)


def test_the_variables_are_the_parameters() -> None:
    """Each parameter is a variable of its name and default, and there are no others."""
    assert {n: d for n, d in configuration.terraform_variables().items() if n not in _ONLY_IN_TERRAFORM} == {
        terraform.variable_name(name): _as_terraform(parameter["Default"])
        for name, parameter in _TEMPLATE["Parameters"].items()
        if name not in _NOT_IN_TERRAFORM
    }


def test_a_number_has_the_templates_bounds() -> None:
    """What CloudFormation refuses Terraform refuses too: `MaxReceiveCount=1` would dead-letter every long log."""
    text = _text("variables.tf")
    bounds = {
        variable: (low, high)
        for variable, low, high in re.findall(
            r"condition += var\.(\w+) >= (\d+)(?: && var\.\1 <= (\d+))?$", text, re.MULTILINE
        )
    }
    assert bounds == {
        terraform.variable_name(name): (str(parameter["MinValue"]), str(parameter.get("MaxValue", "")))
        for name, parameter in _TEMPLATE["Parameters"].items()
        if "MinValue" in parameter
    }


def test_the_outputs_are_the_templates() -> None:
    """Each output has its counterpart, so that `rdp` works on either."""
    outputs = re.findall(r'^output "(\w+)"', (terraform.CONFIGURATION / "outputs.tf").read_text(), re.MULTILINE)
    assert outputs == [terraform.variable_name(name) for name in _TEMPLATE["Outputs"]]


@pytest.mark.parametrize(
    ("function", "settings"), [("ingest", IngestSettings), ("consumer", ConsumerSettings), ("reader", ReaderSettings)]
)
def test_every_setting_is_a_variable_of_the_function(function: str, settings: type[msgspec.Struct]) -> None:
    """Terraform sets exactly the environment that the function's settings read, as the template does."""
    (variables,) = configuration.terraform_maps((terraform.CONFIGURATION / f"{function}.tf").read_text(), "variables")
    assert set(variables) == {field.encode_name for field in msgspec.structs.fields(settings)}
    in_template = _TEMPLATE["Resources"][f"{function.capitalize()}Function"]["Properties"]["Environment"]["Variables"]
    for name, value in variables.items():
        if "Fn::If" in in_template[name]:
            assert (value, in_template[name]["Fn::If"]) == _CHOSEN[name]
            continue
        parameter = in_template[name]["Ref"]
        if parameter == "AWS::StackName":
            assert value == "var.name"
            continue
        if parameter in _TEMPLATE["Parameters"]:
            assert value == f"var.{terraform.variable_name(parameter)}"
        else:
            assert value.startswith(configuration.RESOURCES[parameter])


def test_every_resource_of_the_template_has_its_counterpart() -> None:
    """The two lists of resources differ in nothing but the alarms and the queues' policies (one block each)."""
    text = "\n".join(path.read_text() for path in terraform.CONFIGURATION.glob("*.tf"))
    made = set(re.findall(r'^resource "(\w+)" "(\w+)"', text, re.MULTILINE))
    addresses = {**configuration.RESOURCES, **configuration.OPTIONAL_RESOURCES}
    matched = {tuple(address.split(".")) for address in addresses.values()}
    assert made - matched == {
        ("aws_cloudwatch_metric_alarm", "alarm"),
        ("aws_sqs_queue_policy", "refuse_plain_http"),
        *(("aws_iam_role_policy", name) for name in ("ingest", "consumer", "reader", "tenant_reader", "lake")),
    }
    assert matched <= made
    kinds = {name: resource["Type"] for name, resource in _TEMPLATE["Resources"].items()}
    others = {name for name, kind in kinds.items() if kind != "AWS::CloudWatch::Alarm"} - set(addresses)
    assert others == {"QueuePolicy", "DeadLetterQueuePolicy"}


def test_a_queues_policy_names_that_queue_alone() -> None:
    """SQS refuses a statement with a second resource; the engine, which never gets the policy, would not."""
    (policy,) = re.findall(r'^resource "aws_sqs_queue_policy" .*?^}', _text("queue.tf"), re.MULTILINE | re.DOTALL)
    assert re.findall(r"Resource += (.+)$", policy, re.MULTILINE) == ["each.value.arn"]
    assert re.search(r"queue_url = each\.value\.url$", policy, re.MULTILINE)


def test_nothing_passes_the_choice_of_the_table_by() -> None:
    """Whatever reads or writes rows does it in the table in use, which may be a restored one."""
    for path in terraform.CONFIGURATION.glob("*.tf"):
        if path.name != "table.tf":
            assert "aws_dynamodb_table.table" not in path.read_text(), path


def test_the_provider_takes_messages_of_a_mebibyte() -> None:
    """6.8.0 is the first that does; what runs beside the engine takes an older one and says so to the queues."""
    assert re.search(r'version = ">= 6\.8, < 7"', _text("versions.tf"))


def test_no_secret_and_no_place_of_this_machine_is_in_it() -> None:
    """Region, credentials and endpoints come from the environment alone."""
    for path in terraform.CONFIGURATION.glob("*.tf"):
        assert not re.search(r"access_key|secret_key|profile|endpoints|localhost|127\.0\.0\.1", path.read_text()), path


def test_it_is_formatted() -> None:
    """`terraform fmt` has nothing to change."""
    program = shutil.which("terraform")
    if program is None:
        assert "CI" not in os.environ, "CI must have terraform"
        pytest.skip("terraform is not installed")
    finished = subprocess.run(  # noqa: S603 - no shell
        [program, "fmt", "-check", "-diff", str(terraform.CONFIGURATION)], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout


def test_a_provider_on_this_machine_is_found(tmp_path: Path) -> None:
    """Up to two levels under a known place, whether or not another place exists."""
    deep = tmp_path / "opt" / "some" / "plugins"
    (deep / "registry.terraform.io" / "hashicorp" / "aws").mkdir(parents=True)
    assert list(terraform.plugin_folders((tmp_path / "absent", tmp_path / "opt"))) == [deep]
    assert list(terraform.plugin_folders((tmp_path / "absent",))) == []
