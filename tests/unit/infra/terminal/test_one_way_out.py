"""Verbs print through `infra.terminal.out` alone: what a log holds can then never command a terminal."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[4]
_ELSEWHERE = sorted(
    path
    for folder in ("infra", "bench/cli")
    for path in (_ROOT / folder).rglob("*.py")
    if path.parent != _ROOT / "infra" / "terminal"
)
_OF_CLICK = {"echo", "echo_via_pager", "secho", "style", "confirm", "prompt", "progressbar"}


def doors(source: str) -> Iterator[str]:
    """Yield what in the source prints by another way: click's own functions, rich, print, the standard streams."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name("click"), attr=name) if name in _OF_CLICK:
                yield f"line {node.lineno}: click.{name}"
            case ast.Attribute(value=ast.Name("sys"), attr="stdout" | "stderr" as name):
                yield f"line {node.lineno}: sys.{name}"
            case ast.Call(func=ast.Name("print")):
                yield f"line {node.lineno}: print"
            case ast.ImportFrom(module="click" | "sys" as module, names=names):
                yield from (f"line {node.lineno}: {module}.{n.name}" for n in names if n.name in {*_OF_CLICK, "stdout"})
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] == "rich":
                yield f"line {node.lineno}: {module}"
            case ast.Import(names=names):
                yield from (f"line {node.lineno}: {n.name}" for n in names if n.name.split(".")[0] == "rich")


@pytest.mark.parametrize("path", _ELSEWHERE, ids=lambda path: str(path.relative_to(_ROOT)))
def test_nothing_else_prints(path: Path) -> None:
    """A verb that prints by another way is one that forgets to escape, sooner or later."""
    assert list(doors(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "click.echo('x')",
        "def f():\n    return click.confirm('x')",
        "from click import echo",
        "from rich.console import Console",
        "import rich.table",
        "tell = click.echo",
        "print('x')",
        "sys.stdout.write('x')",
    ],
)
def test_each_other_way_is_seen(source: str) -> None:
    """The test above can fail."""
    assert list(doors(source))
