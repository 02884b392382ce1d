"""JSON that keeps every number's value: a number that no double holds exactly is decoded as a Decimal. Pure.

As a double, `1764000000.123456789`, a time to the nanosecond, would be encoded again as `1764000000.1234567`.
"""

from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar, overload

import msgspec

T = TypeVar("T")

_encoder = msgspec.json.Encoder(decimal_format="number")


def number(text: str) -> float | Decimal:
    """Return a JSON number with a point or an exponent: a float if that has the same value, else a Decimal.

    Raises:
        msgspec.DecodeError: the exponent has more than 18 digits.
    """
    double = float(text)
    if (shortest := repr(double)) == text:  # Nearly always.
        return double
    try:
        exact = Decimal(text)
    except InvalidOperation as error:  # An exponent of more than 18 digits.
        raise msgspec.DecodeError("a number beyond all numbers") from error
    return double if Decimal(shortest) == exact else exact


@overload
def decoder() -> "msgspec.json.Decoder[Any]": ...
@overload
def decoder(type: type[T]) -> "msgspec.json.Decoder[T]": ...
def decoder(type: Any = Any) -> "msgspec.json.Decoder[Any]":  # noqa: A002 - msgspec's name
    """Return a decoder to `type`; numbers in its untyped parts keep their value."""
    return msgspec.json.Decoder(type, float_hook=number)


encode: Final = _encoder.encode
"""From a value of JSON's types, and Decimal, to UTF-8 JSON."""
