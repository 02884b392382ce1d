"""`rdp redact`: try redaction rules and patterns on lines of text."""

import json
import shlex
import time
from collections import Counter
from typing import Final, TextIO

import click

from consumer import redact
from consumer.apart import Ended
from consumer.in_time import in_time
from consumer.redact import RULE_NAMES, TOKEN, Redactor
from consumer.replay.select import MOST_S
from infra.terminal import exits, out
from infra.terminal.examples import examples
from infra.terminal.text import counted

_DEFAULT: Final = ("phone",)  # As in the template.


@click.command(
    "redact",
    epilog=examples(
        "rdp redact app.log --rule phone --rule email --changed",
        "rdp redact app.log --pattern 'customer-[0-9]+'",
    ),
)
@click.argument("file", type=click.File(encoding="utf-8", errors="replace"))
@click.option(
    "--rule",
    "rules",
    multiple=True,
    default=_DEFAULT,
    show_default=True,
    type=click.Choice(RULE_NAMES),
    help="A rule to apply. Repeat it for more: they are then the only ones.",
)
@click.option(
    "--pattern",
    "patterns",
    multiple=True,
    metavar="REGEX",
    help="A regular expression of yours, in Python's syntax, whose matches to redact, too. Repeat it for more.",
)
@click.option("--changed", is_flag=True, help="Print only the lines that change, with their numbers.")
def command(*, file: TextIO, rules: tuple[str, ...], patterns: tuple[str, ...], changed: bool) -> None:
    """Show what redaction would hide in your logs, before you deploy its rules and patterns.

    It takes each line of FILE (- is standard input) as a log's text. It sends nothing and needs no stack. The values of
    a log's fields are redacted in the same way, but not the names of fields.

    Exit status 4: a pattern is too slow for a line.
    """
    try:
        redactor = redact.build(rules, patterns)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    counts: Counter[str] = Counter()
    started_s = time.monotonic()
    for number, line in enumerate(file, start=1):
        text = line.rstrip("\r\n")
        hidden = _redacted(redactor, text)
        counts["read"] += 1
        counts["slow"] += hidden is None
        counts["changed"] += hidden != text
        if hidden is None:
            out.say(f"Line {number} takes longer than {MOST_S:g} s: a pattern is too slow for it.", err=True)
        if not changed:
            out.say(TOKEN if hidden is None else hidden)
        elif hidden != text:
            out.say(f"{number}: {TOKEN if hidden is None else hidden}")
    took_s = time.monotonic() - started_s
    out.say(f"{counted(counts['read'], 'line')} read, {counts['changed']:,} changed. It took {took_s:.1f} s.", err=True)
    if counts["slow"]:
        out.say("In a stack the consumer tries such a log five times and then makes it a dead letter.", err=True)
        raise click.exceptions.Exit(exits.BAD)
    out.say(f"To use it (on AWS with `rdp deploy --stack NAME`): {_deployed_with(rules, patterns)}", err=True)


def _redacted(redactor: Redactor, text: str) -> str | None:
    """Return the redacted text; None if that takes too long. A line gets what the lake and the replay give a log."""
    (done,) = in_time(redactor.text, [text], budget_s=MOST_S, monotonic=time.monotonic)
    return None if isinstance(done, Ended) else done


def _deployed_with(rules: tuple[str, ...], patterns: tuple[str, ...]) -> str:
    parameters = [f"RedactionRules={','.join(rules)}"]
    if patterns:
        parameters.append(f"RedactionPatterns={json.dumps(patterns)}")
    return " ".join(["rdp up --detach", *(f"--param {shlex.quote(parameter)}" for parameter in parameters)])
