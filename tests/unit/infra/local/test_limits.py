"""What the engine can't do."""

import pytest

from infra.local import limits
from infra.stack import StackError


def test_tls_is_refused_with_its_reason() -> None:
    """By value: without it the parameter is as good as any."""
    limits.check({"RequireTls": "false", "BatchSize": "7"})
    with pytest.raises(StackError, match="RequireTls=true: the engine speaks plain HTTP"):
        limits.check({"BatchSize": "7", "RequireTls": "true"})
