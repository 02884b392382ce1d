"""The shell blocks of the documents, pasted whole and in order into a terminal, as a reader does it.

Nothing of a block is changed. The terminal stands in a folder that looks like a clone, with a data folder of its own
(`RDP_DATA_DIR`) on a free port. A document that starts its stack itself goes on with one that was stopped and has no
simulated crashes, where no block asks for them; any other finds one running. What can't be run here is in `_NOT_RUN`,
with its reason.
"""

import os
import re
import signal
import subprocess
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from infra import counts
from infra.local import engine, lifecycle, state

_ROOT: Final = Path(__file__).parents[2]
_LIMIT_S: Final = 600  # Beyond the visibility timeout, after which a log comes back whose consumer failed.
_ROW: Final = "[REDACTED]"

_NOT_RUN: Final = {
    (
        "README.md",
        "rdp deploy --stack rdp --dry-run",
    ): "deploys to AWS; tests/e2e/test_deploy.py does it with the engine in its place",
    (
        "infra/RUNBOOK.md",
        "rdp dlq list [--tenant T]",
    ): "a synopsis with placeholders; tests/e2e/test_redrive.py runs each",
    (
        "infra/RUNBOOK.md",
        "rdp erase --tenant T --yes",
    ): "a synopsis with placeholders; tests/e2e/test_erase.py runs each",
    (
        "infra/RUNBOOK.md",
        "rdp deploy --stack rdp --dry-run",
    ): "deploys to AWS; tests/e2e/test_deploy.py does it with the engine",
    ("infra/RUNBOOK.md", "rdp deploy --stack rdp --revert-drift"): "needs an account: the engine knows no drift",
    ("infra/RUNBOOK.md", "aws dynamodb restore-table"): "needs AWS's CLI and an account",
    ("infra/RUNBOOK.md", "aws dynamodb update-time-to-live"): "needs AWS's CLI and an account",
    ("infra/RUNBOOK.md", "aws sts assume-role"): "needs AWS's CLI and an account",
    ("infra/RUNBOOK.md", "rdp tail --since 15m --service"): "fails where no quota was exceeded, and needs AWS's CLI",
    ("infra/RUNBOOK.md", "aws logs filter-log-events"): "needs AWS's CLI and an account",
    (
        "infra/RUNBOOK.md",
        "rdp keys create",
    ): "needs a stack with keys, and an id; tests/e2e/test_authentication.py runs both",
    ("infra/RUNBOOK.md", "rdp verify-isolation --stack"): "needs an account",
    ("infra/RUNBOOK.md", "rdp package --architecture"): "applies to AWS; tests/e2e/test_terraform.py applies it here",
}
"""Blocks that are not run, by document and by how they begin, and why."""

_STAYS: Final = {"make run": "endpoint  "}
"""Blocks that keep their terminal until the stack is stopped, and what they show when the next one may be pasted."""


class Block(NamedTuple):
    """What is pasted, and the line where it stands."""

    document: str
    line: int
    text: str

    @property
    def is_run(self) -> bool:
        """Whether it is not on the list."""
        return not any(self.document == name and self.text.startswith(begin) for name, begin in _NOT_RUN)


def _blocks(document: Path) -> Iterator[Block]:
    """Yield the fenced blocks of shell, the lines after `$ ` of shown sessions, and the indented blocks."""
    text = document.read_text()
    name = str(document.relative_to(_ROOT))
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$|(?<=\n\n)(?: {4,}\S[^\n]*\n)+", text, re.MULTILINE | re.DOTALL):
        language, body = found[1], found[2]
        if body is None:
            pasted = textwrap.dedent(found[0])
        elif language in {"sh", "bash", "shell"}:
            pasted = body
        else:
            pasted = "".join(f"{line}\n" for line in re.findall(r"^\$ (.+)$", body, re.MULTILINE))
        if pasted:
            yield Block(name, text.count("\n", 0, found.start()) + 1, pasted)


_DOCUMENTS: Final = sorted(
    path
    for path in _ROOT.rglob("*.md")
    if not {".venv", "node_modules", ".rdp", "results"} & set(path.relative_to(_ROOT).parts)
)
_BLOCKS: Final = [block for document in _DOCUMENTS for block in _blocks(document)]


