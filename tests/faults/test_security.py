"""Code that is forbidden even if the linter is silenced, and what the lock files promise."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[2]
_PACKAGES: Final = ("ingest", "consumer", "infra", "bench")
_SOURCES: Final = sorted(path for name in _PACKAGES for path in (_ROOT / name).rglob("*.py"))
_LOCKS: Final = sorted([_ROOT / "requirements.lock", *(_ROOT / "infra").glob("*.lock")])

# These modules execute the data that they read.
_FORBIDDEN_MODULES: Final = frozenset({"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"})
_FORBIDDEN_CALLS: Final = frozenset({"eval", "exec", "compile", "__import__"})
_FORBIDDEN_METHODS: Final = frozenset(
    {("os", "system"), ("os", "popen"), ("yaml", "load"), ("yaml", "unsafe_load"), ("yaml", "full_load")}
)


def dangers(source: str) -> Iterator[str]:
    """Yield what a module does that lets data become code."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                modules = {alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom(module=str(module)):
                modules = {module.partition(".")[0]}
            case _:
                modules = set()
        yield from (f"line {node.lineno}: imports {module}" for module in modules & _FORBIDDEN_MODULES)  # type: ignore[attr-defined] # only imports come here
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id=name) if name in _FORBIDDEN_CALLS:
                yield f"line {node.lineno}: calls {name}"
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (module, name) in _FORBIDDEN_METHODS:
                yield f"line {node.lineno}: calls {module}.{name}"
        for keyword in node.keywords:
            if keyword.arg == "shell" and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            ):
                yield f"line {node.lineno}: starts a shell"


@pytest.mark.parametrize("path", _SOURCES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_no_module_turns_data_into_code(path: Path) -> None:
    """No module has pickle, eval, exec, shell or unsafe YAML, even where a comment silences ruff's S rules."""
    assert list(dangers(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from marshal import loads",
        "eval(x)",
        "exec(x)",
        "import os; os.system(x)",
        "import subprocess; subprocess.run(x, shell=True)",
        "import subprocess; subprocess.run(x, shell=y)",
        "import yaml; yaml.load(x)",
    ],
)
def test_the_search_finds_what_it_is_for(source: str) -> None:
    """The search finds each of the forbidden calls."""
    assert list(dangers(source))


@pytest.mark.parametrize("path", _LOCKS, ids=lambda path: path.name)
def test_every_locked_package_is_pinned_by_hash(path: Path) -> None:
    """Each requirement has one version and its SHA-256, so that a hijacked registry cannot send another file."""
    requirements = re.sub(r"\\\n", " ", path.read_text())
    lines = [line.strip() for line in requirements.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[A-Za-z0-9._\[\],-]+==\S+", line), f"not pinned: {line[:80]}"
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), f"no hash: {line[:80]}"


def test_the_installed_packages_fit_together() -> None:
    """`pip check` passes: every package has its dependencies in versions that it accepts."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "check"],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
