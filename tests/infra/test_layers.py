"""Each rule on imports refuses what it is for: a forbidden import, planted in a copy of the tree, is found."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("ingest", "consumer", "infra", "bench")

# The beginning of a contract's name, the module that breaks it, and the import that does.
_PLANTED: Final = [
    ("ingest owns the contract", "ingest/contract/message.py", "import consumer.crash"),
    ("ingest's wings", "ingest/contract/message.py", "import ingest.aws.packing"),
    ("ingest's wings", "ingest/aws/packing.py", "import ingest.sinks.queue"),
    ("ingest's wings", "ingest/sinks/publish.py", "import ingest.api.request"),
    ("ingest's wings", "ingest/access/quota.py", "import ingest.sinks.queue"),
    ("ingest's wings", "ingest/api/parse.py", "import ingest.access.principal"),
    ("ingest's wings", "ingest/report.py", "import ingest.invocation"),
    ("ingest's wings", "ingest/a_new_wing.py", "import ingest.contract.message"),
    ("what a request is", "ingest/api/parse.py", "import ingest.aws.packing"),
    ("nothing but their list", "ingest/invocation.py", "import ingest.api.dialects.plain"),
    ("the consumer takes", "consumer/crash.py", "import ingest.aws.connection"),
    ("the consumer takes", "consumer/crash.py", "import ingest.api.parse"),
    ("the consumer takes", "consumer/crash.py", "import infra"),
    ("pure modules", "ingest/api/dialects/plain.py", "import os"),
    ("pure modules", "consumer/delay.py", "import boto3"),
    ("what writes and asks tables of files", "infra/stack.py", "import pyarrow"),
    ("what a row is and which one is new", "consumer/lake/rows.py", "import consumer.lake.files"),
    ("inside the bench", "bench/judge/history.py", "import bench.run"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what the rules are about."""
    copy = tmp_path_factory.mktemp("tree")
    shutil.copy(_ROOT / "pyproject.toml", copy)
    for package in _PACKAGES:
        shutil.copytree(
            _ROOT / package, copy / package, ignore=lambda _, names: [n for n in names if "." in n and n[-3:] != ".py"]
        )
    return copy


@pytest.fixture
def planted(tree: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Return the tree with an import planted at the end of a module."""
    name, line = request.param
    path = tree / name
    before = path.read_text() if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n")
    yield tree
    if before is None:
        path.unlink()
    else:
        path.write_text(before)


def _broken(tree: Path) -> str:
    """Return what the linter says of the contracts that are broken, its lines joined."""
    ran = subprocess.run(  # noqa: S603 - the linter
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin", "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )
    _, _, broken = ran.stdout.partition("Broken contracts")
    assert (ran.returncode == 0) == (not broken), ran.stdout + ran.stderr
    return " ".join(broken.split())


@pytest.mark.parametrize(
    ("planted", "rule"), [((name, line), rule) for rule, name, line in _PLANTED], indirect=["planted"]
)
def test_planted_import_breaks_its_rule(planted: Path, rule: str) -> None:
    """The rule that it is planted against is among those broken."""
    assert rule in _broken(planted)


def test_the_tree_as_it_is_breaks_none(tree: Path) -> None:
    """Otherwise the test above would prove nothing."""
    assert _broken(tree) == ""


def test_every_rule_has_its_plant() -> None:
    """A rule that nothing can break holds nothing."""
    contracts = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    rules = {rule for rule, _, _ in _PLANTED}
    assert [c["name"] for c in contracts if not any(c["name"].startswith(rule) for rule in rules)] == []
