"""What a program can reach by its imports."""

from pathlib import Path

import pytest

from infra import reachable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small project of two packages."""
    for name, source in {
        "a/__init__.py": "",
        "a/entry.py": "import json\nfrom a import b\nimport other.deep.one\n",
        "a/b.py": "from a.c import name\n",
        "a/c.py": "name = 1\n\ndef late() -> None:\n    from a.late import x\n",
        "a/late.py": "from a import entry\n",
        "a/idle.py": "from a import entry\n",
        "other/__init__.py": "",
        "other/idle.py": "",
        "other/deep/__init__.py": "from other.deep import two as _\n",
        "other/deep/one.py": "",
        "other/deep/two.py": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return tmp_path


def test_what_is_imported_is_there_and_nothing_else(root: Path) -> None:
    """Modules and names, at the top or inside a function, with the packages around them; other people's are not."""
    assert [path.relative_to(root).as_posix() for path in reachable.files(root, ["a.entry"])] == [
        "a/__init__.py",
        "a/b.py",
        "a/c.py",
        "a/entry.py",
        "a/late.py",
        "other/__init__.py",
        "other/deep/__init__.py",
        "other/deep/one.py",
        "other/deep/two.py",
    ]
