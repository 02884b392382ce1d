"""The planted lines, and the characters that are counted on them."""

from pathlib import Path

import pytest

from bench.redaction.planted import Line, lines
from bench.redaction.recall import _theirs, score, table, taken
from consumer.redact import RULE_NAMES, build

_LINES = [
    Line("call 555-0199", "phone", "7 digits", (5, 13)),
    Line("mail a@b.co", "email", "email", (5, 11)),
    Line("2026-11-28", "trap", "date", None),
]


def test_the_lines_are_the_same_for_a_seed() -> None:
    """What one run measured another can."""
    assert lines(1) == lines(1)
    assert lines(1) != lines(1, seed=18)


def test_each_rule_has_lines_and_each_is_planted_where_it_says() -> None:
    """No rule goes unmeasured; before and behind its span, a line of one context reads the same."""
    planted = lines(2)
    assert {line.kind for line in planted} == {*RULE_NAMES, "trap"}
    assert all((line.span is None) == (line.kind == "trap") for line in planted)
    # The span is the value: with a rule for it, what is left of the line is its context.
    mails = [line for line in planted if line.kind == "email" and line.span]
    assert all("@" in line.text[slice(*line.span)] for line in mails if line.span)


def test_planted_checks_are_right() -> None:
    """Cards and IBANs have right check digits: their rules find all of them, and the traps' cards are wrong."""
    for line in lines(4):
        if line.kind in ("card", "iban") and line.span:
            assert taken(line.text, build((line.kind,)).text(line.text)) == [line.span], line.text
        if line.form == "wrong card":
            assert build(("card",)).text(line.text) == line.text


@pytest.mark.parametrize(
    ("found", "planted", "right", "all_taken"),
    [
        ([[(5, 13)], [], []], 8, 8, 8),
        ([[], [], []], 8, 0, 0),
        ([[(5, 9)], [], []], 8, 4, 4),
        ([[(5, 13)], [(5, 11)], [(0, 10)]], 8, 8, 24),
        ([[(5, 13), (5, 13)], [], []], 8, 8, 8),
    ],
)
def test_characters_are_counted_once_and_by_kind(
    found: list[list[tuple[int, int]]], planted: int, right: int, all_taken: int
) -> None:
    """Half a number is half found; what is taken of another kind, or of a trap, is taken wrongly."""
    assert score(_LINES, found, ("phone",), None) == (planted, right, all_taken)


def test_tokens_are_aligned_with_the_text() -> None:
    """Where something was redacted, at an end and twice, too."""
    assert taken("555-0199 a 555-0198", "[REDACTED] a [REDACTED]") == [(0, 8), (11, 19)]
    assert taken("plain", "plain") == []


def test_the_table_has_a_row_for_each_kind_and_form() -> None:
    """A tool without a detector for a kind has an empty cell; one that finds nothing has recall 0."""
    found = {
        "ours": {"phone": [[(5, 13)], [], []], "email": [[], [(5, 11)], []]},
        "other": {"phone": [[], [], [(0, 4)]]},
    }
    assert table(_LINES, found) == [
        "| kind: precision / recall | ours | other |",
        "| --- | --: | --: |",
        "| email | 1.000 / 1.000 |  |",
        "| phone | 1.000 / 1.000 | 0.000 / 0.000 |",
        "",
        "| phone numbers: recall | ours | other |",
        "| --- | --: | --: |",
        "| 7 digits | 1.000 | 0.000 |",
    ]


def test_tools_that_are_not_there_are_left_out_with_the_reason(tmp_path: Path) -> None:
    """Without a folder, and with an environment that does not work, the table goes on without them."""
    assert _theirs(None, [])[2] == ["presidio-analyzer and datafog-core: --others names no folder for them"]
    broken = tmp_path / "bin" / "python"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho no such package >&2\nexit 3\n")
    broken.chmod(0o755)
    found, each_us, [reason] = _theirs(tmp_path, [])
    assert (found, each_us) == ({}, {})
    assert "exit status 3" in reason
    assert reason.endswith("no such package")
