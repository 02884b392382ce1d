"""A small evaluator of IAM identity policies, for what this project's policies use; tested against AWS's own examples.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html (explicit deny, then allow,
else implicit deny), .../reference_policies_condition-single-vs-multi-valued-context-keys.html (ForAllValues is true of
no value at all), .../reference_policies_variables.html (a variable without a value matches nothing).
What it does not know, it refuses with an error rather than guess.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

Decision = Literal["allow", "explicit deny", "implicit deny"]
Context = Mapping[str, str | Sequence[str]]

_VARIABLE = re.compile(r"\$\{([^}*?]+)\}")


def decide(
    policies: Sequence[Mapping[str, Any]], *, action: str, resource: str, context: Context | None = None
) -> Decision:
    """Return the decision on one request. `context` has the condition keys; their names' case does not matter."""
    keys = {name.lower(): value for name, value in (context or {}).items()}
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in _listed(policy["Statement"])
        if _matches(statement, action, resource, keys)
    }
    if "Deny" in effects:
        return "explicit deny"
    return "allow" if "Allow" in effects else "implicit deny"


def _matches(statement: Mapping[str, Any], action: str, resource: str, keys: Context) -> bool:
    unknown = set(statement) - {"Sid", "Effect", "Action", "Resource", "Condition", "Principal"}
    assert not unknown, unknown
    return (
        any(_like(action.lower(), pattern.lower()) for pattern in _listed(statement["Action"]))
        and any(
            (pattern := _substituted(str(written), keys, escape=True)) is not None and _like(resource, pattern)
            for written in _listed(statement["Resource"])
        )
        and all(
            _holds(operator, key, _listed(values), keys)
            for operator, conditions in statement.get("Condition", {}).items()
            for key, values in conditions.items()
        )
    )


def _holds(written: str, key: str, values: Sequence[Any], keys: Context) -> bool:
    set_operator, _, name = written.rpartition(":")
    actual = keys.get(key.lower())
    if name == "Null":
        return any((actual is None) == (str(value).lower() == "true") for value in values)
    test = _TESTS[name]
    expected = [text for value in values if (text := _substituted(str(value), keys, escape="Like" in name)) is not None]
    if set_operator == "ForAllValues":
        return all(any(test(value, e) for e in expected) for value in _listed(actual))
    if set_operator == "ForAnyValue":
        return any(test(value, e) for value in _listed(actual) for e in expected)
    assert not set_operator, set_operator
    return isinstance(actual, str) and any(test(actual, e) for e in expected)


def _substituted(text: str, keys: Context, *, escape: bool) -> str | None:
    """Return the text with the policy's variables replaced, or None when one has no single value.

    What a variable brings is text: with `escape` its own * and ? are written so that they are no wildcards.
    """
    values = {name: keys.get(name.lower()) for name in _VARIABLE.findall(text)}
    if not all(isinstance(value, str) for value in values.values()):
        return None

    def value(match: re.Match[str]) -> str:
        brought = str(values[match.group(1)])
        return re.sub(r"([*?])", r"${\1}", brought) if escape else brought

    return _VARIABLE.sub(value, text)


def _like(value: str, pattern: str) -> bool:
    def piece(part: str) -> str:
        if escaped := re.fullmatch(r"\$\{([*?])\}", part):
            return re.escape(escaped.group(1))
        return {"*": ".*", "?": "."}.get(part) or re.escape(part)

    parts = re.split(r"(\$\{[*?]\}|[*?])", pattern)
    return re.fullmatch("".join(map(piece, parts)), value, re.DOTALL) is not None


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return []
    return value if isinstance(value, list | tuple) else [value]


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": operator.eq,
    "StringNotLike": lambda actual, expected: not _like(actual, expected),
    "StringLike": _like,
    "Bool": lambda actual, expected: actual.lower() == expected.lower(),
}
