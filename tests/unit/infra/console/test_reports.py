"""The bench's reports: those of a folder, and no other file."""

import re
from pathlib import Path

from starlette.testclient import TestClient

from infra.console import reports
from infra.console.door import HEADERS, Door, Guarded
from infra.console.pages import Pages, Shown
from infra.console.server import of_routes


def _client(folder: Path) -> TestClient:
    pages = Pages(Shown("this machine", raw=False, allow_changes=False))
    door = Door(8642, "t")
    app = Guarded(of_routes(pages, reports.routes(pages, folder)), door)
    return TestClient(app, base_url="http://127.0.0.1:8642", cookies={door.cookie: door.token})


def test_two_runs_stand_side_by_side(tmp_path: Path) -> None:
    """Chosen by name, each in a frame that runs nothing; a folder that is no run is none."""
    for name in ("soak", "steady", "burst"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.html").write_text(f"<h1>{name}</h1>")
    (tmp_path / "other").mkdir()
    client = _client(tmp_path)
    page = client.get("/bench?run=soak&run=steady&run=burst").text
    assert re.findall(r'<iframe src="([^"]+)"', page) == ["/bench/report?run=soak", "/bench/report?run=steady"]
    assert "other" not in page
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "report.html").write_text("<h1>newer</h1>")
    assert "/bench/report?run=newer" in client.get("/bench?run=newer").text
    report = client.get("/bench/report?run=soak")
    assert report.text == "<h1>soak</h1>"
    assert report.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "frame-src 'self'" in HEADERS["content-security-policy"]


def test_no_name_leads_to_another_file(tmp_path: Path) -> None:
    """A path is no name of a run; one that was removed since is not there."""
    (tmp_path / "runs" / "gone").mkdir(parents=True)
    (tmp_path / "runs" / "gone" / "report.html").write_text("x")
    (tmp_path / "report.html").write_text("secret")
    client = _client(tmp_path / "runs")
    (tmp_path / "runs" / "gone" / "report.html").unlink()
    for name in ("..", "../", ".", "", "/etc", "gone"):
        answer = client.get("/bench/report", params={"run": name})
        assert (answer.status_code, "secret" in answer.text) == (404, False)
    client = _client(tmp_path / "gone_too")
    (tmp_path / "gone_too" / "soak").mkdir(parents=True)
    (tmp_path / "gone_too" / "soak" / "report.html").write_text("x")
    unknown = client.get("/bench", params={"run": ["<b>", "", "soak"]})
    assert (unknown.status_code, unknown.text.count("<iframe")) == (404, 1)
    assert "There is no report of a run <bdi>&lt;b&gt;</bdi>" in unknown.text
    assert "There is no report." in _client(tmp_path / "none").get("/bench").text
