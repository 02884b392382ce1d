"""The bucket of packages and template: creates it closed to the public, uploads under keys that name the content."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from infra.package import Function
from infra.stack import Place, StackError

if TYPE_CHECKING:
    from mypy_boto3_s3.literals import BucketLocationConstraintType

_ABSENT: Final = frozenset({"404", "NoSuchBucket"})
_CODE_KEYS: Final[Mapping[Function, str]] = {"ingest": "IngestCodeKey", "consumer": "ConsumerCodeKey"}
_REGION_WITHOUT_NAME: Final = "us-east-1"  # CreateBucket API reference: leave out LocationConstraint for it.


def default_name(place: Place) -> str:
    """Return `rdp-code-<account>-<region>`."""
    return f"rdp-code-{place.account}-{place.session.region_name}"


def ensure(place: Place, bucket: str, *, owner: str) -> bool:
    """Create the bucket, closed to the public, unless the account `owner` has it; return whether it was created.

    Raises:
        StackError: the caller may not use the bucket, or another account has one of this name. Bucket names are global,
            and this one can be guessed.
    """
    try:
        place.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ABSENT:
            raise StackError(
                f"The bucket {bucket} cannot be used: AWS answers {error.response['Error']['Code']}. Name "
                f"another: --bucket."
            ) from error
    else:
        return False
    region = place.session.region_name
    if region in {None, _REGION_WITHOUT_NAME}:
        place.s3.create_bucket(Bucket=bucket)
    else:
        location: BucketLocationConstraintType = region  # type: ignore[assignment] # boto3's region names are these
        place.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": location})
    place.s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    return True


def remove(place: Place, bucket: str) -> None:
    """Delete the bucket with the packages in it."""
    for page in place.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            place.s3.delete_object(Bucket=bucket, Key=entry["Key"])
    place.s3.delete_bucket(Bucket=bucket)


def upload(place: Place, bucket: str, packages: Mapping[Function, bytes]) -> dict[str, str]:
    """Put the packages (function name -> zip) into `bucket`; return the template's code parameters.

    A key names its content, so that an update replaces a function's code exactly when the code changed.
    """
    parameters = code_parameters(bucket, packages)
    for name, package in packages.items():
        place.s3.put_object(Bucket=bucket, Key=parameters[_CODE_KEYS[name]], Body=package)
    return parameters


def upload_package(place: Place, bucket: str, name: str, package: bytes) -> str:
    """Put a further package into `bucket`; return its key, which names its content."""
    key = f"{name}-{_digest(package)}.zip"
    place.s3.put_object(Bucket=bucket, Key=key, Body=package)
    return key


def upload_template(place: Place, bucket: str, template: str) -> str:
    """Put the template into `bucket`; return the URL that CloudFormation reads it from.

    A call's body may hold 51,200 bytes of template, an object 1 MB (CloudFormation quotas, November 2026).
    """
    content = template.encode()
    key = f"template-{_digest(content)}.yaml"
    place.s3.put_object(Bucket=bucket, Key=key, Body=content)
    return f"{place.s3.meta.endpoint_url}/{bucket}/{key}"


def code_parameters(bucket: str, packages: Mapping[Function, bytes]) -> dict[str, str]:
    """Return the template's code parameters for these packages in this bucket."""
    keys = {_CODE_KEYS[n]: f"{n}-{_digest(p)}.zip" for n, p in packages.items()}
    return {"CodeBucket": bucket} | keys


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
