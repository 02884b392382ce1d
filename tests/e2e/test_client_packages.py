"""Installing the real clients' packages."""

from pathlib import Path

from tests.e2e.client_packages import put


def test_a_program_that_runs_is_never_half_there(tmp_path: Path) -> None:
    """A run that has a program open reads it whole while another run puts the same or a newer one in its place."""
    source, folder = tmp_path / "send.js", tmp_path / "installed"
    folder.mkdir()
    source.write_text("send(1)")
    put(source, folder)
    with (folder / "send.js").open() as running:
        put(source, folder)
        source.write_text("send(2), twice")
        put(source, folder)
        assert running.read() == "send(1)"
    assert [(file.name, file.read_text()) for file in folder.iterdir()] == [("send.js", "send(2), twice")]
