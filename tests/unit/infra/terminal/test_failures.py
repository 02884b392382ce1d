"""Failures of files in a person's words."""

from pathlib import Path

import pytest

from infra.terminal.failures import told_of_file


def _failed(path: Path) -> OSError:
    with pytest.raises(OSError, match=path.name) as failed:
        path.open("rb")
    return failed.value


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """And not the number of an error; a missing file in a folder that is there stays the file's."""
    missing = tmp_path / "none" / "x.ndjson"
    assert told_of_file(_failed(missing)) == f"{missing}: the folder {tmp_path}/none does not exist."
    assert told_of_file(_failed(tmp_path / "x")) == f"{tmp_path}/x: No such file or directory."
    assert told_of_file(_failed(tmp_path)) == f"{tmp_path}: Is a directory."


def test_a_failure_that_names_no_file_says_what_it_knows() -> None:
    """Such as one of a library that writes."""
    assert told_of_file(OSError("the disk is odd")) == "the disk is odd"
