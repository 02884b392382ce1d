"""A client's value as the type that the contract asks for. Pure."""

from typing import Any

import msgspec

from ingest.contract.errors import Rejected, RejectReason


def checked(value: Any, contract: Any, reason: RejectReason) -> Any:
    """Return the value as msgspec converts it to the type `contract`.

    Raises:
        Rejected: with `reason`, if the value is not of that type.
    """
    try:
        return msgspec.convert(value, contract)
    except msgspec.ValidationError as error:
        raise Rejected(reason) from error
