"""The documents say what the code does: reasons, statuses, links, commands, defaults."""

import re
from pathlib import Path
from typing import Final, get_args

import pytest

from infra.cli import VERBS
from infra.deployment import TEMPLATE
from ingest.contract.errors import POISON_REASONS, REJECT_REASONS, Rejected, RejectReason

_ROOT: Final = Path(__file__).parent.parent.parent
_README: Final = (_ROOT / "README.md").read_text()
_RUNBOOK: Final = (_ROOT / "infra" / "RUNBOOK.md").read_text()
_DOCUMENTS: Final = sorted(
    path for path in _ROOT.rglob("*.md") if not {".venv", "node_modules", ".rdp"} & set(path.parts)
)


@pytest.mark.parametrize("reason", get_args(RejectReason))
def test_every_reason_stands_in_the_contract_with_its_status(reason: RejectReason) -> None:
    """README's table has a row for each reason that a request or record can be refused for."""
    row = re.search(rf"^\|[^|\n]*`{reason}`[^|\n]*\| (\d+) \|", _README, re.MULTILINE)
    assert row is not None
    assert int(row[1]) == Rejected(reason).status


def test_no_reason_stands_there_that_is_gone() -> None:
    """What README's table of reasons names exists."""
    rows = re.findall(r"^\| (`[a-z0-9_`, ]+) \| [45]\d\d \|", _README, re.MULTILINE)
    assert set(re.findall(r"`([a-z0-9_]+)`", " ".join(rows))) == set(REJECT_REASONS)


@pytest.mark.parametrize("reason", POISON_REASONS)
def test_every_dead_letter_reason_is_explained(reason: str) -> None:
    """README names it, and the runbook says what to do about it."""
    assert f"`{reason}`" in _README
    assert f"`{reason}`" in _RUNBOOK


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: str(path.relative_to(_ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    """Each relative link of a document leads to a file or folder of the repository."""
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: str(path.relative_to(_ROOT)))
def test_no_merge_was_left_half_done(document: Path) -> None:
    """No document has both sides of a merge in it: code with them does not run, text with them does."""
    assert re.search(r"^(<<<<<<<|>>>>>>>) ", document.read_text(), re.MULTILINE) is None


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_is_shown(verb: str) -> None:
    """README or the runbook uses each verb of `rdp`."""
    assert f"rdp {verb}" in _README + _RUNBOOK


def test_settings_have_the_templates_defaults() -> None:
    """README's short table of parameters agrees with the template."""
    rows = re.findall(r"^\| `([A-Z]\w+)` \| `?([\w.]+)`? \|", _README, re.MULTILINE)
    assert len(rows) >= 8
    for name, default in rows:
        declared = re.search(rf"^  {name}:\n(?:    .*\n)*?    Default: (.+)$", TEMPLATE.read_text(), re.MULTILINE)
        assert declared is not None, name
        assert declared[1] == default
