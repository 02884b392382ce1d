"""The OpenAPI document is true: requests made of it, right ones and wrong ones, get the answers that it describes."""

from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra import access

if TYPE_CHECKING:
    from schemathesis import Case

    from tests.e2e.conftest import LocalStack, StartStack

_HELD: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_EXAMPLES: Final = 30


@pytest.fixture(scope="module")
def stack(start_stack: "StartStack") -> "LocalStack":
    """Start a stack with a reader."""
    return start_stack({"Authentication": "api_key"})


@pytest.fixture(scope="module")
def document(stack: "LocalStack") -> Any:
    """Return the document as the stack serves it."""
    answer = stack.request("GET", "/openapi.json")
    assert answer.status == 200
    return answer.body


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        ("POST", "/ingest", GenerationMode.POSITIVE),
        ("POST", "/ingest", GenerationMode.NEGATIVE),
        ("GET", "/logs", GenerationMode.POSITIVE),
        ("GET", "/logs", GenerationMode.NEGATIVE),
        ("GET", "/health", GenerationMode.POSITIVE),  # There is nothing in it to be wrong.
        ("GET", "/openapi.json", GenerationMode.POSITIVE),
    ],
)
def test_the_answers_are_those_described(
    stack: "LocalStack", document: Any, method: str, path: str, mode: GenerationMode
) -> None:
    """Status, type, headers and body, with good credentials and without any; and nothing is a server's error."""
    _, both = access.create(stack.stack, "described", "", ["read", "write"])
    operation = schemathesis.openapi.from_dict(document)[path][method]

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        derandomize=True,
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: "Case[Any]") -> None:
        for credentials in ({"X-Api-Key": both}, {}):
            case.call_and_validate(base_url=stack.stack.endpoint, headers=credentials, checks=_HELD)

    check()
