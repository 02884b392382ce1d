"""A stack found by what made it."""

import json

import pytest

from infra import stack
from infra.stack import StackError


def test_terraforms_outputs_have_the_templates_names() -> None:
    """Snake case becomes the template's; an output without a value is left out."""
    shown = {
        "api_endpoint": {"value": "https://api", "type": "string"},
        "dead_letter_queue_url": {"value": "https://dlq"},
        "access_table_name": {"value": None},
    }
    found = stack.from_terraform(stack.Place(), json.dumps(shown))
    assert found.ingest_url == "https://api/ingest"
    assert found.dlq_url == "https://dlq"
    assert set(found.outputs) == {"ApiEndpoint", "DeadLetterQueueUrl"}


@pytest.mark.parametrize("shown", ["", "[]", "{}", '{"api_endpoint": 1}', '{"other": {"value": "x"}}'])
def test_anything_else_is_refused_in_words(shown: str) -> None:
    """Another configuration's outputs, or no outputs at all."""
    with pytest.raises(StackError, match=r"terraform"):
        stack.from_terraform(stack.Place(), shown)
