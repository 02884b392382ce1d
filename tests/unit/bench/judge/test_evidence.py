"""What the judge reads of a stack, where AWS is slower than the engine."""

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from bench.judge.evidence import get_records

_PAGE = {"Records": [], "MillisBehindLatest": 0}


@pytest.mark.parametrize("throttles", [0, 1, 7])
def test_a_throttled_shard_is_asked_again(throttles: int) -> None:
    """After a page of 10 MiB a shard gives nothing for five seconds: no reason to end without a judgement."""
    kinesis = boto3.client("kinesis", "us-east-1", config=Config(retries={"total_max_attempts": 1}))
    waits: list[float] = []
    with Stubber(kinesis) as stub:
        for _ in range(throttles):
            stub.add_client_error("get_records", "ProvisionedThroughputExceededException")
        stub.add_response("get_records", _PAGE)
        assert get_records(kinesis, "here", wait=waits.append)["Records"] == []
        stub.assert_no_pending_responses()
    assert len(waits) == throttles


def test_another_refusal_ends_the_reading() -> None:
    """Waiting does not help against a missing permission, nor against a throttle of minutes."""
    kinesis = boto3.client("kinesis", "us-east-1", config=Config(retries={"total_max_attempts": 1}))
    for code, tries in (("AccessDeniedException", 1), ("ProvisionedThroughputExceededException", 61)):
        with Stubber(kinesis) as stub:
            for _ in range(tries):
                stub.add_client_error("get_records", code)
            with pytest.raises(ClientError, match=code):
                get_records(kinesis, "here", wait=lambda _: None)
            stub.assert_no_pending_responses()
