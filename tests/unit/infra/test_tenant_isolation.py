"""The tenant reader's policy, decided by an evaluator: own rows and nothing else."""

import json
from typing import Any, Final

import pytest
from ministack.core import iam_evaluator  # type: ignore[import-untyped]

from infra.local import grants
from tests.infra import configuration
from tests.unit.infra.policy import Decision, decide

_ROLE: Final = configuration.template()["Resources"]["TenantReaderRole"]["Properties"]
_POLICIES: Final = [
    configuration.resolved(configuration.template(), policy["PolicyDocument"]) for policy in _ROLE["Policies"]
]
_TRUST: Final = [
    {"Statement": [statement | {"Resource": "*"} for statement in _ROLE["AssumeRolePolicyDocument"]["Statement"]]}
]
_TABLE: Final = "<Table>"  # As `configuration.resolved` writes the table's ARN.

_CASES: Final[list[tuple[str, list[str] | None, str, Decision]]] = [
    # action, leading keys of the request, resource, decision
    ("GetItem", ["acme"], _TABLE, "allow"),
    ("Query", ["acme"], _TABLE, "allow"),
    ("BatchGetItem", ["acme"], _TABLE, "allow"),
    ("BatchGetItem", ["acme", "acme"], _TABLE, "allow"),
    ("GetItem", ["zeta"], _TABLE, "implicit deny"),
    ("Query", ["zeta"], _TABLE, "implicit deny"),
    ("BatchGetItem", ["zeta"], _TABLE, "implicit deny"),
    ("BatchGetItem", ["acme", "zeta"], _TABLE, "implicit deny"),
    ("BatchGetItem", ["zeta", "acme"], _TABLE, "implicit deny"),
    ("GetItem", ["ACME"], _TABLE, "implicit deny"),
    ("GetItem", ["acme2"], _TABLE, "implicit deny"),
    ("GetItem", [""], _TABLE, "implicit deny"),
    ("GetItem", None, _TABLE, "implicit deny"),
    ("Query", None, _TABLE, "implicit deny"),
    ("Scan", None, _TABLE, "implicit deny"),
    ("Scan", ["acme"], _TABLE, "implicit deny"),
    ("PartiQLSelect", ["acme"], _TABLE, "implicit deny"),
    ("PartiQLSelect", None, _TABLE, "implicit deny"),
    ("Query", ["acme"], f"{_TABLE}/index/by_arrival", "allow"),
    ("Query", ["acme"], f"{_TABLE}/index/by_late", "allow"),
    ("Query", ["zeta"], f"{_TABLE}/index/by_arrival", "implicit deny"),
    ("Query", ["zeta"], f"{_TABLE}/index/by_late", "implicit deny"),
    ("Query", None, f"{_TABLE}/index/by_arrival", "implicit deny"),
    ("Scan", ["acme"], f"{_TABLE}/index/by_arrival", "implicit deny"),
    ("Query", ["acme"], f"{_TABLE}/index/by_time", "implicit deny"),
    ("GetItem", ["acme"], "arn:aws:dynamodb:us-east-1:000000000000:table/other", "implicit deny"),
    *(
        (action, ["acme"], _TABLE, "implicit deny")
        for action in ("PutItem", "UpdateItem", "DeleteItem", "PartiQLInsert")
    ),
    *(
        (action, None, _TABLE, "implicit deny")
        for action in ("DescribeTable", "ExportTableToPointInTime", "GetRecords")
    ),
]


def _context(keys: list[str] | None, tenant: str | None = "acme") -> dict[str, Any]:
    context: dict[str, Any] = {} if keys is None else {"dynamodb:LeadingKeys": keys}
    return context | ({} if tenant is None else {"aws:PrincipalTag/tenant_id": tenant})


@pytest.mark.parametrize(("action", "keys", "resource", "decision"), _CASES)
def test_own_rows_and_nothing_else(action: str, keys: list[str] | None, resource: str, decision: Decision) -> None:
    """Own key, other key, missing key, several keys, Scan, PartiQL, index, other table, writes."""
    decided = decide(_POLICIES, action=f"dynamodb:{action}", resource=resource, context=_context(keys))
    assert decided == decision


@pytest.mark.parametrize(("action", "keys", "resource", "decision"), _CASES)
def test_a_second_evaluator_agrees(action: str, keys: list[str] | None, resource: str, decision: Decision) -> None:
    """The engine's evaluator, written by others, given the key that the engine itself does not know."""
    # It has no policy variables: the session's tenant is written into the policy.
    written = json.loads(json.dumps(_POLICIES).replace("${aws:PrincipalTag/tenant_id}", "acme"))
    request = iam_evaluator.EvalContext(
        principal_arn="arn:aws:sts::000000000000:assumed-role/reader/acme",
        principal_type="AssumedRole",
        principal_account="000000000000",
        action=f"dynamodb:{action}",
        resource_arn=resource,
        region="us-east-1",
        service_context={} if keys is None else {"dynamodb:leadingkeys": keys},
    )
    result = iam_evaluator.evaluate(request, [iam_evaluator.parse_policy_document(policy) for policy in written])
    assert result.decision == {"allow": "Allow", "implicit deny": "ImplicitDeny"}[decision]


@pytest.mark.parametrize("tenant", [None, "", "*", "acm?", "zeta"])
def test_another_or_no_tenant_in_the_session_reads_nothing_of_acme(tenant: str | None) -> None:
    """Also a tag that would be a wildcard: it is compared as it stands."""
    for action in ("GetItem", "BatchGetItem", "Query"):
        context = _context(["acme"], tenant)
        assert decide(_POLICIES, action=f"dynamodb:{action}", resource=_TABLE, context=context) == "implicit deny"


@pytest.mark.parametrize(
    ("tags", "decision"),
    [
        ({"tenant_id": "acme"}, "allow"),
        ({}, "implicit deny"),
        ({"tenant_id": ""}, "implicit deny"),
        ({"tenant": "acme"}, "implicit deny"),
        ({"tenant_id": "acme", "admin": "yes"}, "implicit deny"),
    ],
)
def test_a_session_must_name_a_tenant_and_nothing_else(tags: dict[str, str], decision: Decision) -> None:
    """The role's trust policy: without the tag nobody can assume it."""
    context: dict[str, Any] = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    if tags:
        context["aws:TagKeys"] = list(tags)
    for action in ("sts:AssumeRole", "sts:TagSession"):
        assert decide(_TRUST, action=action, resource="*", context=context) == decision


def test_no_other_role_reads_rows_by_scan_or_query() -> None:
    """Of the template's roles only the reader and the tenant reader may Query, and none may Scan."""
    template = configuration.template()
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            documents = [
                configuration.resolved(template, policy["PolicyDocument"])
                for policy in resource["Properties"]["Policies"]
            ]
            for action in (
                "dynamodb:Scan",
                "dynamodb:PartiQLSelect",
                *(["dynamodb:Query"] * (name not in {"ReaderRole", "TenantReaderRole"})),
            ):
                assert decide(documents, action=action, resource=_TABLE, context=_context(["acme"])) == "implicit deny"


def test_only_the_local_grants_drop_the_condition() -> None:
    """The engine's substitute of the policy is made beside the template, and grants the same three actions."""
    translated = grants.engine_policy(_POLICIES[0])
    assert translated is not None
    (statement,) = translated["Statement"]
    assert set(statement["Action"]) == {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
    assert statement["Resource"] == [_TABLE, f"{_TABLE}/index/by_arrival", f"{_TABLE}/index/by_late"]
