"""Measures the redaction's precision and recall, by character, on planted lines, and those of two other tools.

    .venv/bin/python -m bench.redaction.recall [--others FOLDER] [--keep]

The other tools have an environment of their own in FOLDER, which is made if it does not exist. Recall is the share of
the planted characters that a rule redacted. Precision is the share of the characters it redacted, in all lines, that
were planted for it. The lines are seeded: every run has the same ones.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.redaction.planted import Line, Span, lines
from consumer.redact import RULE_NAMES, TOKEN, build

_EACH: Final = 12
_KEPT: Final = Path(__file__).parents[1] / "results" / "kept" / "redaction"
_OURS: Final = "ours"
# The other tools have one detector for two of our kinds.
_SHARED: Final = {"ipv4": "ip", "ipv6": "ip"}

Found = dict[str, list[list[Span]]]


class Score(NamedTuple):
    """Numbers of characters: planted; planted and redacted; redacted in all."""

    planted: int
    right: int
    taken: int

    def recall(self) -> float:
        """Return the share of the planted characters that were redacted."""
        return self.right / self.planted

    def precision(self) -> float:
        """Return the share of the redacted characters that were planted; 1 where nothing was redacted."""
        return self.right / self.taken if self.taken else 1.0


def taken(text: str, redacted: str) -> list[Span]:
    """Return the spans of `text` that were redacted, found by aligning the two texts."""
    kept = "(.+?)".join(map(re.escape, redacted.split(TOKEN)))
    match = re.fullmatch(kept, text, re.DOTALL)
    return [match.span(group) for group in range(1, match.re.groups + 1)] if match else []


def score(planted: Sequence[Line], found: Sequence[Sequence[Span]], kinds: Iterable[str], form: str | None) -> Score:
    """Return the score of these kinds; of one form, only redactions in lines of that form count."""
    wanted = frozenset(kinds)
    total = right = taken_in_all = 0
    for line, spans in zip(planted, found, strict=True):
        characters = {place for span in spans for place in range(*span)}
        mine = line.span is not None and line.kind in wanted and form in (None, line.form)
        if mine and line.span:
            total += line.span[1] - line.span[0]
            right += len(characters & {*range(*line.span)})
        if form is None or mine:
            taken_in_all += len(characters)
    return Score(total, right, taken_in_all)


def _ours(texts: list[str]) -> Found:
    found = {}
    for name in RULE_NAMES:
        redactor = build((name,))
        found[name] = [taken(text, redactor.text(text)) for text in texts]
    return found


_PACKAGES: Final = ("presidio-analyzer==2.2.366", "datafog-core==0.4.4")


def _environment(folder: Path) -> Path:
    """Return the interpreter of the other tools' environment, which is made if it does not exist.

    Raises:
        subprocess.CalledProcessError: the environment cannot be made, for instance without a package index.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)  # noqa: S603
        installing = [str(python), "-m", "pip", "install", "--quiet", *_PACKAGES]
        subprocess.run(installing, check=True, capture_output=True, text=True)  # noqa: S603
    return python


def _theirs(folder: Path | None, texts: list[str]) -> tuple[dict[str, Found], dict[str, float], list[str]]:
    """Return what each other tool found, its microseconds a line, and why a tool is left out."""
    if folder is None:
        return {}, {}, ["presidio-analyzer and datafog-core: --others names no folder for them"]
    try:
        asked = [str(_environment(folder)), str(Path(__file__).with_name("others.py"))]
        answer = subprocess.run(asked, input=json.dumps(texts), capture_output=True, text=True, check=True)  # noqa: S603
    except subprocess.CalledProcessError as error:
        return {}, {}, [f"presidio-analyzer and datafog-core: {error}: {str(error.stderr).strip()[-200:]}"]
    tools = json.loads(answer.stdout)
    found = {name: tool["found"] for name, tool in tools.items() if "found" in tool}
    each_us = {name: tools[name]["cpu_s"] / len(texts) * 1e6 for name in found}
    return found, each_us, [f"{name}: {tool['reason']}" for name, tool in tools.items() if "reason" in tool]


def _row(name: str, cells: Iterable[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


def table(planted: Sequence[Line], found: dict[str, Found]) -> list[str]:
    """Return the rows of the two tables in Markdown: each kind's precision and recall, each form's recall."""
    tools = list(found)

    def cell(tool: str, kind: str, form: str | None = None) -> str:
        detector = kind if kind in found[tool] else _SHARED.get(kind, "")
        spans = found[tool].get(detector)
        if spans is None:
            return ""
        if form:
            return f"{score(planted, spans, (kind,), form).recall():.3f}"
        kinds = [other for other, shared in _SHARED.items() if shared == detector] or [kind]
        precision = score(planted, spans, kinds, None).precision()
        return f"{precision:.3f} / {score(planted, spans, (kind,), None).recall():.3f}"

    kinds = [kind for kind in RULE_NAMES if any(line.kind == kind for line in planted)]
    forms = sorted({line.form for line in planted if line.kind == "phone"})
    return [
        _row("kind: precision / recall", tools),
        _row("---", ("--:" for _ in tools)),
        *(_row(kind, (cell(tool, kind) for tool in tools)) for kind in kinds),
        "",
        _row("phone numbers: recall", tools),
        _row("---", ("--:" for _ in tools)),
        *(_row(form, (cell(tool, "phone", form) for tool in tools)) for form in forms),
    ]


def _taken_wrongly(planted: Sequence[Line], found: Found) -> list[str]:
    """Return how many lines of each trap each of our rules redacted."""
    wrongly: defaultdict[str, int] = defaultdict(int)
    for rule, all_spans in found.items():
        for line, spans in zip(planted, all_spans, strict=True):
            if line.kind == "trap" and spans:
                wrongly[f"{line.form} by {rule}"] += 1
    return [f"{name}: {count} lines" for name, count in sorted(wrongly.items())]


def main() -> None:
    """Print the tables; with --keep write them to bench/results/kept/redaction."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--others", type=Path, help="folder of the environment of presidio-analyzer and datafog-core")
    parser.add_argument("--keep", action="store_true", help="write the tables to bench/results/kept/redaction")
    options = parser.parse_args()
    planted = lines(_EACH)
    texts = [line.text for line in planted]
    begin = time.process_time()
    redactor = build(RULE_NAMES)
    for text in texts:
        redactor.text(text)
    ours_us = (time.process_time() - begin) / len(texts) * 1e6
    others, each_us, reasons = _theirs(options.others, texts)
    ours = _ours(texts)
    traps = sum(line.kind == "trap" for line in planted)
    report = [
        f"{len(planted)} lines, {traps} of them traps, seeded. By character. `{_OURS}` is each rule alone.",
        "",
        *table(planted, {_OURS: ours, **others}),
        "",
        "CPU a line, all rules: "
        + ", ".join(f"{name} {us:.0f} us" for name, us in {_OURS: ours_us, **each_us}.items()),
        "Traps taken by ours: " + ("; ".join(_taken_wrongly(planted, ours)) or "none"),
        *(f"Left out: {reason}" for reason in reasons),
    ]
    print("\n".join(report))
    if options.keep:
        _KEPT.mkdir(parents=True, exist_ok=True)
        (_KEPT / "recall.md").write_text("\n".join(report) + "\n")


if __name__ == "__main__":
    main()
