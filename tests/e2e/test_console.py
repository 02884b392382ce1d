"""`rdp console` in a real Chromium, over a stack on the engine: what people do with it, and what nobody may do."""

import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from consumer.lake.catalog import in_folder
from consumer.timestamps import epoch_ms
from infra.console.histogram import MAX_BARS
from ingest.contract.log_ids import MAX_MS, generator
from tests.faults.lake_world import LakeWorld
from tests.messages import message

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

_ROOT = Path(__file__).parents[2]
_RDP = [sys.executable, "-c", "from infra.cli import main; main()"]
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_WAIT_MS = 60_000
_ORDERS = 130
expect.set_options(timeout=_WAIT_MS)

pytestmark = pytest.mark.skipif(_CHROMIUM is None, reason="no Chromium here: apt-get install chromium")

_HOSTILE = {
    "script": "hostile <script>document.title='owned'</script>",
    "markup": "hostile \"'><img src=x onerror=\"document.title='owned'\"><style>body{display:none}</style>",
    "codes": "hostile \x1b[2J\x1b]0;owned\x07",
    "bidi": "hostile \u202egnp.exe\u2066",
}


@pytest.fixture(scope="module")
def stack(start_stack: "StartStack", eventually: "Eventually") -> "LocalStack":
    """A stack without the simulated work, whose table keeps logs for 30 days: two tenants' logs and a dead letter."""
    stack = start_stack({"RetentionDays": "30"})
    orders = [
        {"tenant_id": "acme", "text": f"order {n} took {n} ms, call 555-0199", "level": ("info", "error")[n % 2]}
        for n in range(_ORDERS)
    ]
    assert stack.post_json(orders).status == 202
    assert (
        stack.post_json(
            [{"tenant_id": "acme", "text": "payment timeout of user 4711", "level": "error", "cart": "a b"}]
        ).status
        == 202
    )
    assert stack.post_json([{"tenant_id": "hostile", "text": text} for text in _HOSTILE.values()]).status == 202
    stack.place.sqs.send_message(QueueUrl=stack.stack.dlq_url, MessageBody="<b>no log</b>")
    eventually(lambda: len(stack.rows("acme")) == len(orders) + 1 and len(stack.rows("hostile")) == len(_HOSTILE))
    return stack


