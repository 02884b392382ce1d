"""Files with tenants' texts: new, private, never another's."""

from pathlib import Path

import pytest

from infra.private_file import open_new
from infra.stack import StackError


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Mode 0600, whatever the umask lets through; UTF-8."""
    with open_new(tmp_path / "new") as file:
        file.write("é")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").read_bytes() == "é".encode()


def test_what_is_there_is_left(tmp_path: Path) -> None:
    """A file, and a link to one that is not there."""
    (tmp_path / "old").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("old", "link"):
        with pytest.raises(StackError, match=f"{name} exists already"):
            open_new(tmp_path / name)
    assert (tmp_path / "old").read_text() == "precious"
    assert not (tmp_path / "target").exists()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """By the path that was given."""
    with pytest.raises(StackError, match="nowhere/new can't be made"):
        open_new(tmp_path / "nowhere" / "new")
