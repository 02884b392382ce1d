"""Exceptions as botocore raises them."""

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError


def client_error(operation: str, code: str, status: int = 400) -> ClientError:
    """Return the error for an error answer of AWS."""
    return ClientError(
        {"Error": {"Code": code, "Message": "as told"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] # botocore's type asks for members that no code reads
        operation,
    )


def read_timeout() -> ReadTimeoutError:
    """Return the error for an answer that never came."""
    return ReadTimeoutError(endpoint_url="https://aws.invalid")


def unreachable() -> EndpointConnectionError:
    """Return the error for a connection that could not be made."""
    return EndpointConnectionError(endpoint_url="https://aws.invalid", error="refused")
