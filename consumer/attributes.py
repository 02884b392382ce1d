"""JSON values as DynamoDB's attribute values. Pure."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# DynamoDB's numbers: 38 digits, magnitudes of 1E-130 to 9.9E+125 (developer guide, "Naming rules and data types").
_MAX_INTEGER: Final = 10**38
_MAX_FLOAT: Final = 9.9e125
_MIN_FLOAT: Final = 1e-130


def attribute_value(value: Any) -> "AttributeValueTypeDef":  # noqa: PLR0911 - one return a JSON type
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
        case None:
            return {"NULL": True}
        case list():
            return {"L": [attribute_value(element) for element in value]}
        case dict():
            return {"M": {name: attribute_value(element) for name, element in value.items()}}
        case _:
            raise TypeError(f"no JSON value: {type(value).__name__}")
