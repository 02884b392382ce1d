"""The reader Lambda's settings, read from the environment once."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from ingest.contract.log_ids import MAX_BUCKETS


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename=str.upper):
    """What the template sets.

    `authentication` has no `none`: without credentials nobody reads. `tenant_reads_per_minute` 0 sets no quota. The
    others are as in ingest's settings.
    """

    table_name: str
    access_table_name: str
    authentication: Literal["api_key", "jwt"]
    stack_name: str = "rdp"
    jwt_tenant_claim: str = "tenant_id"
    log_id_buckets: Annotated[int, msgspec.Meta(ge=1, le=MAX_BUCKETS)] = 1
    tenant_reads_per_minute: Annotated[int, msgspec.Meta(ge=0)] = 0


def from_environ(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` holds.

    Raises:
        ValueError: a variable is missing or of the wrong type; the message names it.
    """
    try:
        return msgspec.convert(dict(environ), Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"Lambda environment: {error}. The template's reader function sets it.") from error
