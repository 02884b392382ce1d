"""Checks a deployment's parameters before it begins: the functions' own code builds their settings from them."""

from collections.abc import Mapping
from typing import Final

from consumer import redact
from consumer import settings as of_consumer
from consumer.query import settings as of_reader
from ingest import settings as of_ingest

VARIABLES: Final[Mapping[str, str]] = {
    "STREAM_SUB_KEYS": "StreamSubKeys",
    "LOG_ID_BUCKETS": "LogIdBuckets",
    "LOGS_PER_MESSAGE": "LogsPerMessage",
    "STREAM_BUDGET_MS": "StreamBudgetMilliseconds",
    "AUTHENTICATION": "Authentication",
    "JWT_TENANT_CLAIM": "JwtTenantClaim",
    "TENANT_ATTRIBUTE": "TenantAttribute",
    "TENANT_LOGS_PER_MINUTE": "TenantLogsPerMinute",
    "TENANT_BYTES_PER_MINUTE": "TenantBytesPerMinute",
    "TENANT_READS_PER_MINUTE": "TenantReadsPerMinute",
    "MAX_RECEIVE_COUNT": "MaxReceiveCount",
    "VISIBILITY_TIMEOUT_SECONDS": "VisibilityTimeoutSeconds",
    "SECONDS_PER_CHAR": "SecondsPerChar",
    "CRASH_PROBABILITY": "CrashProbability",
    "CRASH_POINT": "CrashPoint",
    "CRASH_MODE": "CrashMode",
    "CRASH_SEED": "CrashSeed",
    "REDACTION_RULES": "RedactionRules",
    "REDACTION_PATTERNS": "RedactionPatterns",
    "RETENTION_DAYS": "RetentionDays",
}
"""By environment variable of the template's functions: the parameter it holds (a test compares with the template)."""

_RESOURCES: Final = dict.fromkeys(
    ("QUEUE_URL", "DLQ_URL", "TABLE_NAME", "STREAM_NAME", "ACCESS_TABLE_NAME"), "resource"
)
"""Placeholders for the variables that name resources: their values are known only after the deployment."""


def objections(values: Mapping[str, str]) -> list[str]:
    """Return why functions with these parameters would fail at their start, in their own words; empty if none would."""
    environ = _RESOURCES | {variable: values[parameter] for variable, parameter in VARIABLES.items()}
    found = []
    try:
        of_ingest.from_environ(environ)
    except ValueError as error:
        found.append(f"With these parameters ingest would not start. {error}")
    try:
        chosen = of_consumer.from_environ(environ)
        redact.build(chosen.redaction_rules, chosen.redaction_patterns)
    except ValueError as error:
        found.append(f"With these parameters the consumer would not start. {error}")
    if environ["AUTHENTICATION"] != "none":
        try:
            of_reader.from_environ(environ)
        except ValueError as error:
            found.append(f"With these parameters the reader would not start. {error}")
    return found
