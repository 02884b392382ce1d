"""The pure part of a deployment: a change set's changes, wrong parameters, dangers for logs, and events."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple

from infra import function_settings
from infra.template_parameters import Parameter

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import (
        ChangeTypeDef,
        ParameterTypeDef,
        ResourceChangeTypeDef,
        StackEventTypeDef,
    )

STATEFUL: Final = frozenset({"AWS::SQS::Queue", "AWS::Kinesis::Stream", "AWS::DynamoDB::Table"})
"""The resources that hold logs: if one is replaced or removed, its logs are left behind or lost."""

_NEVER_REPLACES_A_STREAM: Final = frozenset(
    {"RetentionPeriodHours", "ShardCount", "StreamEncryption", "StreamModeDetails", "DesiredShardLevelMetrics"}
)
"""Properties that CloudFormation changes without interruption (AWS::Kinesis::Stream, template reference, November
2026). MiniStack 1.5.33 calls a stream's replacement conditional, whatever changes."""

_KEPT_ON_STREAM: Final = "StreamRetentionHours"
_LAMBDA_TO_VISIBILITY: Final = 6  # "Creating and configuring an Amazon SQS event source mapping", Lambda's guide.
_SURELY_ALIKE: Final = 0.85
"""The least likeness (`difflib`) of a name that was mistyped, and not another word for the same."""
_FIRST_WORD: Final = re.compile("[A-Z][a-z]+")
_LEAST_CONCURRENCY: Final = 2  # ScalingConfig, Lambda's API reference, November 2026.
_MAX_BATCH_WITHOUT_WINDOW: Final = 10  # CreateEventSourceMapping API reference, November 2026.


class Change(NamedTuple):
    """One resource's change: `action` is Add, Modify or Remove; `replacement` is True, False, Conditional or ""."""

    action: str
    logical_id: str
    resource_type: str
    replacement: str

    @property
    def endangers_logs(self) -> bool:
        """Say whether logs are lost, or left behind in a resource that nothing uses any more."""
        gone = self.action == "Remove" or self.replacement in {"True", "Conditional"}
        return gone and self.resource_type in STATEFUL


class Event(NamedTuple):
    """One line of a stack's progress."""

    event_id: str
    logical_id: str
    status: str
    reason: str

    @property
    def failed(self) -> bool:
        """Say whether the resource itself failed; False if it was cancelled because another one failed."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower()

    @property
    def ended(self) -> bool:
        """Say whether the resource's change has ended."""
        return self.status.endswith(("_COMPLETE", "_FAILED"))


def changes(described: Iterable["ChangeTypeDef"]) -> list[Change]:
    """Return the changes of DescribeChangeSet; those that endanger logs come first."""
    found = [
        Change(
            change["ResourceChange"].get("Action", ""),
            change["ResourceChange"].get("LogicalResourceId", ""),
            change["ResourceChange"].get("ResourceType", ""),
            _replacement(change["ResourceChange"]),
        )
        for change in described
    ]
    return sorted(found, key=lambda change: (not change.endangers_logs, change.action, change.logical_id))


def _replacement(change: "ResourceChangeTypeDef") -> str:
    names = {detail.get("Target", {}).get("Name", "") for detail in change.get("Details", [])}
    if change.get("ResourceType") == "AWS::Kinesis::Stream" and names and names <= _NEVER_REPLACES_A_STREAM:
        return "False"
    return change.get("Replacement", "")


def events(described: Iterable["StackEventTypeDef"], known: set[str]) -> list[Event]:
    """Return the events of DescribeStackEvents that are not `known`, the oldest first."""
    found = [
        Event(
            event["EventId"],
            event.get("LogicalResourceId", ""),
            event.get("ResourceStatus", ""),
            event.get("ResourceStatusReason", ""),
        )
        for event in described
        if event["EventId"] not in known
    ]
    return found[::-1]


def parameters(
    given: Mapping[str, str], *, declared: Iterable[str], deployed: Iterable[str]
) -> list["ParameterTypeDef"]:
    """Return CreateChangeSet's parameters: those given, and the deployed stack's values for the other declared ones.

    A parameter that is neither given nor deployed is left out and takes the template's default.
    """
    kept = [name for name in declared if name in set(deployed) and name not in given]
    chosen: list[ParameterTypeDef] = [{"ParameterKey": n, "ParameterValue": v} for n, v in given.items()]
    chosen.extend({"ParameterKey": name, "UsePreviousValue": True} for name in kept)
    return chosen


