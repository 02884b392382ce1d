"""The consumer Lambda's settings, read from the environment once."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from consumer.crash import CrashMode, CrashPoint


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename=str.upper):
    """What the template sets.

    `seconds_per_char` 0 switches the delay off, `crash_probability` 0 the crashes, `retention_days` 0 the expiry.
    `stack_name` is a dimension of every metric: two stacks in a region must not share metrics.
    """

    queue_url: Annotated[str, msgspec.Meta(min_length=1)]
    dlq_url: Annotated[str, msgspec.Meta(min_length=1)]
    # DynamoDB's naming rules: a name that follows them can be quoted in a PartiQL statement.
    table_name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{3,255}\Z")]
    stream_name: Annotated[str, msgspec.Meta(min_length=1)]
    stack_name: str = "rdp"
    # The queue's own settings, for the logs that the consumer sends back as messages of their own.
    max_receive_count: Annotated[int, msgspec.Meta(ge=2)] = 5
    visibility_timeout_seconds: Annotated[int, msgspec.Meta(ge=0)] = 300
    stream_sub_keys: Annotated[int, msgspec.Meta(ge=1)] = 1
    seconds_per_char: Annotated[float, msgspec.Meta(ge=0)] = 0.05
    crash_probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.05
    crash_point: CrashPoint = "before_work"
    crash_mode: CrashMode = "raise"
    crash_seed: str = ""
    redaction_rules: tuple[str, ...] = ("phone",)
    redaction_patterns: tuple[str, ...] = ()
    retention_days: Annotated[int, msgspec.Meta(ge=0)] = 0


def from_environ(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` holds. A variable that is empty counts as absent.

    `REDACTION_RULES` is a comma-separated list of names, `REDACTION_PATTERNS` a JSON list of regular expressions.

    Raises:
        ValueError: a variable is missing or not what it must be; the message names it and says what is expected.
    """
    values: dict[str, object] = {name: value for name, value in environ.items() if value}
    if isinstance(rules := values.get("REDACTION_RULES"), str):
        values["REDACTION_RULES"] = [rule.strip() for rule in rules.split(",") if rule.strip()]
    if patterns := environ.get("REDACTION_PATTERNS"):
        try:
            values["REDACTION_PATTERNS"] = msgspec.json.decode(patterns, type=list[str])
        except msgspec.MsgspecError as error:
            raise ValueError(
                f"Lambda environment: REDACTION_PATTERNS must be a JSON list of regular expressions, such as "
                f'["customer-[0-9]+"], and {patterns!r} is none ({error})'
            ) from error
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"Lambda environment: {error}. The template's consumer function sets it.") from error
