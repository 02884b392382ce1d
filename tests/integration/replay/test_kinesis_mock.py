"""Where kinesis-mock cannot run, its tests are skipped on a developer's machine and fail in CI."""

import pytest

from tests.integration.replay import kinesis_mock


def test_without_node_a_developer_skips_and_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without node the tests are skipped for a developer, and fail in CI, where a skipped test proves nothing."""
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr(kinesis_mock, "_installed", lambda: None)
    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match="node is not installed"), kinesis_mock.running():
        pass
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="must run in CI: node is not installed"), kinesis_mock.running():
        pass