def objections(values: Mapping[str, str], *, given: Iterable[str], declared: Mapping[str, Parameter]) -> list[str]:
    """Return what is wrong with a deployment's parameters, before anything is deployed.

    `values` are all the parameters' values after the deployment. The functions' own code judges their settings.
    """
    found = [_unknown(name, declared) for name in sorted(set(given) - set(declared))]
    found += [
        f"{name} says where rdp itself has put the packages. `rdp deploy --bucket` names another bucket."
        for name in given
        if name in declared and declared[name].default is None
    ]
    judged = [parameter for parameter in declared.values() if parameter.default is not None]
    found.extend(told for parameter in judged if (told := parameter.objection(values[parameter.name])) is not None)
    return found or [*_misfits(values), *function_settings.objections(values)]


def _unknown(name: str, declared: Iterable[str]) -> str:
    by_lower = {known.lower(): known for known in declared}
    sure = get_close_matches(name.lower(), by_lower, n=1, cutoff=_SURELY_ALIKE)
    first = _FIRST_WORD.match(name)
    family = [known for known in sorted(declared) if first and known.startswith(first[0])]
    alike = [by_lower[known] for known in sure or get_close_matches(name.lower(), by_lower, n=1)]
    meant = " or ".join(alike if sure else family or alike)
    return f"The template has no parameter {name}. " + (
        f"Did you mean {meant}?" if meant else "infra/RUNBOOK.md lists the parameters."
    )


def dangers(changes: Iterable[Change], *, deployed: Mapping[str, str] | None, values: Mapping[str, str]) -> list[str]:
    """Return a sentence for each way in which a deployment would lose logs; a person must agree first.

    `deployed` are the parameters that the stack has (None: no stack), `values` those that it will have.
    """
    found = [
        f"{change.logical_id} is replaced or removed: the logs in it are left behind or deleted."
        for change in changes
        if change.endangers_logs
    ]
    before, after = (deployed or values)[_KEPT_ON_STREAM], values[_KEPT_ON_STREAM]
    if float(after) < float(before):
        found.append(
            f"{_KEPT_ON_STREAM} falls from {before} to {after}: older records are deleted, and no replay can read "
            f"them again."
        )
    return found


def differences(before: Mapping[str, str], after: Mapping[str, str], *, declared: Mapping[str, Parameter]) -> list[str]:
    """Return a sentence for each parameter whose value changes, but not for those that say where the packages are."""
    return [
        f"{name} was {value or '(empty)'} and is now {after[name] or '(empty)'}."
        for name, value in before.items()
        if name in declared and declared[name].default is not None and after[name] != value
    ]


def _misfits(values: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with values that are each valid alone, but do not fit together."""
    if float(values["BatchSize"]) > _MAX_BATCH_WITHOUT_WINDOW and float(values["BatchingWindowSeconds"]) < 1:
        yield f"BatchSize {values['BatchSize']} needs BatchingWindowSeconds of at least 1."
    if 0 < float(most := values["MaximumConcurrency"]) < _LEAST_CONCURRENCY:
        yield f"MaximumConcurrency is {most}; it must be 0 (no limit), or {_LEAST_CONCURRENCY} and more."
    if values["Authentication"] == "jwt" and not (values["JwtIssuer"] and values["JwtAudience"]):
        yield "Authentication=jwt needs JwtIssuer and JwtAudience."


def advice(values: Mapping[str, str]) -> list[str]:
    """Return what AWS would accept but advises against: enough to refuse a deployment there, but not on an engine."""
    timeout_s, visibility_s = float(values["ConsumerTimeoutSeconds"]), float(values["VisibilityTimeoutSeconds"])
    if visibility_s >= _LAMBDA_TO_VISIBILITY * timeout_s:
        return []
    return [
        (
            f"VisibilityTimeoutSeconds is {visibility_s:g}; with ConsumerTimeoutSeconds {timeout_s:g} it must be "
            f"{_LAMBDA_TO_VISIBILITY * timeout_s:g} or more. Otherwise a message comes back while it is being "
            f"processed."
        )
    ]
