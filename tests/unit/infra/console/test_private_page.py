"""The file that a browser is started with."""

from pathlib import Path

from infra.console.private_page import written


def test_its_owner_alone_reads_the_token(tmp_path: Path) -> None:
    """It leads to the address, whatever stands in it."""
    path = written(tmp_path, 'http://127.0.0.1:1/?token=t&a="')
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.is_absolute()
    assert path.read_text().count('"0;url=http://127.0.0.1:1/?token=t&amp;a=&quot;"') == 1
