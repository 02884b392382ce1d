"""Which of our modules a program can reach by its imports, at the top of a module or anywhere else in it."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def files(root: Path, modules: Iterable[str]) -> list[Path]:
    """Return the files below `root` of `modules`, of all that they import, and of the packages around them; sorted.

    An import inside a function counts, and so does one for the type checker: a file too many is harmless. A module that
    is not below `root` is not ours and is left out.
    """
    found: dict[str, Path] = {}
    names = list(modules)
    while names:
        name = names.pop()
        path = _file(root, name)
        if path is None or name in found:
            continue
        found[name] = path
        names.extend(_packages(name))
        names.extend(_imports(path))
    return sorted(found.values())


def _file(root: Path, name: str) -> Path | None:
    stem = root.joinpath(*name.split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)


def _packages(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _imports(path: Path) -> Iterator[str]:
    """Yield the names of what a file imports; for `from a import b` both `a` and `a.b`, because `b` may be a module."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
