"""The CloudFormation template against the code that it runs and the numbers of the specification."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]  # cfn-lint ships no types

from consumer import report as consumer_report
from consumer.query.settings import Settings as ReaderSettings
from consumer.settings import Settings as ConsumerSettings
from infra import changeset, dead_letters, package, stack
from infra.deployment import TEMPLATE
from infra.local import grants
from ingest import report as ingest_report
from ingest.contract.errors import Rejected
from ingest.contract.metrics import NAMESPACE
from ingest.settings import Settings as IngestSettings
from tests.infra import configuration

_SETTINGS: Final = [
    ("IngestFunction", IngestSettings),
    ("ConsumerFunction", ConsumerSettings),
    ("ReaderFunction", ReaderSettings),
]

_LAMBDA_TO_VISIBILITY: Final = 6  # "Creating and configuring an Amazon SQS event source mapping", Lambda's guide.


@pytest.fixture(scope="module")
def template() -> Any:
    """The template, with its intrinsic functions in their long form."""
    return cfn_yaml.load(str(TEMPLATE))


def _properties(template: Any, name: str) -> Any:
    return template["Resources"][name]["Properties"]


def _default(template: Any, value: Any) -> Any:
    """Return a property's value, with a reference to a parameter replaced by its default."""
    return template["Parameters"][value["Ref"]]["Default"] if isinstance(value, dict) else value


def _own(value: Any) -> Any:
    """Return a value as it is while no restored table is used."""
    return value["Fn::If"][2] if "Fn::If" in value and value["Fn::If"][0] == "Restored" else value


def _grants(template: Any, role: str, *conditions: str) -> dict[str, set[str]]:
    """Return the actions by resource that the role allows where the conditions hold and no others."""
    granted: dict[str, set[str]] = {}
    for policy in _properties(template, role)["Policies"]:
        for listed in policy["PolicyDocument"]["Statement"]:
            statement = listed
            if "Fn::If" in listed:
                condition, statement, otherwise = listed["Fn::If"]
                assert otherwise == {"Ref": "AWS::NoValue"}
                if condition not in conditions:
                    continue
            assert statement["Effect"] == "Allow"
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            stated = statement["Resource"]
            for resource in stated if isinstance(stated, list) else [stated]:
                granted.setdefault(_arn(_own(resource)), set()).update(actions)
    return granted


def _arn(value: Any) -> str:
    """Return the resource whose ARN the value is, and what of it."""
    if "Fn::Join" in value:
        assert value["Fn::Join"][0] == ""
        whole, part = value["Fn::Join"][1]
        return f"{_arn(whole)}{part}"
    name, attribute = value["Fn::GetAtt"]
    assert attribute == "Arn"
    return str(name)


@pytest.mark.parametrize(("function", "settings"), _SETTINGS)
def test_every_setting_is_a_variable(template: Any, function: str, settings: type[msgspec.Struct]) -> None:
    """The template sets exactly the variables that the function's settings read."""
    variables = _properties(template, function)["Environment"]["Variables"]
    assert set(variables) == {field.encode_name for field in msgspec.structs.fields(settings)}


@pytest.mark.parametrize(("function", "settings"), _SETTINGS)
def test_the_template_and_the_code_agree_on_defaults(
    template: Any, function: str, settings: type[msgspec.Struct]
) -> None:
    """A parameter's default is the default that the code has for its variable."""
    variables = _properties(template, function)["Environment"]["Variables"]
    for field in msgspec.structs.fields(settings):
        value = _own(variables[field.encode_name])
        if "Fn::If" in value:  # A resource that is not always there.
            assert value["Fn::If"][2] == field.default
            continue
        if value == {"Ref": "AWS::StackName"}:
            assert field.default == stack.STACK_NAME
            continue
        parameter = template["Parameters"].get(value.get("Ref"))
        if parameter is None or (parameter["Default"] == "none" and field.required):
            assert field.required  # A resource; or, to the reader, who is asked for credentials in any case.
        else:
            default = field.default
            written = ",".join(default) if isinstance(default, tuple) else default
            assert str(parameter["Default"]) == str(written), field.encode_name


