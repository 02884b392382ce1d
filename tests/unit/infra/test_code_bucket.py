"""The bucket of the packages: made private where the region is, or refused."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import code_bucket
from infra.stack import StackError


class _S3:
    def __init__(self, head: str | None) -> None:
        self._head = head
        self.made: dict[str, Any] = {}
        self.closed: dict[str, bool] = {}
        self.meta = SimpleNamespace(endpoint_url="https://s3.eu-central-1.amazonaws.com")
        self.put: dict[str, Any] = {}

    def put_object(self, **request: Any) -> None:
        self.put = request

    def head_bucket(self, **request: str) -> None:
        assert request["ExpectedBucketOwner"] == "111122223333"  # Else a stranger's public bucket would do.
        if self._head:
            raise ClientError({"Error": {"Code": self._head, "Message": ""}}, "HeadBucket")

    def create_bucket(self, **request: Any) -> None:
        self.made = request

    def put_public_access_block(self, **request: Any) -> None:
        self.closed = request["PublicAccessBlockConfiguration"]


def _place(s3: _S3, region: str) -> Any:
    return SimpleNamespace(s3=s3, session=SimpleNamespace(region_name=region))


@pytest.mark.parametrize(
    ("region", "constraint"),
    [("us-east-1", {}), ("eu-central-1", {"CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"}})],
)
def test_a_new_bucket_is_closed_to_the_public(region: str, constraint: dict[str, Any]) -> None:
    """Made in the region, which us-east-1 must not name."""
    s3 = _S3("404")
    assert code_bucket.ensure(_place(s3, region), "b", owner="111122223333")
    assert s3.made == {"Bucket": "b"} | constraint
    assert len(s3.closed) == 4
    assert all(s3.closed.values())


def test_an_own_bucket_is_left_as_it_is() -> None:
    """Nothing is made or changed."""
    s3 = _S3(None)
    assert not code_bucket.ensure(_place(s3, "us-east-1"), "b", owner="111122223333")
    assert s3.made == s3.closed == {}


def test_somebody_elses_bucket_is_refused() -> None:
    """Its name can be guessed; code must not be uploaded to a stranger."""
    with pytest.raises(StackError, match="--bucket"):
        code_bucket.ensure(_place(_S3("403"), "us-east-1"), "b", owner="111122223333")


def test_the_template_is_named_by_its_content_and_read_where_it_was_put() -> None:
    """Another template never lies under an URL that a change set in progress reads."""
    s3 = _S3(None)
    url = code_bucket.upload_template(_place(s3, "eu-central-1"), "b", "Resources: {}")
    assert url == f"https://s3.eu-central-1.amazonaws.com/b/{s3.put['Key']}"
    assert s3.put["Body"] == b"Resources: {}"
    assert code_bucket.upload_template(_place(s3, "eu-central-1"), "b", "Resources: {A: {}}") != url
