"""The console's lists in a real Chromium: more rows as it is scrolled, those near the window, new ones on top."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from infra.console.pages import Pages, Shown
from tests.e2e.console.browsing import ORDERS, WAIT_MS, enter, running, show_logs

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack


def test_older_logs_come_as_the_page_is_scrolled(page: Page, address: str) -> None:
    """Each once, to the oldest."""
    show_logs(page, address, "tenant=acme")
    expect(page.locator("#rows")).to_have_attribute("data-loaded", "100")
    while page.get_by_text("These are all.").count() == 0:
        page.mouse.wheel(0, 20_000)
        expect(page.locator(".htmx-request")).to_have_count(0, timeout=WAIT_MS)
    expect(page.locator("#rows")).to_have_attribute("data-loaded", str(ORDERS + 1))
    page.set_viewport_size({"width": 1280, "height": 4_000})  # All are near a window of this height.
    expect(page.locator(".rows > li")).to_have_count(ORDERS + 1)
    ids = page.locator(".rows > li").evaluate_all("rows => rows.map(row => row.id)")
    assert len(set(ids)) == ORDERS + 1


def test_of_ten_thousand_rows_only_those_near_the_window_are_in_the_page(page: Page, address: str) -> None:
    """Wherever it is scrolled to, rows are in sight, the same as before, and the page stays as high as all rows."""
    show_logs(page, address, "tenant=acme")
    page.evaluate(
        """() => {
          const list = document.querySelector("#rows > ol");
          const more = document.querySelector("#rows > p");
          for (let n = 0; n < 1000; n++) {
            const copy = list.cloneNode(true);
            copy.querySelectorAll("bdi").forEach((text, place) => { text.textContent = `copy ${n} row ${place}`; });
            more.before(copy);
          }
          more.dispatchEvent(new CustomEvent("htmx:afterSwap", { bubbles: true, detail: { target: more } }));
        }"""
    )
    assert int(page.locator("#rows").get_attribute("data-loaded") or 0) >= 10_000

    def seen(top: int) -> tuple[int, str]:
        """Return how many rows are in the page, and the one in the middle of the window."""
        found = page.evaluate(
            """async (top) => {
              scrollTo(0, top);
              for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);
              const row = document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest(".rows > li");
              return [document.querySelectorAll(".rows > li").length, row?.querySelector("bdi").textContent ?? ""];
            }""",
            top,
        )
        return int(found[0]), str(found[1])

    height = int(page.evaluate("document.documentElement.scrollHeight"))
    assert height > 10_000 * 16
    tops = [*range(1_000, 9_000, 150), height // 2, height - 3_000, 5_000, height // 3]
    before = [seen(top) for top in tops]
    assert max(rows for rows, _ in before) < 400
    assert all(text for _, text in before)
    assert [seen(top)[1] for top in tops[::-1]] == [text for _, text in before[::-1]]
    assert page.evaluate("document.documentElement.scrollHeight") == height


def test_a_row_that_was_opened_is_still_open_when_it_comes_back(page: Page, address: str) -> None:
    """It left the page and came back whole; the keys go on from what is in sight."""
    show_logs(page, address, "tenant=acme")
    first = page.locator(".rows > li").first
    name = first.get_attribute("id")
    first.locator("summary").click()
    expect(first.get_by_label("The log's text")).to_be_visible()
    page.mouse.move(400, 400)
    while page.locator(f"#{name}").count():
        page.mouse.wheel(0, 1_000)
        page.evaluate("new Promise(requestAnimationFrame)")
    page.keyboard.press("j")
    focused = page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert 0 <= focused < page.evaluate("innerHeight")
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(f"#{name}").get_by_label("The log's text")).to_be_visible()


def test_a_page_that_follows_shows_what_comes(stack: "LocalStack", page: Page, address: str) -> None:
    """What was there, and then each new log on top, once."""
    assert stack.post_text("follow", "before").status == 202
    show_logs(page, address, "tenant=follow&follow=1")
    expect(page.locator(".rows bdi")).to_have_text(["before"], timeout=WAIT_MS)
    for n in range(3):
        assert stack.post_text("follow", f"new {n}").status == 202
        expect(page.locator(".rows bdi").first).to_have_text(f"new {n}", timeout=WAIT_MS)
    expect(page.locator(".rows bdi")).to_have_text(["new 2", "new 1", "new 0", "before"])


@pytest.mark.parametrize("tenant", ["acme", "nobody"])
def test_a_tick_begins_to_follow_and_another_ends_it(page: Page, address: str, tenant: str) -> None:
    """At once, with the keyboard alone, with the search as it is typed; without a tenant it waits for one."""
    show_logs(page, address, "")
    page.get_by_label("Follow").press("Space")
    expect(page.get_by_label("Follow")).to_be_checked()
    page.get_by_label("Tenant").fill(tenant)
    page.get_by_label("Follow").press("Space")
    page.wait_for_url(f"**tenant={tenant}**")
    assert "follow" not in page.url
    page.get_by_label("Words in the text").fill("order")
    page.get_by_label("Follow").press("Space")
    page.wait_for_url("**words=order**follow=1")
    expect(page.get_by_role("status")).to_contain_text("Following", timeout=WAIT_MS)
    page.get_by_label("Follow").press("Space")
    page.wait_for_url(lambda url: "words=order" in url and "follow" not in url)


def test_ten_pages_follow_at_once(stack: "LocalStack", context: BrowserContext, address: str) -> None:
    """A browser opens six connections to a host: no page holds one."""
    pages = [context.new_page() for _ in range(10)]
    for page in pages:
        show_logs(page, address, "tenant=many&follow=1")
        expect(page.get_by_role("status")).to_contain_text("Following", timeout=WAIT_MS)
    assert stack.post_text("many", "to all").status == 202
    for page in pages:
        expect(page.locator(".rows bdi")).to_have_text(["to all"], timeout=WAIT_MS)


def test_a_page_says_that_its_console_is_gone_and_catches_up(
    stack: "LocalStack", browser: Browser, tmp_path: Path, eventually: "Eventually"
) -> None:
    """Ended, every page says so by itself. Started anew, the page that follows shows each log that came meanwhile."""
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    page, other = context.new_page(), context.new_page()
    with running(stack, tmp_path) as (_, address):
        enter(page, address)
        show_logs(page, address, "tenant=away&follow=1")
        enter(other, address)
        expect(page.get_by_role("status")).to_contain_text("Following", timeout=WAIT_MS)
        expect(page.get_by_role("alert")).to_be_empty()
    for one in (page, other):
        expect(one.get_by_role("alert").first).to_contain_text("Connection lost", timeout=WAIT_MS)
    missed = [{"tenant_id": "away", "text": f"missed {n}"} for n in range(250)]
    assert stack.post_json(missed).status == 202
    eventually(lambda: len(stack.rows("away")) == len(missed))
    with running(stack, tmp_path, port=urlsplit(address).port or 0) as (_, address):
        expect(page.get_by_role("alert")).to_contain_text("started anew", timeout=WAIT_MS)
        enter(other, address)
        expect(page.get_by_role("alert")).to_be_empty(timeout=WAIT_MS)
        expect(page.locator(".rows > li")).to_have_count(len(missed), timeout=WAIT_MS)
        shown = page.locator(".rows bdi").all_text_contents()
        assert sorted(shown) == sorted(log["text"] for log in missed)
    context.close()


def test_a_page_that_follows_does_not_grow(page: Page, address: str) -> None:
    """However many logs come, 1,000 rows are kept, and what htmx knew of the dropped ones is given back."""
    show_logs(page, address, "tenant=nobody")
    page.evaluate(
        """() => {
          const list = document.createElement('ol');
          list.className = 'rows follow';
          list.id = 'grown';
          document.querySelector('main').append(list);
          const row = (n) =>
            `<li id="log-${n}"><details hx-get="/x" hx-trigger="toggle once"><summary>${n}</summary></details></li>`;
          window.cameTo = (from, count) => {
            const came = document.createElement('ol');
            came.innerHTML = Array.from({length: count}, (_, n) => row(from + n)).join('');
            add(list, came);
          };
        }"""
    )
    client = page.context.new_cdp_session(page)

    def nodes_after(logs: range) -> int:
        for start in logs:
            page.evaluate("start => window.cameTo(start, 500)", start)
        client.send("HeapProfiler.collectGarbage")
        return int(client.send("Memory.getDOMCounters")["nodes"])

    at_first = nodes_after(range(0, 1_000, 500))
    assert nodes_after(range(1_000, 10_000, 500)) < at_first * 1.1
    assert page.locator("#grown > li").count() == 1000


@pytest.mark.parametrize("failure", ["busy", "gone", "started anew"])
def test_what_was_not_read_is_read_when_it_is_asked_for_again(browser: Browser, address: str, failure: str) -> None:
    """The table was busy, or the console away: the histogram, a row and the next page come by their buttons."""
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    enter(page, address)
    pages = Pages(Shown("this machine", raw=False, allow_changes=False))
    failed: list[str] = []

    def fail_once(route: Route) -> None:
        path = route.request.url.partition(urlsplit(address).netloc)[2]
        if path in failed:
            route.continue_()
            return
        failed.append(path)
        if failure == "busy":
            body = pages.text("problem", problem="DynamoDB is throttled.", again=path)
            route.fulfill(status=503, body=body, content_type="text/html")
        elif failure == "gone":
            route.abort()
        else:
            route.fulfill(status=403, body="No token.", content_type="text/plain")

    for part in ("histogram", "whole", "more"):
        page.route(f"**/logs/{part}?*", fail_once)
    show_logs(page, address, "tenant=acme")
    page.locator(".histogram").get_by_role("button", name="Try again").click()
    expect(page.locator("svg[data-brush]")).to_be_visible()
    row = page.locator(".rows > li").first
    row.locator("summary").click()
    row.get_by_role("button", name="Try again").click()
    expect(row.get_by_label("The log's text")).to_contain_text("payment timeout")
    while page.locator("#rows > .problem").count() == 0:
        page.mouse.wheel(0, 20_000)
        page.evaluate("new Promise(requestAnimationFrame)")
    page.locator("#rows > .problem").get_by_role("button", name="Try again").click()
    expect(page.locator("#rows")).to_have_attribute("data-loaded", str(ORDERS + 1))
    expect(page.locator("main .problem")).to_have_count(0)
    assert len(failed) == 3
    context.close()
