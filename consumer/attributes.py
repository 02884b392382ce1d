"""JSON values as DynamoDB's attribute values, and back. Pure."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# DynamoDB's numbers: 38 digits, magnitudes of 1E-130 to 9.9E+125 (developer guide, "Naming rules and data types").
_MAX_INTEGER: Final = 10**38
_MAX_FLOAT: Final = 9.9e125
_MIN_FLOAT: Final = 1e-130
_MAX_DIGITS: Final = 38
_MAX_DECIMAL: Final = Decimal("9.9E+125")
_MIN_DECIMAL: Final = Decimal("1E-130")


def attribute_value(value: Any) -> "AttributeValueTypeDef":  # noqa: PLR0911 - one return per JSON type
    """Return `value`, of JSON's types, as an attribute value.

    A number that DynamoDB can't hold becomes its text: one odd extra field must not make its log unstorable.

    Raises:
        TypeError: not one of JSON's types.
    """
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)} if abs(value) < _MAX_INTEGER else {"S": str(value)}
        case float():
            holds = value == 0 or _MIN_FLOAT <= abs(value) <= _MAX_FLOAT
            return {"N": repr(value)} if holds else {"S": repr(value)}
        case Decimal():
            digits = len(value.as_tuple().digits)
            holds = digits <= _MAX_DIGITS and (value == 0 or _MIN_DECIMAL <= value.copy_abs() <= _MAX_DECIMAL)
            return {"N": str(value)} if holds else {"S": str(value)}
        case None:
            return {"NULL": True}
        case list():
            return {"L": [attribute_value(element) for element in value]}
        case dict():
            return {"M": {name: attribute_value(element) for name, element in value.items()}}
        case _:
            raise TypeError(f"no JSON value: {type(value).__name__}")


def plain_value(attribute: "Mapping[str, Any]") -> Any:
    """Return the JSON value of an attribute value, the reverse of `attribute_value`.

    A number keeps its value, not its spelling. It is a Decimal if a double would change its digits.

    Raises:
        TypeError: the attribute has a type that no log uses: another program wrote it.
    """
    match attribute:
        case {"S": str(text)}:
            return text
        case {"N": str(number)}:
            return _number(number)
        case {"BOOL": bool(truth)}:
            return truth
        case {"NULL": _}:
            return None
        case {"L": list(elements)}:
            return [plain_value(element) for element in elements]
        case {"M": dict(members)}:
            return {name: plain_value(member) for name, member in members.items()}
        case _:
            raise TypeError(f"no attribute of a log: {sorted(attribute)}")


def _number(text: str) -> int | float | Decimal:
    exact = Decimal(text)
    if exact == exact.to_integral_value() and "." not in text and "E" not in text.upper():
        return int(text)
    double = float(text)
    return double if Decimal(repr(double)) == exact else exact
