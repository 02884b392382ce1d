"""The key of a lake."""

from pathlib import Path

import pytest

from consumer.lake import key
from consumer.lake.checkpoint import WrongLakeError
from consumer.lake.rows import KEY_BYTES


def test_a_key_is_drawn_once(tmp_path: Path) -> None:
    """A key is random, readable by its owner alone, and the same at each later run."""
    one, other = tmp_path / "one.key", tmp_path / "other.key"
    assert [key.draw(one), key.draw(one), key.draw(other)] == [True, False, True]
    assert key.read(one) == key.read(one) != key.read(other)
    assert one.stat().st_mode & 0o777 == 0o600
    assert len(key.read(one)) == KEY_BYTES
    assert sorted(tmp_path.iterdir()) == [one, other]


def test_a_lost_key_is_told_and_not_drawn(tmp_path: Path) -> None:
    """A lost key is an error, because with a new key each redacted log would get a second row."""
    with pytest.raises(WrongLakeError, match=r"key is not at .*lost.key. Name the file"):
        key.read(tmp_path / "lost.key")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    """A file that is no key, as a truncated one, is refused."""
    (tmp_path / key.KEY_FILE).write_bytes(b"short")
    with pytest.raises(WrongLakeError, match="not the key of a lake: it has 5 bytes"):
        key.read(tmp_path / key.KEY_FILE)
