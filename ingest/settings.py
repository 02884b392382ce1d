"""The ingest Lambda's settings, read from the environment once."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from ingest.contract.log_ids import MAX_BUCKETS
from ingest.contract.packed import MOST_LOGS


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename=str.upper):
    """The settings, all of which the template sets.

    `stack_name` is a dimension of every metric, so that two stacks in one region do not share them.
    With `logs_per_message` above 1, up to so many logs of one tenant in one request share a queue message.
    With `log_id_buckets` above 1, a tenant's generated log ids are spread over so many ranges of the table's keys.
    `tenant_attribute` is the attribute of OpenTelemetry's resources that names the tenant ("": none does).
    No call to Kinesis starts later than `stream_budget_ms` after the request's start. The quotas (0: no limit) apply
    only with `authentication`; the table `access_table_name` counts them.
    """

    queue_url: str
    stream_name: str
    stack_name: str = "rdp"
    stream_sub_keys: int = 1
    log_id_buckets: Annotated[int, msgspec.Meta(ge=1, le=MAX_BUCKETS)] = 1
    logs_per_message: Annotated[int, msgspec.Meta(ge=1, le=MOST_LOGS)] = 1
    stream_budget_ms: int = 500
    authentication: Literal["none", "api_key", "jwt"] = "none"
    jwt_tenant_claim: str = "tenant_id"
    tenant_attribute: str = ""
    access_table_name: str = ""
    tenant_logs_per_minute: int = 0
    tenant_bytes_per_minute: int = 0


def from_environ(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` holds.

    Raises:
        ValueError: a variable is missing or of the wrong type; the message names it.
    """
    try:
        return msgspec.convert(dict(environ), Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"Lambda environment: {error}. The template's ingest function sets it.") from error
