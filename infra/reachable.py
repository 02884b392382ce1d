"""Which of our modules a program can reach by its imports, wherever in a module they stand."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def files(root: Path, modules: Iterable[str]) -> list[Path]:
    """Return the files below `root` of `modules` and of all that they import, with the packages around them; sorted.

    An import inside a function counts, and so does one for the type checker: too much is harmless. A module that is
    not below `root` is somebody else's.
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
    """Yield what a file imports; of `from a import b`, both `a` and `a.b`, which may be a module or a name in one."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
