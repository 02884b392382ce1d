"""The template and the Terraform configuration in one notation, so that a test can hold them side by side.

A value that names another resource becomes `<Resource>`, whichever attribute of it is meant; a parameter its default.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from infra.deployment import TEMPLATE
from infra.local.terraform import CONFIGURATION

STACK: Final = "rdp"

RESOURCES: Final[dict[str, str]] = {
    "Queue": "aws_sqs_queue.queue",
    "DeadLetterQueue": "aws_sqs_queue.dead_letters",
    "Stream": "aws_kinesis_stream.stream",
    "Table": "aws_dynamodb_table.table",
    "AccessTable": "aws_dynamodb_table.access",
    "IngestLogGroup": "aws_cloudwatch_log_group.ingest",
    "IngestRole": "aws_iam_role.ingest",
    "IngestFunction": "aws_lambda_function.ingest",
    "Api": "aws_apigatewayv2_api.api",
    "ApiIntegration": "aws_apigatewayv2_integration.ingest",
    "PathsRoute": "aws_apigatewayv2_route.paths",
    "RootRoute": "aws_apigatewayv2_route.root",
    "HealthRoute": "aws_apigatewayv2_route.health",
    "OpenApiRoute": "aws_apigatewayv2_route.openapi",
    "ApiLogGroup": "aws_cloudwatch_log_group.api",
    "ApiStage": "aws_apigatewayv2_stage.default",
    "ApiInvokePermission": "aws_lambda_permission.api",
    "ConsumerLogGroup": "aws_cloudwatch_log_group.consumer",
    "ConsumerRole": "aws_iam_role.consumer",
    "ConsumerFunction": "aws_lambda_function.consumer",
    "QueueMapping": "aws_lambda_event_source_mapping.queue",
    "TenantReaderRole": "aws_iam_role.tenant_reader",
    "Dashboard": "aws_cloudwatch_dashboard.dashboard",
}
"""Each resource of the template but the alarms and the queues' policies, and Terraform's address of the same."""

OPTIONAL_RESOURCES: Final[Mapping[str, str]] = {
    "TokenAuthorizer": "aws_apigatewayv2_authorizer.jwt",
    "ReaderLogGroup": "aws_cloudwatch_log_group.reader",
    "ReaderRole": "aws_iam_role.reader",
    "ReaderFunction": "aws_lambda_function.reader",
    "ReaderIntegration": "aws_apigatewayv2_integration.reader",
    "LogsRoute": "aws_apigatewayv2_route.logs",
    "LogsHeadRoute": "aws_apigatewayv2_route.logs_head",
    "LogsPreflightRoute": "aws_apigatewayv2_route.logs_preflight",
    "ReaderInvokePermission": "aws_lambda_permission.reader",
    "LakeTableBucket": "aws_s3tables_table_bucket.lake",
    "LakeRole": "aws_iam_role.lake",
}
"""The same of what only authentication or a lake makes."""


def template() -> Any:
    """The template, with its intrinsic functions in their long form."""
    return cfn_yaml.load(str(TEMPLATE))


def resolved(template: Any, value: Any) -> Any:  # noqa: C901, PLR0911 - one branch and return an intrinsic function
    """Return a value of the template with defaults for parameters, `<Resource>` for references, `*` for an account."""
    if isinstance(value, list):
        elements = [resolved(template, element) for element in value]
        return [element for element in elements if element is not None]
    if not isinstance(value, dict):
        return value
    match dict(value):
        case {"Ref": "AWS::NoValue"}:
            return None
        case {"Ref": "AWS::StackName"}:
            return STACK
        case {"Ref": name}:
            return template["Parameters"][name].get("Default") if name in template["Parameters"] else f"<{name}>"
        case {"Fn::GetAtt": [name, *_]}:
            return f"<{name}>"
        case {"Fn::Sub": [text, values]}:
            known = {name: resolved(template, element) for name, element in values.items()}
            return re.sub(r"\$\{([^}]+)\}", lambda m: known.get(m.group(1)) or _substituted(m.group(1)), text)
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", lambda match: _substituted(match.group(1)), text)
        case {"Fn::Join": [between, elements]}:
            return str(between).join(str(resolved(template, element)) for element in elements)
        case {"Fn::If": [condition, yes, no]}:
            return resolved(template, yes if _holds(template, condition) else no)
    return {name: resolved(template, element) for name, element in value.items()}


def statements(policy: Any) -> list[dict[str, Any]]:
    """Return a policy's statements with lists wherever one value may stand for a list of one, and in an order."""

    def listed(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: listed(element) for name, element in sorted(value.items())}
        return sorted(map(str, value)) if isinstance(value, list) else [str(value)]

    return sorted(
        ({n: listed(v) for n, v in s.items()} for s in policy["Statement"]), key=lambda s: json.dumps(s, sort_keys=True)
    )


