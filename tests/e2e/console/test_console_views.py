"""The console's other views and its door, in a real Chromium: what people do with them, and what nobody may do."""

import dataclasses
import http.client
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from infra.local import state
from tests.e2e.console.browsing import RDP, ROOT, WAIT_MS, enter, running

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack


def test_the_flow_and_a_log_s_life_are_told(stack: "LocalStack", page: Page) -> None:
    """Counts and tenants, with a way to the logs; request, stream and row of one log, as `rdp log --life` has them."""
    page.get_by_role("link", name="Flow").click()
    expect(page.get_by_role("heading", name="By tenant")).to_be_visible()
    page.get_by_role("link", name="acme").click()
    page.locator(".rows summary").first.click()
    page.get_by_role("link", name="Its life").click()
    expect(page.get_by_text("after its receipt")).to_be_visible()
    steps = [" ".join(row.split()) for row in page.locator("tbody tr").all_inner_texts()]
    log_id = page.get_by_label("Log id").input_value()
    printed = subprocess.run(  # noqa: S603 - our own command
        [*RDP, "log", "acme", log_id, "--life", "--data-dir", str(stack.data_dir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [" ".join(line.split()) for line in printed.stdout.splitlines()] == steps
    assert [step.split(maxsplit=1)[1].split(maxsplit=2)[0] for step in steps] == ["received", "on", "stored"]


def test_a_function_that_a_deployment_removed_takes_no_page_away(
    stack: "LocalStack", browser: Browser, tmp_path: Path
) -> None:
    """It is told as one that does not start. Once the outputs are without it, it is not told, without a restart."""
    with_reader = {**stack.state.outputs, "ReaderFunctionName": "a-reader-that-is-gone"}
    folder = tmp_path / "data"
    state.write(folder, msgspec.structs.replace(stack.state, outputs=with_reader))
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    with running(dataclasses.replace(stack, data_dir=folder), tmp_path) as (_, address):
        enter(page, address)
        expect(page.get_by_role("heading", name="By tenant")).to_be_visible()
        expect(page.get_by_text("reader does not start: there is no such function.")).to_be_visible()
        state.write(folder, stack.state)
        expect(page.get_by_text("reader does not start")).to_have_count(0)
        expect(page.get_by_role("heading", name="By tenant")).to_be_visible()
    context.close()


def test_a_dead_letter_is_sent_back(stack: "LocalStack", page: Page, eventually: "Eventually") -> None:
    """Shown with its reason, previewed, confirmed: the consumer gets it, and finds again that it is poison."""
    page.get_by_role("link", name="Dead letters").click()
    expect(page.get_by_text("max_receives_exceeded").first).to_be_visible()
    page.get_by_role("link", name="Send back …").click()
    page.get_by_role("button", name="Send 1 back").click()
    expect(page.get_by_role("status")).to_have_text("1 message sent back to the queue.")
    eventually(lambda: [letter.reason for letter in stack.dead_letters] == ["undecodable"])


@pytest.mark.parametrize(
    ("path", "scheme", "width"),
    [
        ("/flow", "light", 1280),
        ("/flow", "dark", 360),
        ("/logs?tenant=acme", "dark", 1280),
        ("/logs?tenant=acme&since=x", "light", 360),
        ("/dead-letters", "light", 360),
        ("/life?tenant=a&log_id=b", "dark", 360),
        ("/bench?run=soak&run=burst", "light", 1280),
        ("/runbook", "dark", 1280),
    ],
)
def test_everybody_can_read_it(page: Page, address: str, path: str, scheme: str, width: int) -> None:
    """Nothing serious for axe, dark or light, wide or narrow; and nothing is wider than the window."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"http://{urlsplit(address).netloc}{path}")
    expect(page.locator(".htmx-request")).to_have_count(0, timeout=WAIT_MS)
    if page.locator(".rows summary").count():
        page.locator(".rows summary").first.click()
    found = Axe().run(page).response["violations"]
    grave = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]
    assert grave == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_two_clicks_are_one_change(page: Page, address: str) -> None:
    """The answer to the second would be that it was done already, in place of what was done."""
    page.goto(f"http://{urlsplit(address).netloc}/dead-letters/preview?action=redrive")
    expect(page.get_by_role("button", name="Send 1 back")).to_be_visible()
    refused = page.evaluate(
        """() => [1, 2].map(() => {
          const event = new SubmitEvent("submit", { bubbles: true, cancelable: true });
          document.querySelector("main form").dispatchEvent(event);
          return event.defaultPrevented;
        })"""
    )
    assert refused == [False, True]


def test_a_table_in_a_narrow_window_breaks_no_word(page: Page, address: str) -> None:
    """It is scrolled within its frame, and a reason stays readable; the page is no wider than the window."""
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"http://{urlsplit(address).netloc}/dead-letters")
    expect(page.locator("tbody tr").first).to_be_visible()
    lines = page.locator("th, td bdi").evaluate_all(
        """cells => cells.map((cell) => {
          const range = document.createRange();
          range.selectNodeContents(cell);
          return new Set([...range.getClientRects()].map((box) => box.top)).size;
        })"""
    )
    assert set(lines) == {1}
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_browser_is_started_without_the_token(
    stack: "LocalStack", browser: Browser, tmp_path: Path, eventually: "Eventually"
) -> None:
    """Its arguments name a file that only its owner can read and that leads in; it is deleted with the console."""
    started = tmp_path / "arguments"
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$@" > {started}.draft && /bin/mv {started}.draft {started}\n')
    program.chmod(0o700)
    context = browser.new_context()
    with running(stack, tmp_path, browser=f"{program} %s") as (_, address):
        eventually(started.exists)
        arguments = started.read_text().strip()
        assert address.partition("token=")[2] not in arguments
        page = context.new_page()
        page.goto(arguments)
        page.wait_for_url("**/flow", timeout=WAIT_MS)
        expect(page.get_by_role("heading", name="Flow")).to_be_visible()
    assert not Path(urlsplit(arguments).path).exists()
    context.close()


def test_nobody_else_gets_in(browser: Browser, address: str) -> None:
    """No token; another host's name; another site's form and its call, with the cookie at hand."""
    own = urlsplit(address).netloc
    token = address.partition("token=")[2]
    for headers in (
        {},
        {"Host": f"evil.example:{urlsplit(address).port}", "Cookie": f"rdp_console_{urlsplit(address).port}={token}"},
    ):
        connection = http.client.HTTPConnection(own)
        connection.request("GET", "/logs?tenant=acme", headers=headers)
        answer = connection.getresponse()
        assert (answer.status, b"order" in answer.read()) == (403, False)
        connection.close()
    context = browser.new_context()
    page = context.new_page()
    enter(page, address)
    page.route(
        "http://evil.example/**",
        lambda route: route.fulfill(body="<form method=post></form>", content_type="text/html"),
    )
    page.goto("http://evil.example/")
    with page.expect_response(f"http://{own}/dead-letters/change") as answered:
        page.evaluate(
            "url => { const form = document.forms[0]; form.action = url; form.submit(); }",
            f"http://{own}/dead-letters/change",
        )
    assert answered.value.status == 403
    page.wait_for_url("**/dead-letters/change")
    page.goto("http://evil.example/")
    read = page.evaluate(
        "url => fetch(url, {credentials: 'include'}).then(a => a.text(), e => 'refused')",
        f"http://{own}/logs?tenant=acme",
    )
    assert read == "refused"
    context.close()