def test_the_specifications_numbers(template: Any) -> None:
    """The defaults are the specification's."""
    defaults = {name: parameter.get("Default") for name, parameter in template["Parameters"].items()}
    expected = {
        "SecondsPerChar": 0.05,
        "CrashProbability": 0.05,
        "BatchSize": 5,
        "VisibilityTimeoutSeconds": 300,
        "MaxReceiveCount": 5,
        "ConsumerTimeoutSeconds": 50,
        "BatchingWindowSeconds": 0,
    }
    assert {name: defaults[name] for name in expected} == expected


def test_a_failed_batch_stays_invisible_for_six_timeouts(template: Any) -> None:
    """AWS asks for a visibility timeout of at least six times the function's timeout."""
    timeout_s = _default(template, _properties(template, "ConsumerFunction")["Timeout"])
    assert _default(template, _properties(template, "Queue")["VisibilityTimeout"]) >= _LAMBDA_TO_VISIBILITY * timeout_s


def test_the_api_waits_longer_than_the_function_works(template: Any) -> None:
    """A slow request ends with ingest's own answer, not with the gateway's: within API Gateway's 30 s."""
    wait_ms = _properties(template, "ApiIntegration")["TimeoutInMillis"]
    assert _properties(template, "IngestFunction")["Timeout"] * 1000 < wait_ms <= 30_000


def test_a_dead_letter_outlives_the_queue(template: Any) -> None:
    """A dead-lettered message keeps its first enqueue time: 14 days against 4."""
    assert _properties(template, "Queue")["MessageRetentionPeriod"] == 4 * 86_400
    assert _properties(template, "DeadLetterQueue")["MessageRetentionPeriod"] == 14 * 86_400


