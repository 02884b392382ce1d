"""The policy evaluator of these tests against the examples of AWS's own documentation."""

from typing import Any

import pytest

from tests.unit.infra.policy import Decision, decide

_ANY: dict[str, Any] = {"action": "iam:TagRole", "resource": "arn:aws:iam::111122223333:role/r"}


def _policy(condition: Any, effect: str = "Allow", action: str = "iam:Tag*", resource: str = "*") -> Any:
    return {"Statement": {"Effect": effect, "Action": action, "Resource": resource, "Condition": condition}}


@pytest.mark.parametrize(
    ("tag_keys", "decision"),
    [
        (["key1:legal"], "implicit deny"),
        (["key1:hr", "key1:personnel"], "implicit deny"),
        (["key2:audit"], "explicit deny"),
        (["key1:legal", "key2:audit"], "implicit deny"),
        ([], "explicit deny"),
        (None, "explicit deny"),
    ],
)
def test_for_all_values_is_true_of_no_value(tag_keys: list[str] | None, decision: Decision) -> None:
    """IAM guide, multivalued context key examples, ForAllValues: each value must match, and no value does."""
    policy = _policy({"ForAllValues:StringNotLike": {"aws:TagKeys": "key1*"}}, effect="Deny")
    context = {} if tag_keys is None else {"aws:TagKeys": tag_keys}
    assert decide([policy], context=context, **_ANY) == decision


@pytest.mark.parametrize(
    ("tag_keys", "decision"),
    [(["key1:a", "key3:b"], "explicit deny"), (["key1:a", "other"], "implicit deny"), (None, "implicit deny")],
)
def test_null_false_asks_for_the_key(tag_keys: list[str] | None, decision: Decision) -> None:
    """The same page's policy with Null: a missing key no longer matches."""
    policy = _policy(
        {
            "Null": {"aws:TagKeys": "false"},
            "ForAllValues:StringLike": {"aws:TagKeys": ["key1*", "key2*", "key3*"]},
        },
        effect="Deny",
    )
    context = {} if tag_keys is None else {"aws:TagKeys": tag_keys}
    assert decide([policy], context=context, **_ANY) == decision


@pytest.mark.parametrize(
    ("tag_keys", "decision"),
    [
        (["environment"], "explicit deny"),
        (["costcenter", "webserver"], "explicit deny"),
        (["costcenter"], "implicit deny"),
        (None, "implicit deny"),
    ],
)
def test_for_any_value_needs_one(tag_keys: list[str] | None, decision: Decision) -> None:
    """The same page, ForAnyValue: one of the request's values is enough, and none is not."""
    policy = _policy({"ForAnyValue:StringEquals": {"aws:TagKeys": ["environment", "webserver"]}}, effect="Deny")
    context = {} if tag_keys is None else {"aws:TagKeys": tag_keys}
    assert decide([policy], context=context, **_ANY) == decision


@pytest.mark.parametrize(
    ("key", "decision"),
    [
        ("arn:aws:s3:::amzn-s3-demo-bucket/jane/file", "allow"),
        ("arn:aws:s3:::amzn-s3-demo-bucket/john/file", "implicit deny"),
        ("arn:aws:s3:::amzn-s3-demo-bucket/jane", "implicit deny"),
    ],
)
def test_a_variable_is_the_callers_value(key: str, decision: Decision) -> None:
    """IAM guide, policy variables: each user has the folder of the own name."""
    policy = _policy({}, action="s3:*", resource="arn:aws:s3:::amzn-s3-demo-bucket/${aws:username}/*")
    assert decide([policy], action="s3:GetObject", resource=key, context={"aws:username": "jane"}) == decision


def test_a_variable_without_a_value_matches_nothing() -> None:
    """IAM guide, policy variables: a statement whose variable the request has no value for does not match."""
    policy = _policy({}, action="s3:*", resource="arn:aws:s3:::b/${aws:username}")
    assert decide([policy], action="s3:GetObject", resource="arn:aws:s3:::b/") == "implicit deny"


def test_a_variables_asterisk_is_no_wildcard() -> None:
    """A user named `*` is not every user."""
    policy = _policy({}, action="s3:*", resource="arn:aws:s3:::b/${aws:username}")
    resource = {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/jane"}
    assert decide([policy], context={"aws:username": "*"}, **resource) == "implicit deny"
    assert (
        decide([policy], action="s3:GetObject", resource="arn:aws:s3:::b/*", context={"aws:username": "*"}) == "allow"
    )


def test_a_deny_overrides_an_allow() -> None:
    """IAM guide, evaluation logic: explicit deny, then allow, then implicit deny."""
    allow, deny = _policy({}), _policy({}, effect="Deny")
    assert decide([allow], **_ANY) == "allow"
    assert decide([allow, deny], **_ANY) == "explicit deny"
    assert decide([], **_ANY) == "implicit deny"


@pytest.mark.parametrize(
    ("user", "operation", "keys", "decision"),
    [
        ("u1", "GetItem", ["u1"], "allow"),
        ("u1", "BatchGetItem", ["u1", "u1"], "allow"),
        ("u1", "BatchGetItem", ["u1", "u2"], "implicit deny"),
        ("u1", "Query", ["u2"], "implicit deny"),
        ("u1", "Scan", None, "implicit deny"),
    ],
)
def test_leading_keys_limit_to_the_own_key(
    user: str, operation: str, keys: list[str] | None, decision: Decision
) -> None:
    """DynamoDB guide, fine-grained access control, example 1: users reach the items of their own id."""
    policy = _policy(
        {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${www.amazon.com:user_id}"]}},
        resource="arn:aws:dynamodb:us-west-2:123456789012:table/GameScores",
    )
    policy["Statement"]["Action"] = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"]
    context: dict[str, Any] = {"www.amazon.com:user_id": user} | ({"dynamodb:LeadingKeys": keys} if keys else {})
    resource = "arn:aws:dynamodb:us-west-2:123456789012:table/GameScores"
    assert decide([policy], action=f"dynamodb:{operation}", resource=resource, context=context) == decision


def test_what_it_does_not_know_is_an_error() -> None:
    """An unknown element or operator is never taken for a match or for none."""
    with pytest.raises(AssertionError):
        decide([{"Statement": {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}}], **_ANY)
    with pytest.raises(KeyError):
        decide([_policy({"NumericLessThan": {"s3:max-keys": "10"}})], **_ANY)
