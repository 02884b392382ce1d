"""What the bench sets on a stack is taken back, because the stack may be in use."""

from types import SimpleNamespace
from typing import Any

import pytest

from bench.deployed import limited_consumers


class _Lambda:
    """One event source mapping."""

    def __init__(self, scaling: dict[str, int] | None) -> None:
        self.mapping: dict[str, Any] = {} if scaling is None else {"ScalingConfig": scaling}

    def get_event_source_mapping(self, **_: str) -> dict[str, Any]:
        """Return the mapping; one without a limit may have no ScalingConfig."""
        return dict(self.mapping)

    def update_event_source_mapping(self, *, ScalingConfig: dict[str, int], **_: str) -> None:  # noqa: N803 - AWS's word
        """Change the limit."""
        self.mapping = {"ScalingConfig": ScalingConfig}


@pytest.mark.parametrize("scaling", [{"MaximumConcurrency": 100}, {}, None])
def test_a_stack_has_its_own_limit_of_consumers_again(scaling: dict[str, int] | None) -> None:
    """Also after a run that fails: a stack in AWS would stay slow without anybody's notice."""
    fake = _Lambda(scaling)
    stack: Any = SimpleNamespace(place=SimpleNamespace(lambda_=fake), outputs={"QueueMappingId": "m"})
    seen = []

    def fail() -> None:
        with limited_consumers(stack, 16):
            seen.append(fake.mapping)
            raise RuntimeError("the run failed")

    with pytest.raises(RuntimeError, match="the run failed"):
        fail()
    assert seen == [{"ScalingConfig": {"MaximumConcurrency": 16}}]
    assert fake.mapping["ScalingConfig"] == (scaling or {})
