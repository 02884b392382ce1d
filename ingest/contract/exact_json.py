"""JSON that keeps every number's value: what no double holds to the digit is a Decimal in between. Pure.

Without this `1764000000.123456789`, a time in nanoseconds, would come back as `1764000000.1234567`.
"""

from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar, overload

import msgspec

T = TypeVar("T")

_encoder = msgspec.json.Encoder(decimal_format="number")


def number(text: str) -> float | Decimal:
    """Return a JSON number with a point or an exponent: a float where its value is the same, else a Decimal.

    Raises:
        msgspec.DecodeError: its exponent is out of all bounds.
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
    """Return a decoder to `type`, in whose untyped parts every number keeps its value."""
    return msgspec.json.Decoder(type, float_hook=number)


encode: Final = _encoder.encode
"""From a value, of JSON's types and Decimal, to UTF-8 JSON."""