def test_a_partial_batch_response_is_understood(template: Any) -> None:
    """Without ReportBatchItemFailures AWS would delete a whole batch whose handler returned."""
    assert _properties(template, "QueueMapping")["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_ingest_may_do_its_work_and_nothing_else(template: Any) -> None:
    """Its role names each action and each resource; with authentication it counts quotas, with keys it finds one."""
    public = {
        "Queue": {"sqs:SendMessage"},
        "Stream": {"kinesis:PutRecords"},
        "IngestLogGroup": {"logs:CreateLogStream", "logs:PutLogEvents"},
    }
    assert _grants(template, "IngestRole") == public
    assert _grants(template, "IngestRole", "Authenticated") == public | {"AccessTable": {"dynamodb:UpdateItem"}}
    assert _grants(template, "IngestRole", "ApiKeys") == public | {"AccessTable": {"dynamodb:GetItem"}}


@pytest.mark.parametrize("condition", [(), ("ApiKeys",)])
def test_the_reader_may_query_and_nothing_else(template: Any, condition: tuple[str, ...]) -> None:
    """Its role changes no row and scans none; of the keys' table it finds a key, and counts reads."""
    keys = {"dynamodb:UpdateItem", *(["dynamodb:GetItem"] if condition else [])}
    assert _grants(template, "ReaderRole", *condition) == {
        "Table": {"dynamodb:Query", "dynamodb:BatchGetItem"},
        "Table/index/by_arrival": {"dynamodb:Query"},
        "AccessTable": keys,
        "ReaderLogGroup": {"logs:CreateLogStream", "logs:PutLogEvents"},
    }


def test_the_keys_and_the_counters_are_apart(template: Any) -> None:
    """The reader counts reads and makes no key; it finds keys and reads no counter."""
    (policy,) = _properties(template, "ReaderRole")["Policies"]
    found = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        statement = statement.get("Fn::If", [None, statement])[1]  # noqa: PLW2901 - what the condition makes
        if "Condition" in statement:
            (of_key,) = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            assert statement["Condition"]["Null"] == {"dynamodb:LeadingKeys": "false"}
            found[statement["Action"]] = of_key
    assert found == {"dynamodb:UpdateItem": "read#*", "dynamodb:GetItem": "key#*"}


def test_who_reads_messages_is_updated_before_who_writes_them(template: Any) -> None:
    """A new form of message never meets an old consumer in one deployment: a default that is raised finds the new."""
    assert template["Resources"]["IngestFunction"]["DependsOn"] == "ConsumerFunction"
    assert "aws_lambda_function.consumer]" in (TEMPLATE.parents[1] / "terraform" / "ingest.tf").read_text()


def test_a_browser_is_let_in_by_parameter_alone(template: Any) -> None:
    """Without it the API answers no preflight; with it, what may be sent is a read and its credentials."""
    (condition, cors, otherwise) = _properties(template, "Api")["CorsConfiguration"]["Fn::If"]
    assert (condition, otherwise) == ("Cors", {"Ref": "AWS::NoValue"})
    assert template["Parameters"]["CorsAllowOrigin"]["Default"] == ""
    assert cors["AllowMethods"] == ["GET"]
    assert cors["AllowHeaders"] == ["authorization", "x-api-key"]


def test_a_preflight_needs_no_token_and_reaches_the_reader() -> None:
    """A browser sends none with it, and API Gateway gives it to `ANY /{proxy+}` unless it has a route of its own."""
    template = configuration.template()
    template["Parameters"]["Authentication"]["Default"] = "jwt"
    properties = configuration.resolved(template, template["Resources"]["LogsPreflightRoute"]["Properties"])
    assert properties["RouteKey"] == "OPTIONS /logs"
    assert properties["Target"] == "integrations/<ReaderIntegration>"
    assert properties.get("AuthorizationType", "NONE") == "NONE"


@pytest.mark.parametrize(
    "name",
    [
        "ReaderFunction",
        "ReaderRole",
        "ReaderLogGroup",
        "ReaderIntegration",
        "LogsRoute",
        "LogsHeadRoute",
        "LogsPreflightRoute",
        "ReaderInvokePermission",
    ],
)
def test_a_public_stack_has_no_reader(template: Any, name: str) -> None:
    """Where nobody is asked for credentials, nobody reads over HTTP."""
    assert template["Resources"][name]["Condition"] == "Authenticated"


def test_a_public_stack_has_nothing_of_authentication(template: Any) -> None:
    """What authentication needs is made with it alone, so that the public mode can't depend on it."""
    assert template["Resources"]["TokenAuthorizer"]["Condition"] == "Tokens"


def test_the_routes_are_in_the_function(template: Any) -> None:
    """Every method and path goes to it; the gateway asks for tokens everywhere but at the health check, for no key."""
    routes = {
        properties["RouteKey"]: configuration.resolved(template, properties.get("AuthorizationType", "NONE"))
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Route"
        for properties in [resource["Properties"]]
        if "ApiIntegration" in str(properties["Target"])
    }
    assert routes == {"ANY /{proxy+}": "NONE", "ANY /": "NONE", "GET /health": "NONE", "GET /openapi.json": "NONE"}
    template = configuration.template()
    template["Parameters"]["Authentication"]["Default"] = "jwt"
    for name in ("PathsRoute", "RootRoute"):
        properties = configuration.resolved(template, template["Resources"][name]["Properties"])
        assert (properties["AuthorizationType"], properties["AuthorizerId"]) == ("JWT", "<TokenAuthorizer>")


def test_the_consumer_may_do_its_work_and_nothing_else(template: Any) -> None:
    """Its role names each action and each resource; it can neither overwrite nor delete a row."""
    assert _grants(template, "ConsumerRole") == {
        "Queue": {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
            "sqs:SendMessage",
        },
        "DeadLetterQueue": {"sqs:SendMessage"},
        "Table": {"dynamodb:PartiQLInsert", "dynamodb:BatchGetItem"},
        "Stream": {"kinesis:PutRecords"},
        "ConsumerLogGroup": {"logs:CreateLogStream", "logs:PutLogEvents"},
    }


def test_no_name_of_the_engines_is_in_the_template() -> None:
    """What only the engine asks for is granted beside the template."""
    text = TEMPLATE.read_text()
    for operation in grants.OPERATIONS.values():
        assert operation.name not in text


def test_every_function_has_a_role_and_a_log_group_of_its_own(template: Any) -> None:
    """No two functions share a role or a log group."""
    names = ("Ingest", "Consumer", "Reader")
    functions = [_properties(template, f"{name}Function") for name in names]
    assert [f["Role"] for f in functions] == [{"Fn::GetAtt": [f"{name}Role", "Arn"]} for name in names]
    assert [f["LoggingConfig"].pop("LogGroup")["Ref"] for f in functions] == [f"{name}LogGroup" for name in names]
    # Lambda's own lines of what went well cost more than ours; all of ours are INFO or graver.
    quiet = {"LogFormat": "JSON", "SystemLogLevel": "WARN", "ApplicationLogLevel": "INFO"}
    assert [f["LoggingConfig"] for f in functions] == [quiet] * len(names)


def test_the_packages_hold_the_handlers(template: Any) -> None:
    """Each handler of the template is one that a package is built for, and the other way round."""
    handlers = [
        r["Properties"]["Handler"] for r in template["Resources"].values() if "Handler" in r.get("Properties", {})
    ]
    packaged = [f"{module}.handler" for modules in package.HANDLERS.values() for module in modules]
    assert sorted(handlers) == sorted(packaged)


def test_the_outputs_are_those_that_rdp_reads(template: Any) -> None:
    """A stack made of the outputs has every property."""
    deployed = stack.Stack(
        place=stack.Place(), endpoint="https://api", outputs={name: f"<{name}>" for name in template["Outputs"]}
    )
    assert deployed.ingest_url == "https://api/ingest"
    assert (deployed.queue_url, deployed.dlq_url) == ("<QueueUrl>", "<DeadLetterQueueUrl>")
    assert (deployed.stream_name, deployed.table_name) == ("<StreamName>", "<TableName>")
    assert {"ApiId", "ApiEndpoint", "IngestRoleName", "ConsumerRoleName"} <= set(template["Outputs"])


def test_the_template_needs_no_transform(template: Any) -> None:
    """Plain CloudFormation: no macro runs between what is read and what is deployed."""
    assert "Transform" not in template


def test_a_queues_policy_names_that_queue_alone(template: Any) -> None:
    """SQS refuses a statement with a second resource, and local stacks never make the policy: one a queue."""
    covered = []
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::SQS::QueuePolicy":
            (queue,) = resource["Properties"]["Queues"]
            covered.append(queue["Ref"])
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                assert statement["Resource"] == {"Fn::GetAtt": [queue["Ref"], "Arn"]}
    assert sorted(covered) == sorted(n for n, r in template["Resources"].items() if r["Type"] == "AWS::SQS::Queue")


def test_nothing_passes_the_choice_of_the_table_by(template: Any) -> None:
    """Whatever names the stack's own table does it as the alternative to a restored one."""

    def mentions(value: Any, *, chosen: bool = False) -> Iterator[str]:
        if isinstance(value, list):
            for element in value:
                yield from mentions(element, chosen=chosen)
        elif isinstance(value, dict):
            if "Fn::If" in value and value["Fn::If"][0] == "Restored":
                assert "RestoredTableName" in json.dumps(value["Fn::If"][1])
                chosen = True
            for name, element in value.items():
                own = (name == "Ref" and element == "Table") or (name == "Fn::GetAtt" and element[0] == "Table")
                if own and not chosen:
                    yield str(value)
                if name == "Fn::Sub" and "${Table" in json.dumps(element):
                    yield str(element)
                yield from mentions(element, chosen=chosen)

    assert not list(mentions({"Resources": template["Resources"], "Outputs": template["Outputs"]}))


def test_nothing_that_holds_logs_or_keys_depends_on_a_parameter(template: Any) -> None:
    """It would be deleted when its condition no longer holds, and an engine's change set does not say so beforehand."""
    held = {name: r for name, r in template["Resources"].items() if r["Type"] in changeset.STATEFUL}
    assert len(held) >= 5
    assert [name for name, resource in held.items() if "Condition" in resource] == []


def test_what_holds_logs_or_keys_outlives_its_replacement(template: Any) -> None:
    """A property that wants a new queue, stream or table leaves the old one, with what is in it."""
    for name, resource in template["Resources"].items():
        if resource["Type"] in {"AWS::SQS::Queue", "AWS::Kinesis::Stream", "AWS::DynamoDB::Table"}:
            assert resource["UpdateReplacePolicy"] == "Retain", name


def test_an_alarms_time_is_one_that_cloudwatch_evaluates(template: Any) -> None:
    """PutMetricAlarm: a day at most with periods under an hour, seven days with longer ones."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            alarm = resource["Properties"]
            assert alarm["Period"] % 60 == 0
            longest_s = 86_400 if alarm["Period"] < 3600 else 604_800
            assert alarm["Period"] * alarm["EvaluationPeriods"] <= longest_s, name
            assert 1 <= alarm["DatapointsToAlarm"] <= alarm["EvaluationPeriods"], name


def test_the_alarm_on_old_dead_letters_comes_in_time(template: Any) -> None:
    """Also for a log that was in the queue until its last second, which counts: a week before it is deleted.

    It counts messages, not their age: the metric of the age begins at the move and loses what was received three times.
    """
    alarm = _properties(template, "DeadLetterAgeAlarm")
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Statistic"] == "Maximum"  # One visible minute of an hour is enough: no look lasts an hour.
    assert alarm["Period"] == 3600
    in_queue_s = _properties(template, "Queue")["MessageRetentionPeriod"]
    until_alarm_s = alarm["Period"] * alarm["EvaluationPeriods"]
    week_s = 7 * 86_400
    assert _properties(template, "DeadLetterQueue")["MessageRetentionPeriod"] - in_queue_s - until_alarm_s >= week_s


def test_a_look_does_not_end_the_alarm_on_dead_letters(template: Any) -> None:
    """It goes off at the first minute with a visible message and ends after minutes without one."""
    alarm = _properties(template, "DeadLettersAlarm")
    assert (alarm["DatapointsToAlarm"], alarm["Period"]) == (1, 60)
    assert alarm["EvaluationPeriods"] * alarm["Period"] > dead_letters.VISIBILITY_S


def test_the_template_fits_into_an_object(template: Any) -> None:
    """CloudFormation takes 1 MB from S3, and 500 resources. "Understand CloudFormation quotas", November 2026."""
    assert len(template["Resources"]) <= 500
    assert len(TEMPLATE.read_bytes()) <= 1_000_000


def test_a_switch_to_provisioned_keeps_the_shards_of_a_young_stream(template: Any) -> None:
    """An ON_DEMAND stream begins with 4 shards, and UpdateShardCount refuses less than half of them.

    A failed update switches the mode back, and Kinesis allows two switches in 24 hours.
    """
    assert template["Parameters"]["ShardCount"]["Default"] == 4


def test_one_consumer_at_once_is_refused_before_lambda_does(template: Any) -> None:
    """Lambda takes a MaximumConcurrency of 2 to 1,000; 0 is the template's own word for none."""
    assert template["Rules"]["Concurrency"]["Assertions"][0]["Assert"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "MaximumConcurrency"}, "1"]}]
    }