@contextmanager
def _console(
    stack: "LocalStack", folder: Path, *more: str, browser: str | None = None, port: int = 0
) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """Run a console, which may change things, started with `browser` or with none; give it and its address."""
    options = [*more, "--port", str(port), "--zone", "UTC", *([] if browser else ["--no-browser"])]
    options += ["--data-dir", str(stack.data_dir), "--reports", str(_ROOT / "bench" / "results" / "kept")]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*_RDP, "console", "--allow-changes", *options],
        cwd=folder,
        env={"PYTHONPATH": str(_ROOT), "PATH": "", "BROWSER": browser or ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        yield process, process.stdout.readline().split()[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert "Traceback" not in process.stderr.read()


@pytest.fixture(scope="module")
def address(stack: "LocalStack", tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that a console prints."""
    with _console(stack, tmp_path_factory.mktemp("console")) as (_, address):
        yield address


@pytest.fixture(scope="module")
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
    context.set_default_timeout(_WAIT_MS)
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    _enter(context.new_page(), address)
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


def _enter(page: Page, address: str) -> None:
    """Come in by the printed address, whose token is then nowhere in the page's own."""
    page.goto(address)
    page.wait_for_url("**/flow")


def _logs(page: Page, address: str, query: str) -> None:
    page.goto(f"http://{urlsplit(address).netloc}/logs?{query}")


def test_a_log_is_found_by_word_and_time_with_the_keyboard_alone(page: Page, address: str) -> None:
    """Typed, sent with Enter, opened with Enter: whole and redacted; the address holds the search."""
    _logs(page, address, "")
    page.get_by_label("Tenant").fill("acme")
    page.get_by_label("From", exact=True).fill("1h")
    page.get_by_label("Words in the text").fill('TIMEOUT "user 4711"')
    page.keyboard.press("Enter")
    expect(page.locator(".rows > li")).to_have_count(1)
    assert "since=1h" in page.url
    page.locator(".rows summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("The log's text")).to_have_text("payment timeout of user 4711")
    page.get_by_label("To", exact=True).fill("1h")
    page.get_by_label("From", exact=True).fill("2h")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No such logs.")).to_be_visible()
    _logs(page, address, "tenant=acme&words=555-0199")
    expect(page.get_by_text("No such logs.")).to_be_visible()


def test_older_logs_come_as_the_page_is_scrolled(page: Page, address: str) -> None:
    """Each once, to the oldest."""
    _logs(page, address, "tenant=acme")
    expect(page.locator("#rows")).to_have_attribute("data-loaded", "100")
    while page.get_by_text("These are all.").count() == 0:
        page.mouse.wheel(0, 20_000)
        expect(page.locator(".htmx-request")).to_have_count(0, timeout=_WAIT_MS)
    expect(page.locator("#rows")).to_have_attribute("data-loaded", str(_ORDERS + 1))
    page.set_viewport_size({"width": 1280, "height": 4_000})  # All are near a window of this height.
    expect(page.locator(".rows > li")).to_have_count(_ORDERS + 1)
    ids = page.locator(".rows > li").evaluate_all("rows => rows.map(row => row.id)")
    assert len(set(ids)) == _ORDERS + 1


def test_a_page_that_follows_shows_what_comes(stack: "LocalStack", page: Page, address: str) -> None:
    """What was there, and then each new log on top, once."""
    assert stack.post_text("follow", "before").status == 202
    _logs(page, address, "tenant=follow&follow=1")
    expect(page.locator(".rows bdi")).to_have_text(["before"], timeout=_WAIT_MS)
    for n in range(3):
        assert stack.post_text("follow", f"new {n}").status == 202
        expect(page.locator(".rows bdi").first).to_have_text(f"new {n}", timeout=_WAIT_MS)
    expect(page.locator(".rows bdi")).to_have_text(["new 2", "new 1", "new 0", "before"])


@pytest.mark.parametrize("path", ["logs", "logs/histogram", "logs/more", "logs/new", "logs/whole", "life"])
def test_no_parameter_is_a_defect(page: Page, address: str, path: str) -> None:
    """Times and ids at the ends of all calendars, and what DynamoDB, Kinesis and CloudWatch would refuse."""
    last = "9999-12-31T23:59:59.999Z"
    ids = [generator(at_ms, 0)(0) for at_ms in (0, epoch_ms(last), epoch_ms(last) + 1, MAX_MS)]
    for asked in (
        {"since": last},
        {"since": "1970-01-01", "until": last},
        {"tenant": "\x00" * 300},
        {"tenant": "x" * 3_000},
        {"cursor": "x"},
        {"looked": "9" * 15},
        {"log_id": "x" * 2_000},
        *({"log_id": log_id} for log_id in ids),
    ):
        answer = page.request.get(f"http://{urlsplit(address).netloc}/{path}", params={"tenant": "acme", **asked})
        assert answer.status != 500, (asked, answer.text())


def test_a_row_is_found_by_keys_copied_and_its_field_searched_for(page: Page, address: str) -> None:
    """The field joins the search that is there; the clipboard has the log as JSON; the keys are told."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _logs(page, address, "tenant=acme&words=payment")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copy JSON").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["text"] == "payment timeout of user 4711"
    page.keyboard.press("?")
    expect(page.get_by_text("next and previous row")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Words in the text")).to_be_focused()
    page.get_by_role("link", name="Only: logs whose fields.cart is this").click()
    page.wait_for_url(re.compile("words=payment.*fields=cart"))
    expect(page.locator(".rows > li")).to_have_count(1)
    page.locator(".rows summary").click()
    page.get_by_role("link", name="Without: logs whose fields.level is not this").click()
    page.wait_for_url(re.compile("words=payment.*fields=cart.*level%21%3D"))
    expect(page.get_by_text("No such logs.")).to_be_visible()


def test_ten_pages_follow_at_once(stack: "LocalStack", context: BrowserContext, address: str) -> None:
    """A browser opens six connections to a host: no page holds one."""
    pages = [context.new_page() for _ in range(10)]
    for page in pages:
        _logs(page, address, "tenant=many&follow=1")
        expect(page.get_by_role("status")).to_contain_text("Following", timeout=_WAIT_MS)
    assert stack.post_text("many", "to all").status == 202
    for page in pages:
        expect(page.locator(".rows bdi")).to_have_text(["to all"], timeout=_WAIT_MS)


def test_a_page_says_that_its_console_is_gone_and_catches_up(
    stack: "LocalStack", browser: Browser, tmp_path: Path, eventually: "Eventually"
) -> None:
    """Ended, every page says so by itself. Started anew, the page that follows shows each log that came meanwhile."""
    context = browser.new_context()
    context.set_default_timeout(_WAIT_MS)
    page, other = context.new_page(), context.new_page()
    with _console(stack, tmp_path) as (_, address):
        _enter(page, address)
        _logs(page, address, "tenant=away&follow=1")
        _enter(other, address)
        expect(page.get_by_role("status")).to_contain_text("Following", timeout=_WAIT_MS)
        expect(page.get_by_role("alert")).to_be_empty()
    for one in (page, other):
        expect(one.get_by_role("alert").first).to_contain_text("Connection lost", timeout=_WAIT_MS)
    missed = [{"tenant_id": "away", "text": f"missed {n}"} for n in range(250)]
    assert stack.post_json(missed).status == 202
    eventually(lambda: len(stack.rows("away")) == len(missed))
    with _console(stack, tmp_path, port=urlsplit(address).port or 0) as (_, address):
        expect(page.get_by_role("alert")).to_contain_text("started anew", timeout=_WAIT_MS)
        _enter(other, address)
        expect(page.get_by_role("alert")).to_be_empty(timeout=_WAIT_MS)
        expect(page.locator(".rows > li")).to_have_count(len(missed), timeout=_WAIT_MS)
        shown = page.locator(".rows bdi").all_text_contents()
        assert sorted(shown) == sorted(log["text"] for log in missed)
    context.close()


def test_the_browser_is_started_without_the_token(
    stack: "LocalStack", browser: Browser, tmp_path: Path, eventually: "Eventually"
) -> None:
    """Its arguments name a file that only its owner can read and that leads in; it is deleted with the console."""
    started = tmp_path / "arguments"
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$@" > {started}.draft && /bin/mv {started}.draft {started}\n')
    program.chmod(0o700)
    context = browser.new_context()
    with _console(stack, tmp_path, browser=f"{program} %s") as (_, address):
        eventually(started.exists)
        arguments = started.read_text().strip()
        assert address.partition("token=")[2] not in arguments
        page = context.new_page()
        page.goto(arguments)
        page.wait_for_url("**/flow", timeout=_WAIT_MS)
        expect(page.get_by_role("heading", name="Flow")).to_be_visible()
    assert not Path(urlsplit(arguments).path).exists()
    context.close()


def test_old_times_come_from_the_lake(stack: "LocalStack", browser: Browser, tmp_path: Path) -> None:
    """What the table keeps no more: the page says from where, and a row opens. The table is asked on request."""
    lake = LakeWorld()
    old = [message(f"old-{n}", f"old {n}, call 555-0199", received_at=f"2024-03-01T00:00:0{n}.000Z") for n in range(3)]
    lake.put(old)
    lake.sync(in_folder(tmp_path / "lake"))
    context = browser.new_context()
    context.set_default_timeout(_WAIT_MS)
    page = context.new_page()
    with _console(stack, tmp_path, "--warehouse", str(tmp_path / "lake")) as (_, address):
        _enter(page, address)
        _logs(page, address, "tenant=acme&since=2024-02-01&until=2024-04-01&without=1")
        expect(page.get_by_text(f"From the lake {tmp_path / 'lake'}")).to_be_visible()
        expect(page.locator(".rows bdi")).to_have_text([f"old {n}, call [REDACTED]" for n in (2, 0)])
        expect(page.locator("svg[data-brush]")).to_be_visible(timeout=_WAIT_MS)
        page.locator(".rows summary").first.click()
        expect(page.get_by_label("The log's text")).to_have_text("old 2, call [REDACTED]", timeout=_WAIT_MS)
        page.get_by_label("Read from").select_option("the table")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text("No such logs.")).to_be_visible()
    context.close()


def test_the_histogram_is_brushed(page: Page, address: str) -> None:
    """Dragged with the mouse, and chosen with the keys: both search in that time."""
    _logs(page, address, "tenant=acme&since=30m&severity=error")
    bars = page.locator("svg[data-brush]")
    box = bars.bounding_box()
    assert box is not None
    address_before = page.url
    page.mouse.click(box["x"] + 20, box["y"] + 20, button="right")
    page.mouse.move(box["x"] + 20, box["y"] - 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 20, steps=2)
    page.mouse.up()
    assert page.evaluate("document.querySelector('#since').value") == "30m"
    assert page.url == address_before
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 20, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"since=2\d{3}-.*until=2\d{3}-.*severity=error"))
    expect(page.get_by_text("No such logs.")).to_be_visible()
    _logs(page, address, "tenant=acme&since=30m&severity=error")
    bars.focus()
    page.keyboard.press("ArrowLeft")
    for _ in range(MAX_BARS):  # From the end to the beginning: the logs are as old as this module's tests took.
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"since=2\d{3}-"))
    expect(page.locator(".rows > li").first).to_be_visible()


def test_hostile_texts_are_text(page: Page, address: str) -> None:
    """In the rows and whole: no element of theirs, no title of theirs, codes and bidirectional marks written out."""
    _logs(page, address, "tenant=hostile")
    rows = page.locator(".rows > li")
    expect(rows).to_have_count(len(_HOSTILE))
    shown = "\n".join(rows.locator("summary bdi").all_text_contents())
    assert _HOSTILE["script"] in shown
    assert _HOSTILE["markup"] in shown
    assert r"\x1b[2J" in shown
    assert r"\u202egnp.exe" in shown
    for row in rows.all():
        row.locator("summary").click()
        expect(row.get_by_label("The log's text")).to_contain_text("hostile")
    assert page.locator("main img, main script, main style").count() == 0
    assert page.title().startswith("Logs of hostile")


def test_a_dead_letter_is_sent_back(stack: "LocalStack", page: Page, eventually: "Eventually") -> None:
    """Shown with its reason, previewed, confirmed: the consumer gets it, and finds again that it is poison."""
    page.get_by_role("link", name="Dead letters").click()
    expect(page.get_by_text("max_receives_exceeded").first).to_be_visible()
    page.get_by_role("link", name="Send back …").click()
    page.get_by_role("button", name="Send 1 back").click()
    expect(page.get_by_role("status")).to_have_text("1 messages sent back to the queue.")
    eventually(lambda: [letter.reason for letter in stack.dead_letters] == ["undecodable"])


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
        [*_RDP, "log", "acme", log_id, "--life", "--data-dir", str(stack.data_dir)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [" ".join(line.split()) for line in printed.stdout.splitlines()] == steps
    assert [step.split(maxsplit=1)[1].split(maxsplit=2)[0] for step in steps] == ["received", "on", "stored"]


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
    expect(page.locator(".htmx-request")).to_have_count(0, timeout=_WAIT_MS)
    if page.locator(".rows summary").count():
        page.locator(".rows summary").first.click()
    found = Axe().run(page).response["violations"]
    grave = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]
    assert grave == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


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
    _enter(page, address)
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


def test_of_ten_thousand_rows_only_those_near_the_window_are_in_the_page(page: Page, address: str) -> None:
    """Wherever it is scrolled to, rows are in sight, the same as before, and the page stays as high as all rows."""
    _logs(page, address, "tenant=acme")
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


def test_a_search_of_the_past_is_shown_as_it_was(page: Page, address: str) -> None:
    """Back from a page that follows: the form says what that page shows."""
    _logs(page, address, "tenant=acme")
    page.get_by_label("Follow").check()
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**follow=1")
    page.go_back()
    expect(page.locator("svg[data-brush]")).to_be_visible()
    expect(page.get_by_label("Follow")).not_to_be_checked()


def test_a_row_that_was_opened_is_still_open_when_it_comes_back(page: Page, address: str) -> None:
    """It left the page and came back whole; the keys go on from what is in sight."""
    _logs(page, address, "tenant=acme")
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


def test_a_page_that_follows_does_not_grow(page: Page, address: str) -> None:
    """However many logs come, 1,000 rows are kept, and what htmx knew of the dropped ones is given back."""
    _logs(page, address, "tenant=nobody")
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
