"""What AWS would refuse half through: names, and a stream's shards."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from infra import refusals_ahead
from infra.refusals_ahead import shard_objection

if TYPE_CHECKING:
    from infra.stack import Place


class Kinesis:
    """A stream with so many open shards."""

    def __init__(self, is_open: int) -> None:
        self.is_open = is_open
        self.asked: list[str] = []

    def describe_stream_summary(self, *, StreamName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """What the summary says."""
        self.asked.append(StreamName)
        return {"StreamDescriptionSummary": {"OpenShardCount": self.is_open}}


class CloudFormation:
    """A stack with its stream."""

    def describe_stacks(self, **_request: Any) -> dict[str, Any]:
        """Its outputs."""
        return {"Stacks": [{"Outputs": [{"OutputKey": "StreamName", "OutputValue": "the-stream"}]}]}


def objections(
    *, name: str = "rdp", is_open: int = 4, deployed: dict[str, str] | None, values: dict[str, str]
) -> tuple[list[str], list[str]]:
    """Return what is objected, and the streams that were asked about."""
    kinesis = Kinesis(is_open)
    place = cast("Place", SimpleNamespace(kinesis=kinesis, cloudformation=CloudFormation()))
    return refusals_ahead.objections(place, name, deployed=deployed, values=values), kinesis.asked


@pytest.mark.parametrize(
    ("is_open", "wanted", "is_fine"),
    [
        (4, 2, True),
        (4, 8, True),
        (4, 1, False),
        (4, 9, False),
        (5, 2, False),
        (5, 3, True),
        (1, 1, True),
        (1, 3, False),
    ],
)
def test_from_half_to_double(is_open: int, wanted: int, *, is_fine: bool) -> None:
    """UpdateShardCount's own rule."""
    assert (shard_objection(is_open=is_open, wanted=wanted) is None) == is_fine


def test_what_works_is_named() -> None:
    """The message names the present number of shards and the allowed range."""
    told = shard_objection(is_open=9, wanted=4) or ""
    assert "9 open shards" in told
    assert "from 5 to 18" in told
    assert "ShardCount=9" in told


@pytest.mark.parametrize(
    ("deployed", "values", "asked"),
    [
        (("ON_DEMAND", "4"), ("PROVISIONED", "4"), True),
        (("PROVISIONED", "4"), ("PROVISIONED", "2"), True),
        (("PROVISIONED", "4"), ("PROVISIONED", "4"), False),
        (("PROVISIONED", "4"), ("ON_DEMAND", "1"), False),
        (None, ("PROVISIONED", "1"), False),
    ],
)
def test_kinesis_is_asked_where_a_deployment_changes_shards(
    deployed: tuple[str, str] | None, values: tuple[str, str], *, asked: bool
) -> None:
    """A new stack has no stream yet, and what stays is right already."""
    names = ("StreamMode", "ShardCount")
    found, streams = objections(
        is_open=40,
        deployed=None if deployed is None else dict(zip(names, deployed, strict=True)),
        values=dict(zip(names, values, strict=True)),
    )
    assert (streams == ["the-stream"]) == asked
    assert bool(found) == asked


def test_a_name_that_lambda_could_not_add_to_is_refused() -> None:
    """55 characters work, 56 do not."""
    values = {"StreamMode": "ON_DEMAND", "ShardCount": "4"}
    assert objections(name="a" * 55, deployed=None, values=values)[0] == []
    assert "56 characters" in objections(name="a" * 56, deployed=None, values=values)[0][0]
