"""The OpenAPI document is true: requests made of it, right ones and wrong ones, get the answers that it describes."""

from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from infra import access

if TYPE_CHECKING:
    from schemathesis import Case

    from tests.e2e.conftest import LocalStack, StartStack

_HELD: Final = [
    check
    for check in CHECKS.get_all()
    if getattr(check, "__name__", "")
    in {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    }
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


def test_all_checks_are_there() -> None:
    """A name that is misspelt would check nothing."""
    assert len(_HELD) == 5


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/ingest"), ("GET", "/logs"), ("GET", "/health"), ("GET", "/openapi.json")]
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
    def check(case: "Case") -> None:
        for credentials in ({"X-Api-Key": both}, {}):
            case.call_and_validate(base_url=stack.stack.endpoint, headers=credentials, checks=_HELD)

    check()
