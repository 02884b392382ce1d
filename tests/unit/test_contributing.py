"""CONTRIBUTING.md names files that exist, all that a recipe needs, and each word once."""

import re
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parent.parent.parent
_TEXT: Final = (_ROOT / "CONTRIBUTING.md").read_text()
_RECIPES: Final = dict(re.findall(r"^\*\*An? ([^*]+)\*\*: ((?:.+\n)+)", _TEXT, re.MULTILINE))
_FOLDERS: Final = ("ingest", "consumer", "infra")


def _paths(text: str) -> set[str]:
    """Return the files and folders that a text names, by their place in the repository."""
    return set(re.findall(r"`((?:[\w.]+/)+[\w.]*|[A-Z]+\.md)`", text))


def _absent(text: str) -> set[str]:
    """Return those that are not there; NAME stands for any name."""
    return {path for path in _paths(text) if not any(_ROOT.glob(path.replace("NAME", "*").rstrip("/")))}


def test_every_file_that_is_named_exists() -> None:
    """The map's and the recipes' files are where they say, and a wrong name would be seen."""
    assert len(_paths(_TEXT)) > 50
    assert _absent(_TEXT) == set()
    assert len(_absent("`ingest/sinks/tape.py`, `consumer/NAME/tape.py`, `GUIDE.md`")) == 3


@pytest.mark.parametrize(
    ("recipe", "example"),
    [
        ("DLQ reason", r"unknown_schema_version"),
        ("redaction rule", r"\bssn\b"),
        ("`rdp` verb", r"infra\.cli\.tail\b"),
        ("alarm", r"stream-throttles"),
        ("metric", r"stream_failures"),
        ("parameter", r"CrashSeed"),
    ],
)
def test_a_recipe_names_every_file_that_its_example_needed(recipe: str, example: str) -> None:
    """Where one of a kind stands today, the recipe for the next of its kind sends its reader."""
    sources = chain(
        [_ROOT / "README.md"],
        *((_ROOT / folder).rglob(f"*.{kind}") for folder in _FOLDERS for kind in ("py", "md", "yaml", "tf")),
    )
    places = {str(path.relative_to(_ROOT)) for path in sources if re.search(example, path.read_text())}
    assert len(places) >= 1
    assert places <= _paths(_RECIPES[recipe])


def test_a_word_is_explained_once() -> None:
    """The glossary has one row a word."""
    rows = re.findall(r"^\| ([a-z][^|]+) \| [a-z]", _TEXT.partition("## Words")[2], re.MULTILINE)
    words = [word for row in rows if row != "word" for word in row.split(", ")]
    assert len(words) > 25
    assert len(words) == len(set(words))