class Terminal:
    """A shell that reads what is pasted and runs it line by line, with what it shows in a file."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._shown = folder.with_suffix(f".{time.monotonic_ns()}")
        self._done = 0
        with self._shown.open("wb") as shown:
            self._shell = subprocess.Popen(
                ["bash"],  # noqa: S607 - the reader's own
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=shown,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        self._type("trap 'echo \"FAILED: $BASH_COMMAND\"' ERR\n")

    @property
    def shown(self) -> str:
        """Everything that it showed until now."""
        return self._shown.read_text(errors="replace")

    def paste(self, text: str) -> str:
        """Return what the pasted commands showed, when the last of them is through."""
        before = len(self.shown)
        self._done += 1
        self._type(f"{text}\necho DONE-{self._done}\n")
        self.wait_for(f"DONE-{self._done}\n")
        return self.shown[before:]

    def leave(self, text: str, word: str) -> None:
        """Paste what keeps the terminal, and return when it has shown the word."""
        self._type(text)
        self.wait_for(word)

    def wait_for(self, word: str) -> None:
        """Return when it has shown the word."""
        deadline_s = time.monotonic() + _LIMIT_S
        while word not in self.shown:
            assert self._shell.poll() is None, self.shown
            assert time.monotonic() < deadline_s, f"{word!r} does not come:\n{self.shown}"
            time.sleep(0.1)

    def end(self) -> int:
        """Return the exit status of the last command, once nothing more can be typed and it has ended."""
        if self._shell.stdin is not None:
            self._shell.stdin.close()
        try:
            return self._shell.wait(_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._shell.pid, signal.SIGHUP)
            raise

    def _type(self, text: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(text)
        self._shell.stdin.flush()


def _clone(folder: Path) -> Path:
    """Make the folder look like a clone after `make setup`: `make` must not set up what the tests themselves use."""
    (folder / ".venv").mkdir(parents=True)
    for path in _ROOT.iterdir():
        if path.name not in {".venv", ".rdp", ".git"}:
            (folder / path.name).symlink_to(path)
    for path in (_ROOT / ".venv").resolve().iterdir():
        if path.name != ".installed":
            (folder / ".venv" / path.name).symlink_to(path)
    (folder / ".venv" / ".installed").touch()
    return folder


def _environment(data_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RDP_", "PYTEST", "AWS_"))}
    (data_dir / ".curlrc").write_text("fail-with-body\n")  # An answer that is no 2xx fails the command.
    return kept | {"RDP_DATA_DIR": str(data_dir), "PYTHONPATH": str(_ROOT), "CURL_HOME": str(data_dir)}


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose engine is to run on a free port."""
    folder = tmp_path / "data"
    port = engine.pick_free_port()
    state.write(
        folder,
        state.State(port=port, pid=None, region="us-east-1", access_key_id="test", secret_access_key="test"),
    )
    yield folder
    lifecycle.down(folder)


def test_there_are_blocks_and_each_listed_one_exists() -> None:
    """README and the runbook have blocks that are run; the list names only blocks that are there, each once."""
    assert {"README.md", "infra/RUNBOOK.md"} <= {block.document for block in _BLOCKS if block.is_run}
    for name, begin in _NOT_RUN:
        assert len([b for b in _BLOCKS if b.document == name and b.text.startswith(begin)]) == 1, (name, begin)
    for text in _STAYS:
        assert text in {block.text.strip() for block in _BLOCKS}


@pytest.mark.parametrize("document", sorted({block.document for block in _BLOCKS if block.is_run}))
def test_the_blocks_of_a_document_work_as_pasted(document: str, data_dir: Path, tmp_path: Path) -> None:
    """Every command of every block ends well, in order, in one terminal beside those that stay open."""
    folder, environment = _clone(tmp_path / "clone"), _environment(data_dir)
    blocks = [block for block in _BLOCKS if block.document == document and block.is_run]
    if any(block.text.strip() in _STAYS for block in blocks):
        # The next start keeps it. With 5 % of crashes, one run in ten waits for the visibility timeout.
        lifecycle.up(data_dir, parameters={"CrashProbability": "0"})
        lifecycle.down(data_dir)
    else:
        lifecycle.up(data_dir, parameters={"SecondsPerChar": "0", "CrashProbability": "0"})
    terminal = Terminal(folder, environment)
    terminal.paste(f"export PATH={folder}/.venv/bin:$PATH")
    left: list[Terminal] = []
    try:
        for block in blocks:
            if (word := _STAYS.get(block.text.strip())) is not None:
                left.append(Terminal(folder, environment))
                left[-1].leave(block.text, word)
                continue
            shown = terminal.paste(block.text)
            assert "FAILED: " not in shown, f"{document}:{block.line}: {shown}"
            _read_on(data_dir)
            for command in re.findall(r"^rdp logs .*$", block.text, re.MULTILINE):
                assert _ROW in terminal.paste(command), f"{document}:{block.line}: no row"
    finally:
        lifecycle.down(data_dir)
        terminal.end()
        shown_there = [(one.end(), one.shown) for one in left]
    assert [status for status, _ in shown_there] == [0] * len(left), shown_there


def _read_on(data_dir: Path) -> None:
    """Return when the stack has done what it was given, as it has when the reader comes to the next block."""
    found = state.read(data_dir)
    if found is None or not engine.is_running(found):
        return
    deadline_s = time.monotonic() + _LIMIT_S
    while counts.queue_depth(found.stack, found.stack.queue_url) != (0, 0):
        assert time.monotonic() < deadline_s, counts.read(found.stack)
        time.sleep(0.2)


def test_a_command_that_fails_would_be_seen(tmp_path: Path) -> None:
    """A block with a command that does not work is told by that command, in whatever line of the block it stands."""
    (tmp_path / "folder").mkdir()
    terminal = Terminal(tmp_path / "folder", dict(os.environ))
    assert "FAILED: false" in terminal.paste("true\nfalse\ntrue")
    assert "FAILED" not in terminal.paste("true")
    terminal.end()
