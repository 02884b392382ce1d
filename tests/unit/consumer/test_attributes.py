"""Attribute values for every JSON value, and for numbers that DynamoDB cannot hold."""

from decimal import Decimal
from typing import Any

import pytest

from consumer.attributes import attribute_value, plain_value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", {"S": ""}),
        ("text", {"S": "text"}),
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (None, {"NULL": True}),
        (0, {"N": "0"}),
        (-7, {"N": "-7"}),
        (0.1, {"N": "0.1"}),
        (-0.0, {"N": "-0.0"}),
        (1e22, {"N": "1e+22"}),
        ([], {"L": []}),
        ({}, {"M": {}}),
        ({"a": [1, {"b": None}]}, {"M": {"a": {"L": [{"N": "1"}, {"M": {"b": {"NULL": True}}}]}}}),
    ],
)
def test_json_values(value: Any, expected: object) -> None:
    """Each JSON type has its attribute type, and a boolean is not a number."""
    assert attribute_value(value) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10**38, "1" + "0" * 38),
        (-(10**38), "-1" + "0" * 38),
        (1e126, "1e+126"),
        (1e-131, "1e-131"),
    ],
)
def test_a_number_beyond_dynamodb_becomes_its_text(value: float, text: str) -> None:
    """A number that DynamoDB cannot hold becomes a text, so that its log can be stored."""
    assert attribute_value(value) == {"S": text}


def test_the_largest_numbers_stay_numbers() -> None:
    """Numbers up to DynamoDB's limits, 38 digits and 9.9E125, stay numbers."""
    assert attribute_value(10**38 - 1) == {"N": "9" * 38}
    assert attribute_value(9.9e125) == {"N": "9.9e+125"}


def test_what_json_does_not_know_is_refused() -> None:
    """A value that JSON does not have is a TypeError, because only a bug brings one."""
    with pytest.raises(TypeError, match="set"):
        attribute_value({1})


@pytest.mark.parametrize("number", ["1e400", "-1e999999999999999", "1e-999999999999999", "0." + "1" * 39])
def test_a_decimal_that_dynamodb_cannot_hold_becomes_its_text(number: str) -> None:
    """A decimal that DynamoDB cannot hold becomes a text, whatever its exponent."""
    assert attribute_value(Decimal(number)) == {"S": str(Decimal(number))}


@pytest.mark.parametrize("number", ["1764000000.123456789", "9.912345678901234567890E+120", "0." + "1" * 38])
def test_a_decimal_keeps_its_digits(number: str) -> None:
    """A decimal too long for a double stays a number and is read back unchanged."""
    assert plain_value(attribute_value(Decimal(number))) == Decimal(number)
