"""The view of one log's life, before it is asked for a log."""

import pytest
from starlette.testclient import TestClient

from consumer.item import Key
from infra.console import life_page
from infra.console.pages import Pages, Shown
from infra.console.server import of_routes
from infra.log_life import Traces


def _gather(key: Key) -> Traces:
    raise AssertionError(key)


@pytest.mark.parametrize(("query", "is_told"), [("tenant=acme", True), ("log_id=x", True), ("", False)])
def test_a_log_is_named_by_tenant_and_id(query: str, *, is_told: bool) -> None:
    """One without the other is told, and nothing is read."""
    pages = Pages(Shown("this machine", raw=False, allow_changes=False))
    page = TestClient(of_routes(pages, life_page.routes(pages, _gather))).get(f"/life?{query}").text
    assert ("A log is found by both" in page) is is_told
