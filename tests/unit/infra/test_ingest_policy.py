"""What ingest's role may do in the table that holds the API keys: find one, count, and nothing that makes or lists."""

from typing import Any, Final

import pytest

from infra.local import grants
from ingest.access.keys import access_id
from tests.infra import configuration
from tests.unit.infra.policy import Decision, decide

_TABLE: Final = "<AccessTable>"  # As `configuration.resolved` writes the table's ARN.


def _policy() -> Any:
    """Return the policy's statements of a stack with authentication."""
    template = configuration.template()
    template["Parameters"]["Authentication"]["Default"] = "api_key"
    (policy,) = template["Resources"]["IngestRole"]["Properties"]["Policies"]
    return configuration.resolved(template, policy["PolicyDocument"])


@pytest.mark.parametrize(
    ("action", "keys", "decision"),
    [
        ("UpdateItem", ["quota#acme#29924950"], "allow"),
        ("UpdateItem", [access_id("rdp_0a1b2c3d_secret")], "implicit deny"),
        ("UpdateItem", ["quota#acme#29924950", access_id("rdp_0a1b2c3d_secret")], "implicit deny"),
        ("UpdateItem", ["quota"], "implicit deny"),
        ("UpdateItem", None, "implicit deny"),
        ("PutItem", ["quota#acme#29924950"], "implicit deny"),
        ("GetItem", [access_id("rdp_0a1b2c3d_secret")], "allow"),
        ("GetItem", ["quota#acme#29924950"], "implicit deny"),
        ("GetItem", ["key"], "implicit deny"),
        ("GetItem", None, "implicit deny"),
        ("PutItem", [access_id("rdp_0a1b2c3d_secret")], "implicit deny"),
        ("DeleteItem", [access_id("rdp_0a1b2c3d_secret")], "implicit deny"),
        ("Query", [access_id("rdp_0a1b2c3d_secret")], "implicit deny"),
        ("Scan", None, "implicit deny"),
    ],
)
def test_ingest_counts_and_makes_no_key(action: str, keys: list[str] | None, decision: Decision) -> None:
    """UpdateItem creates a missing item: without the condition, ingest's role could create a key for a stranger."""
    context = {} if keys is None else {"dynamodb:LeadingKeys": keys}
    assert decide([_policy()], action=f"dynamodb:{action}", resource=_TABLE, context=context) == decision


def test_the_engine_gets_the_same_without_the_condition() -> None:
    """It does not know LeadingKeys and would refuse what depends on it."""
    policy = grants.engine_policy(_policy())
    assert policy is not None
    for action in ("GetItem", "UpdateItem"):
        assert {"Effect": "Allow", "Action": [f"dynamodb:{action}"], "Resource": _TABLE} in policy["Statement"]
