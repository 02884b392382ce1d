"""The documents say what the code does: reasons, statuses, links, commands, defaults."""

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Final, get_args

import pytest

from infra.cli import VERBS
from infra.deployment import TEMPLATE
from ingest.contract.errors import POISON_REASONS, REJECT_REASONS, Rejected, RejectReason

_ROOT: Final = Path(__file__).parent.parent.parent
_README: Final = (_ROOT / "README.md").read_text()
_API: Final = (_ROOT / "ingest" / "API.md").read_text()
_RUNBOOK: Final = (_ROOT / "infra" / "RUNBOOK.md").read_text()
_PAGES: Final = (
    "README.md",
    "ingest/API.md",
    "ingest/DIALECTS.md",
    "consumer/replay/README.md",
    "consumer/lake/README.md",
    "bench/README.md",
    "infra/RUNBOOK.md",
    "infra/SECURITY.md",
)
_DOCUMENTS: Final = sorted(
    path for path in _ROOT.rglob("*.md") if not {".venv", "node_modules", ".rdp", "build"} & set(path.parts)
)


@pytest.mark.parametrize("reason", get_args(RejectReason))
def test_every_reason_stands_in_the_contract_with_its_status(reason: RejectReason) -> None:
    """The API's table has a row for each reason that a request or record can be refused for."""
    row = re.search(rf"^\|[^|\n]*`{reason}`[^|\n]*\| (\d+) \|", _API, re.MULTILINE)
    assert row is not None
    assert int(row[1]) == Rejected(reason).status


def test_no_reason_stands_there_that_is_gone() -> None:
    """What the API's table of reasons names exists."""
    rows = re.findall(r"^\| (`[a-z0-9_`, ]+) \| [45]\d\d \|", _API, re.MULTILINE)
    assert set(re.findall(r"`([a-z0-9_]+)`", " ".join(rows))) == set(REJECT_REASONS)


@pytest.mark.parametrize("reason", POISON_REASONS)
def test_every_dead_letter_reason_is_explained(reason: str) -> None:
    """The API names it, and the runbook says what to do about it."""
    assert f"`{reason}`" in _API
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
    """A page for users shows each verb of `rdp`."""
    assert any(f"rdp {verb}" in (_ROOT / page).read_text() for page in _PAGES)


def test_the_first_page_stays_short() -> None:
    """README has at most 1,500 words: what needs more has a page beside its code."""
    assert len(_README.split()) <= 1_500


def test_every_page_is_found_from_the_first() -> None:
    """README leads to each page."""
    assert set(_PAGES[1:]) <= set(re.findall(r"\]\(([^)#]+\.md)", _README))


def test_parameters_have_the_templates_defaults() -> None:
    """The runbook's table of parameters says the defaults of the template."""
    table = _RUNBOOK.partition("\n## Parameters\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([A-Z]\w+)` \| (?:`([\w.]+)`|([\d.]+)) \|", table, re.MULTILINE)
    assert len(rows) >= 30
    for name, quoted, number in rows:
        declared = re.search(rf"^  {name}:\n(?:    .*\n)*?    Default: (.+)$", TEMPLATE.read_text(), re.MULTILINE)
        assert declared is not None, name
        assert declared[1].strip('"') == quoted + number, name


def test_what_the_documents_commands_write_into_a_clone_is_ignored_by_git() -> None:
    """Logs, a lake and its key are nobody's commit."""
    option = r"--(?:to|checkpoint|certificate|warehouse|quarantine|export|key) "
    named = {
        name
        for document in _PAGES
        for name in re.findall(rf"(?:{option}|\| tr [^|>\n]* > )([a-z][\w./-]+)", (_ROOT / document).read_text())
    } - {"arn", "queue"}
    assert {"lake", "lake.key", "days/", "at.json", "logs.ndjson.gz", "erased-T.json"} <= named
    patterns = [line.strip("/") for line in (_ROOT / ".gitignore").read_text().splitlines()]
    assert [name for name in named if not any(fnmatch(name.strip("/"), pattern) for pattern in patterns)] == []
    assert ".rdp" in patterns  # The default of a lake is in there.
