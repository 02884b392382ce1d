"""One stack with logs, one console over it and one Chromium for all tests of the console."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.console.browsing import HOSTILE, ORDERS, WAIT_MS, enter, running

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
expect.set_options(timeout=WAIT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tests of this folder where no Chromium is."""
    for item in items:
        if _CHROMIUM is None and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="no Chromium here: apt-get install chromium"))


@pytest.fixture(scope="session")
def stack(start_shared_stack: "StartStack", eventually: "Eventually") -> "LocalStack":
    """A stack without the simulated work, whose table keeps logs for 30 days: two tenants' logs and a dead letter."""
    stack = start_shared_stack({"RetentionDays": "30"})
    orders = [
        {"tenant_id": "acme", "text": f"order {n} took {n} ms, call 555-0199", "level": ("info", "error")[n % 2]}
        for n in range(ORDERS)
    ]
    assert stack.post_json(orders).status == 202
    assert (
        stack.post_json(
            [{"tenant_id": "acme", "text": "payment timeout of user 4711", "level": "error", "cart": "a b"}]
        ).status
        == 202
    )
    assert stack.post_json([{"tenant_id": "hostile", "text": text} for text in HOSTILE.values()]).status == 202
    stack.place.sqs.send_message(QueueUrl=stack.stack.dlq_url, MessageBody="<b>no log</b>")
    eventually(lambda: len(stack.rows("acme")) == len(orders) + 1 and len(stack.rows("hostile")) == len(HOSTILE))
    return stack


@pytest.fixture(scope="session")
def address(stack: "LocalStack", tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that a console prints."""
    with running(stack, tmp_path_factory.mktemp("console")) as (_, address):
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A browser that came in by the token, of which no request leaves the machine and no script fails."""
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    enter(context.new_page(), address)
    yield context
    context.close()
    own = urlsplit(address).netloc
    assert {urlsplit(url).netloc for url in asked} == {own}
    # A page that says what is wrong with a search is a 400, of which Chromium complains.
    assert [said for said in complaints if "status of 400" not in said] == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Its page."""
    return context.pages[0]
