"""The consumer's settings: defaults, and errors that name the variable."""

import pytest

from consumer.settings import Settings, from_environ

REQUIRED = {"QUEUE_URL": "https://sqs/logs", "DLQ_URL": "https://sqs/dlq", "TABLE_NAME": "logs", "STREAM_NAME": "logs"}


def test_defaults_are_the_specifications() -> None:
    """The defaults are 0.05 s a character, 5 % crashes before the work, redacted phones, and no expiry."""
    assert from_environ(REQUIRED) == Settings(
        queue_url="https://sqs/logs",
        dlq_url="https://sqs/dlq",
        table_name="logs",
        stream_name="logs",
        stream_sub_keys=1,
        seconds_per_char=0.05,
        crash_probability=0.05,
        crash_point="before_work",
        crash_mode="raise",
        crash_seed="",
        redaction_rules=("phone",),
        redaction_patterns=(),
        retention_days=0,
    )


def test_every_variable_is_read() -> None:
    """Each variable is read into the type of its setting."""
    environ = REQUIRED | {
        "STREAM_SUB_KEYS": "4",
        "SECONDS_PER_CHAR": "0.001",
        "CRASH_PROBABILITY": "1",
        "CRASH_POINT": "after_write",
        "CRASH_MODE": "exit",
        "CRASH_SEED": "7",
        "REDACTION_RULES": "phone, email",
        "REDACTION_PATTERNS": r'["ACME-\\d{4}", "a,b"]',
        "RETENTION_DAYS": "30",
        "PATH": "/bin",
    }
    settings = from_environ(environ)
    assert settings.stream_sub_keys == 4
    assert settings.seconds_per_char == 0.001
    assert settings.crash_probability == 1
    assert settings.crash_point == "after_write"
    assert settings.crash_mode == "exit"
    assert settings.crash_seed == "7"
    assert settings.redaction_rules == ("phone", "email")
    assert settings.redaction_patterns == (r"ACME-\d{4}", "a,b")
    assert settings.retention_days == 30


def test_an_empty_variable_counts_as_absent() -> None:
    """An empty variable counts as absent, as the template sets some to nothing."""
    environ = REQUIRED | {"CRASH_SEED": "", "REDACTION_PATTERNS": "", "REDACTION_RULES": "", "SECONDS_PER_CHAR": ""}
    assert from_environ(environ) == from_environ(REQUIRED)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_missing_variable_is_named(name: str) -> None:
    """The error names a required variable that is missing or empty."""
    for environ in ({key: value for key, value in REQUIRED.items() if key != name}, REQUIRED | {name: ""}):
        with pytest.raises(ValueError, match=name):
            from_environ(environ)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECONDS_PER_CHAR", "-1", ">= 0"),
        ("SECONDS_PER_CHAR", "slow", "float"),
        ("SECONDS_PER_CHAR", "nan", ">= 0"),
        ("CRASH_PROBABILITY", "1.01", "<= 1"),
        ("CRASH_POINT", "whenever", "whenever"),
        ("CRASH_MODE", "loud", "loud"),
        ("STREAM_SUB_KEYS", "0", ">= 1"),
        ("RETENTION_DAYS", "1.5", "int"),
        ("TABLE_NAME", 'x" VALUE', "regex"),
        ("REDACTION_PATTERNS", "phone", "JSON list"),
        ("REDACTION_PATTERNS", "{}", "JSON list"),
    ],
)
def test_a_wrong_variable_is_named_with_what_is_expected(name: str, value: str, expected: str) -> None:
    """The error names the wrong variable and says what it must be."""
    with pytest.raises(ValueError, match=name) as error:
        from_environ(REQUIRED | {name: value})
    assert expected in str(error.value)
