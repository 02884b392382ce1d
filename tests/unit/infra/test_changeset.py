"""What a change set says, and what a deployment's parameters must not be."""

from typing import Any

import pytest

from infra import changeset, template_parameters
from infra.changeset import Change, Event
from infra.deployment import TEMPLATE

_DECLARED = template_parameters.read(TEMPLATE.read_text())
_VALUES = {name: parameter.default or "" for name, parameter in _DECLARED.items()}


def _objections(**given: str) -> list[str]:
    values = _VALUES | given
    return changeset.objections(values, given=given, declared=_DECLARED) or changeset.advice(values)


def test_good_parameters_have_no_objections() -> None:
    """The template's defaults, and numbers that fit each other."""
    assert _objections() == []
    assert _objections(ConsumerTimeoutSeconds="100", VisibilityTimeoutSeconds="600") == []
    assert _objections(BatchSize="10") == []
    assert _objections(BatchSize="11", BatchingWindowSeconds="1") == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ConsumerTimeoutSeconds": "51"}, "must be 306 or more"),
        ({"VisibilityTimeoutSeconds": "299"}, "must be 300 or more"),
        ({"BatchSize": "11"}, "needs BatchingWindowSeconds"),
        ({"Nonsense": "1"}, "no parameter Nonsense. infra/RUNBOOK.md lists the parameters."),
        ({"RedactionRule": "1"}, "no parameter RedactionRule. Did you mean RedactionRules?"),
        ({"CrashRate": "1"}, "Did you mean CrashMode or CrashPoint or CrashProbability or CrashSeed?"),
        ({"secondsperchar": "0"}, "Did you mean SecondsPerChar?"),
        ({"IngestCodeKey": "mine.zip"}, "IngestCodeKey says where rdp itself has put the packages"),
        ({"BatchSize": "abc"}, "it must be a number"),
        ({"BatchSize": ""}, "it must be a number"),
        ({"BatchSize": "nan"}, "it must be a number"),
        ({"BatchSize": "0"}, "at least 1 and at most 10000"),
        ({"CrashMode": "loud"}, "one of raise, exit"),
        ({"LogRetentionDays": "2"}, "one of 1, 3, 5"),
        ({"JwtIssuer": "nobody"}, "of the form"),
        ({"Authentication": "jwt"}, "needs JwtIssuer and JwtAudience"),
        ({"MaximumConcurrency": "1"}, "must be 0 (no limit), or 2"),
        ({"RedactionRules": "phone,foo"}, "unknown redaction rule 'foo'"),
        ({"RedactionPatterns": '["("]'}, "is not a regular expression"),
        ({"RedactionPatterns": '["a*"]'}, "matches the empty string"),
        ({"RedactionPatterns": "("}, "must be a JSON list"),
        ({"StreamSubKeys": "1.5"}, "STREAM_SUB_KEYS"),
        ({"RetentionDays": "0.5"}, "RETENTION_DAYS"),
    ],
)
def test_bad_parameters_are_named(given: dict[str, str], words: str) -> None:
    """Before AWS is asked, and with what would be right."""
    objections = _objections(**given)
    assert objections
    assert all(words in objection for objection in objections)


def test_an_update_keeps_what_is_not_given() -> None:
    """What the stack has and the template still declares keeps its value; a new parameter takes its default."""
    chosen = changeset.parameters({"A": "1"}, declared=["A", "B", "New"], deployed=["A", "B", "Gone"])
    assert chosen == [
        {"ParameterKey": "A", "ParameterValue": "1"},
        {"ParameterKey": "B", "UsePreviousValue": True},
    ]


def _described(logical_id: str, action: str, resource_type: str, replacement: str | None = None) -> Any:
    change = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": resource_type}
    return {"ResourceChange": change | ({"Replacement": replacement} if replacement else {})}


