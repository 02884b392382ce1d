"""`rdp redact` as it is typed."""

from click.testing import CliRunner, Result

from infra.cli import main
from infra.terminal import exits

_LINES = "call 555-0199\nnothing\nmail bob@example.com of customer-17\n"


def _redact(*arguments: str, lines: str | bytes = _LINES) -> Result:
    return CliRunner().invoke(main, ["redact", "-", *arguments], input=lines)


def test_each_line_is_shown_as_a_stack_would_keep_it() -> None:
    """By default with the rule that the template has; the counts and the parameters to deploy are beside it."""
    done = _redact()
    assert done.exit_code == 0
    assert done.stdout == "call [REDACTED]\nnothing\nmail bob@example.com of customer-17\n"
    assert "3 lines read, 1 changed." in done.stderr
    assert (
        "To use it (on AWS with `rdp deploy --stack NAME`): rdp up --detach --param RedactionRules=phone\n"
        in done.stderr
    )


def test_rules_and_patterns_are_those_that_are_named() -> None:
    """Named rules replace the default; the parameters that are shown are quoted for a shell."""
    done = _redact("--rule", "email", "--pattern", r"customer-\d+", "--changed")
    assert done.stdout == "3: mail [REDACTED] of [REDACTED]\n"
    assert r"""--param RedactionRules=email --param 'RedactionPatterns=["customer-\\d+"]'""" in done.stderr


def test_a_pattern_that_is_too_slow_is_told_with_its_line() -> None:
    """The line is hidden as a whole, the next ones are shown, and the exit status says that something is wrong."""
    done = _redact("--pattern", "(a+)+$", lines=f"aa\n{'a' * 40}b\nlast\n")
    assert done.exit_code == exits.BAD
    assert done.stdout == "[REDACTED]\n[REDACTED]\nlast\n"
    assert "Line 2 takes longer than 2 s" in done.stderr
    assert "To use it" not in done.stderr


def test_what_is_no_pattern_is_refused() -> None:
    """In words, before a line is read; bytes that are no UTF-8 are no obstacle."""
    refused = _redact("--pattern", "(")
    assert (refused.exit_code, refused.stdout) == (exits.WRONG_COMMAND_LINE, "")
    assert "'('" in refused.stderr
    assert _redact(lines=b"\xff\n").stdout == "�\n"
