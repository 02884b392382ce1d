"""The judge's result: named checks with examples, as text for a person and as JSON for a program."""

from typing import Literal

import msgspec

from bench.judge.promises import Promise

CheckName = Promise | Literal["answers", "rate", "drained"]


class Check(msgspec.Struct, frozen=True):
    """One promise or demand: `broken` is the number of offences, `examples` describes the first few."""

    name: CheckName
    title: str
    broken: int
    examples: tuple[str, ...]


class Judgement(msgspec.Struct, frozen=True):
    """The checks that were made, the promises that this run cannot show (with the reason), and the counts."""

    passed: bool
    checks: tuple[Check, ...]
    unseen: dict[str, str]
    counts: dict[str, float]

    @property
    def failed(self) -> list[CheckName]:
        """The names of the broken checks."""
        return [check.name for check in self.checks if check.broken]


def printable(text: str) -> str:
    """Return the text with control characters escaped: senders choose the ids, and a judgement goes to a terminal."""
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)


def as_text(judgement: Judgement) -> str:
    """Return the judgement as text: one line for each check, its examples below it, then the counts."""
    lines = [f"verdict: {'PASSED' if judgement.passed else 'FAILED: ' + ', '.join(judgement.failed)}"]
    for check in judgement.checks:
        state = f"BROKEN {check.broken:,} times" if check.broken else "ok"
        lines.append(f"  {check.name:<8} {state:<20} {check.title}")
        lines += [f"           - {example}" for example in check.examples]
    lines += [f"  {name:<8} {'not seen':<20} {why}" for name, why in judgement.unseen.items()]
    lines.append("  counts   " + ", ".join(f"{name} {value:,g}" for name, value in judgement.counts.items()))
    return "\n".join(lines)


def as_json(judgement: Judgement) -> bytes:
    """Return the judgement as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(judgement), indent=2)