def test_what_endangers_logs_comes_first() -> None:
    """A table, queue or stream that is removed or replaced; not one that is only changed, nor a replaced alarm."""
    changes = changeset.changes(
        [
            _described("Alarm", "Modify", "AWS::CloudWatch::Alarm", "True"),
            _described("Queue", "Modify", "AWS::SQS::Queue", "False"),
            _described("Table", "Modify", "AWS::DynamoDB::Table", "Conditional"),
            _described("Stream", "Remove", "AWS::Kinesis::Stream"),
        ]
    )
    assert [(change.logical_id, change.endangers_logs) for change in changes] == [
        ("Table", True),
        ("Stream", True),
        ("Alarm", False),
        ("Queue", False),
    ]
    assert changes[0] == Change("Modify", "Table", "AWS::DynamoDB::Table", "Conditional")


@pytest.mark.parametrize(
    ("properties", "endangers"),
    [
        (["RetentionPeriodHours"], False),
        (["StreamModeDetails", "ShardCount"], False),
        (["RetentionPeriodHours", "Name"], True),
        (["KeySchema"], True),
        ([], True),
    ],
)
def test_a_stream_that_only_changes_its_retention_or_mode_keeps_its_logs(
    properties: list[str], *, endangers: bool
) -> None:
    """Whatever the engine calls its replacement; with another property changed, or none named, its word counts."""
    described = _described("Stream", "Modify", "AWS::Kinesis::Stream", "Conditional")
    described["ResourceChange"]["Details"] = [{"Target": {"Attribute": "Properties", "Name": n}} for n in properties]
    (change,) = changeset.changes([described])
    assert change.endangers_logs is endangers


def test_changed_parameters_are_named() -> None:
    """Not those that are the same, nor those that say where rdp put the packages."""
    before = _VALUES | {"CodeBucket": "rdp-code", "SecondsPerChar": "0", "RedactionRules": ""}
    assert changeset.differences(before, _VALUES, declared=_DECLARED) == [
        "SecondsPerChar was 0 and is now 0.05.",
        "RedactionRules was (empty) and is now phone.",
    ]


def test_what_takes_logs_away_is_asked_for() -> None:
    """What holds them goes, or the stream keeps them for less time than now; a new stack has nothing to lose."""
    stream = Change("Remove", "Stream", "AWS::Kinesis::Stream", "")
    alarm = Change("Remove", "Alarm", "AWS::CloudWatch::Alarm", "")
    less, more = ({"StreamRetentionHours": hours} for hours in ("24", "168"))
    assert changeset.dangers([alarm], deployed=less, values=more) == []
    assert changeset.dangers([alarm], deployed=None, values=less) == []
    goes, falls = changeset.dangers([alarm, stream], deployed=more, values=less)
    assert goes.startswith("Stream is replaced or removed")
    assert falls.startswith("StreamRetentionHours falls from 168 to 24")


def test_events_are_new_ones_in_their_order() -> None:
    """CloudFormation tells the newest first, and the old ones again."""
    described: Any = [
        {
            "EventId": "3",
            "LogicalResourceId": "Queue",
            "ResourceStatus": "CREATE_FAILED",
            "ResourceStatusReason": "No.",
        },
        {"EventId": "2", "LogicalResourceId": "Queue", "ResourceStatus": "CREATE_IN_PROGRESS"},
        {"EventId": "1"},
    ]
    assert changeset.events(described, {"1"}) == [
        Event("2", "Queue", "CREATE_IN_PROGRESS", ""),
        Event("3", "Queue", "CREATE_FAILED", "No."),
    ]


@pytest.mark.parametrize(
    ("status", "reason", "failed"),
    [
        ("CREATE_FAILED", "Invalid value.", True),
        ("DELETE_FAILED", "Deletion protection is enabled.", True),
        ("CREATE_FAILED", "Resource creation cancelled", False),
        ("CREATE_COMPLETE", "", False),
    ],
)
def test_a_cancelled_resource_is_not_the_cause(status: str, reason: str, *, failed: bool) -> None:
    """When one fails, CloudFormation cancels the others: only the first is told."""
    assert Event("1", "Queue", status, reason).failed is failed
