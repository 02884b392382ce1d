"""Files that only their owner can read."""

import os
import re
from pathlib import Path

import pytest

from consumer.replay import private


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_file_and_an_old_one_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    """A file becomes private whatever its mode was, and keeps its content."""
    (tmp_path / "old").write_bytes(b"kept")
    (tmp_path / "old").chmod(0o644)
    for name in ("old", "new"):
        with private.opened(tmp_path / name) as file:
            assert _mode(tmp_path / name) == 0o600
            file.seek(0, os.SEEK_END)
            file.write(b"!")
    assert (tmp_path / "old").read_bytes() == b"kept!"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A link is refused, and its target keeps its bytes and mode."""
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "target").chmod(0o644)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic link") as raised:
        private.opened(tmp_path / "link")
    assert raised.value.filename == str(tmp_path / "link")
    assert (tmp_path / "target").read_bytes() == b"precious"
    assert _mode(tmp_path / "target") == 0o644


def test_only_regular_files_are_written(tmp_path: Path) -> None:
    """Pipes and devices are refused, because a pipe would wait for a reader."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(OSError, match="not a regular file"):
            private.opened(path)


def test_a_file_that_must_be_new_is_not_taken_over(tmp_path: Path) -> None:
    """A file that must be new is an error if it exists or is a link, even one that leads nowhere."""
    (tmp_path / "there").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("there", "link"):
        with pytest.raises(FileExistsError, match="exists already; name a new file") as raised:
            private.opened(tmp_path / name, anew=True)
        assert raised.value.filename == str(tmp_path / name)
    assert not (tmp_path / "nowhere").exists()


def test_one_function_opens_private_files() -> None:
    """Only one module sets file modes."""
    root = Path(__file__).parents[4]
    modules = [path for room in ("ingest", "consumer", "infra", "bench") for path in (root / room).rglob("*.py")]
    asking = {str(path.relative_to(root)) for path in modules if re.search(r"O_CREAT|0o600", path.read_text())}
    assert asking == {"consumer/replay/private.py"}


def test_a_replacement_is_whole_private_and_follows_no_link(tmp_path: Path) -> None:
    """A link in place of the draft or the file is replaced; the file it points to is unchanged."""
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / ".file.partial").symlink_to(tmp_path / "target")
    (tmp_path / "file").symlink_to(tmp_path / "target")
    private.replace(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert not (tmp_path / "file").is_symlink()
    assert _mode(tmp_path / "file") == 0o600
    assert (tmp_path / "target").read_bytes() == b"precious"
    assert not (tmp_path / ".file.partial").exists()


def test_a_folder_that_is_made_is_private(tmp_path: Path) -> None:
    """New folders, parents included, are private, and an existing folder keeps its mode."""
    tmp_path.chmod(0o755)
    private.made_folder(tmp_path / "a" / "b")
    private.made_folder(tmp_path / "a" / "b")
    assert [_mode(tmp_path / "a" / "b"), _mode(tmp_path / "a"), _mode(tmp_path)] == [0o700, 0o700, 0o755]