def terraform_resources(state: Any) -> dict[str, dict[str, Any]]:
    """Return the resources of `terraform show -json` by address; one that is made on a condition has no `[0]`."""
    return {
        resource["address"].removesuffix("[0]"): resource["values"]
        for resource in state["values"]["root_module"]["resources"]
        if resource["mode"] == "managed"
    }


def with_references(resources: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the resources with each ARN, URL, id and name of one of `RESOURCES` replaced by `<Resource>`."""
    whole, within = _identities(resources)
    longest_first = sorted(within, key=len, reverse=True)

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: replaced(element) for name, element in value.items()}
        if isinstance(value, list):
            return [replaced(element) for element in value]
        if not isinstance(value, str):
            return value
        if value in whole:
            return whole[value]
        for identity in longest_first:
            value = value.replace(identity, within[identity])
        return replaced(json.loads(value)) if value.startswith("{") else value

    return {address: replaced(values) for address, values in resources.items()}


def terraform_variables(folder: Path = CONFIGURATION) -> dict[str, Any]:
    """Return the default of each variable of the configuration, None for none, read from the text."""
    text = (folder / "variables.tf").read_text()
    variables = {}
    for name, body in re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL):
        default = re.search(r"^  default +=(.+)$", body, re.MULTILINE)
        variables[name] = json.loads(default.group(1)) if default else None
    return variables


def terraform_maps(text: str, name: str) -> Iterable[dict[str, str]]:
    """Yield each map that stands as `name = { ... }` in the configuration's text, its values as written."""
    for body in re.findall(rf"^ *{name} = \{{\n(.*?)\n *\}}", text, re.MULTILINE | re.DOTALL):
        yield dict(re.findall(r"^ *(\w+) += (.+)$", body, re.MULTILINE))


def references(value: Any, resources: Mapping[str, dict[str, Any]]) -> Any:
    """Return any value of the configuration with references as `with_references` writes them."""
    return with_references({**resources, "": {"value": value}})[""]["value"]


def _identities(resources: Mapping[str, dict[str, Any]]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the resources' names, each of which may be a part of another's, and their ARNs, URLs and ids."""
    whole: dict[str, str] = {}
    within: dict[str, str] = {}
    made = {name: address for name, address in OPTIONAL_RESOURCES.items() if address in resources}
    for name, address in (RESOURCES | made).items():
        for attribute in ("arn", "url", "execution_arn", "id", "function_name", "name"):
            identity = resources[address].get(attribute)
            if not isinstance(identity, str) or identity in {STACK, "$default"}:
                continue
            unique = attribute in {"arn", "url", "execution_arn"} or address.startswith("aws_apigatewayv2")
            if unique:
                within.setdefault(identity, f"<{name}>")
            elif not address.startswith("aws_iam_role"):  # Named as its function; only its ARN is ever a reference.
                whole.setdefault(identity, f"<{name}>")
    return whole, within


def _substituted(name: str) -> str:
    pseudo = {"AWS::StackName": STACK, "AWS::Partition": "aws", "AWS::Region": "us-east-1"}
    return "000000000000" if name == "AWS::AccountId" else pseudo.get(name, f"<{name.partition('.')[0]}>")


def _holds(template: Any, condition: str) -> bool:
    match dict(template["Conditions"][condition]):
        case {"Fn::Equals": [left, right]}:
            return bool(str(resolved(template, left)) == right)
        case {"Fn::Not": [{"Fn::Equals": [left, right]}]}:
            return bool(str(resolved(template, left)) != right)
    raise AssertionError(condition)
