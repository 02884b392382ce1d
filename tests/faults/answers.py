"""What botocore raises, made here as botocore would make it."""

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError


def client_error(operation: str, code: str, status: int = 400) -> ClientError:
    """Return the error of an answer that AWS gave."""
    return ClientError(
        {"Error": {"Code": code, "Message": "as told"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] # botocore's type asks for members that no code reads
        operation,
    )


def read_timeout() -> ReadTimeoutError:
    """Return the error of an answer that never came."""
    return ReadTimeoutError(endpoint_url="https://aws.invalid")


def unreachable() -> EndpointConnectionError:
    """Return the error of a connection that was never made."""
    return EndpointConnectionError(endpoint_url="https://aws.invalid", error="refused")
