"""A lake's place and key."""

import shutil
from pathlib import Path

import pytest

from consumer.lake.catalog import ensure, in_folder, name_of, standing_in
from consumer.lake.checkpoint import WrongLakeError
from consumer.lake.rows import KEY_BYTES


def test_a_folder_is_its_owners_alone(tmp_path: Path) -> None:
    """Only the owner can reach the files in a lake's folder, Parquet files included."""
    in_folder(tmp_path / "new" / "lake")
    assert (tmp_path / "new" / "lake").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["my lake", "a?b", "a#b", "a%20b", "a+b", "a:b", "a'b", "caf\u00e9"])
def test_a_folder_whose_address_is_another_is_refused(name: str, tmp_path: Path) -> None:
    """A folder whose address names another place is refused, as the data would be written where others can read it."""
    with pytest.raises(WrongLakeError, match="Name another folder"):
        in_folder(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_copy_of_a_lake_is_refused(tmp_path: Path, *, is_moved: bool) -> None:
    """A copied or moved lake is refused, because its catalog names the files of the first place."""
    original, copy = tmp_path / "lake", tmp_path / "copy"
    ensure(in_folder(original), name_of(raw=True), b"k" * KEY_BYTES)
    in_folder(original)
    (shutil.move if is_moved else shutil.copytree)(original, copy)
    with pytest.raises(WrongLakeError, match="copy is a copy of a lake, or was moved"):
        in_folder(copy)


def test_a_folder_without_a_lake_is_left_as_it_is(tmp_path: Path) -> None:
    """A query with a mistyped folder gives an error and creates no lake."""
    for folder in (tmp_path / "lkae", tmp_path):
        with pytest.raises(WrongLakeError, match="There is no lake in"):
            standing_in(folder)
    assert list(tmp_path.iterdir()) == []
    in_folder(tmp_path / "lake")
    standing_in(tmp_path / "lake")


def test_a_folder_of_other_files_does_not_become_a_lake(tmp_path: Path) -> None:
    """The error names one of them and says what to name instead; a key that waits there and a hidden file are fine."""
    (tmp_path / "lake.key").write_bytes(b"k" * KEY_BYTES)
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "README.md").touch()
    with pytest.raises(WrongLakeError, match=r"such as README\.md\. Name an empty or a new folder: --warehouse DIR\."):
        in_folder(tmp_path)
    (tmp_path / "README.md").unlink()
    in_folder(tmp_path)
    (tmp_path / "README.md").touch()
    in_folder(tmp_path)