def test_a_limit_of_consumers_can_be_taken_away(template: Any) -> None:
    """Lambda keeps the limit of a mapping whose ScalingConfig is left out; an empty one removes it."""
    _, limited, unlimited = template["Resources"]["QueueMapping"]["Properties"]["ScalingConfig"]["Fn::If"]
    assert limited == {"MaximumConcurrency": {"Ref": "MaximumConcurrency"}}
    assert unlimited == {}


def test_two_stacks_share_no_metric(template: Any) -> None:
    """Each custom metric of the dashboard has the dimensions that the functions' lines have, this stack's name too."""
    written = [
        *ingest_report.rejected_lines(Rejected("empty_text"), stack="s", timestamp_ms=0, properties={}),
        *consumer_report.metrics_lines(
            {}, stack="s", splits=0, end_to_end_ms=[], duration_ms=0, timestamp_ms=0, request_id="r"
        ),
    ]
    directives = [json.loads(line)["_aws"]["CloudWatchMetrics"][0] for line in written]
    assert all("stack" in directive["Dimensions"][0] for directive in directives)
    emitted = {frozenset(directive["Dimensions"][0]) for directive in directives}
    body = json.loads(configuration.resolved(template, _properties(template, "Dashboard")["DashboardBody"]))
    shown = [metric for widget in body["widgets"] for metric in widget["properties"]["metrics"]]
    custom = [metric for metric in shown if metric[0] == NAMESPACE]
    assert len(custom) >= 11
    for metric in custom:
        dimensions = dict(zip(metric[2:-1:2], metric[3::2], strict=False))
        assert dimensions["stack"] == configuration.STACK
        assert frozenset(dimensions) in emitted
    searches = [metric[0]["expression"] for metric in shown if isinstance(metric[0], dict)]
    for search in searches:
        (schema,) = re.findall(r"\{RobustDataProcessor,([^}]+)\}", search)
        assert frozenset(schema.split(",")) in emitted
        assert f'stack="{configuration.STACK}"' in search
    # Ingest and reader both write `rejected`: refused logs and refused reads stand in graphs of their own.
    assert [re.findall(r'service="(\w+)"', search) for search in searches] == [["ingest"], ["reader"]]
