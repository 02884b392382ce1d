"""Searches in the console, in a real Chromium: by word, time and field, in table and lake; hostile texts are text."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from consumer.lake.catalog import in_folder
from consumer.timestamps import epoch_ms
from infra.console.histogram import MAX_BARS
from ingest.contract.log_ids import MAX_MS, generator
from tests.e2e.console.browsing import HOSTILE, WAIT_MS, enter, running, show_logs
from tests.faults.lake_world import LakeWorld
from tests.messages import message

if TYPE_CHECKING:
    from tests.e2e.conftest import LocalStack


def test_a_log_is_found_by_word_and_time_with_the_keyboard_alone(page: Page, address: str) -> None:
    """Typed, sent with Enter, opened with Enter: whole and redacted; the address holds the search."""
    show_logs(page, address, "")
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
    show_logs(page, address, "tenant=acme&words=555-0199")
    expect(page.get_by_text("No such logs.")).to_be_visible()


def test_a_row_is_found_by_keys_copied_and_its_field_searched_for(page: Page, address: str) -> None:
    """The field joins the search that is there; the clipboard has the log as JSON; the keys are told."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    show_logs(page, address, "tenant=acme&words=payment")
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


def test_the_histogram_is_brushed(page: Page, address: str) -> None:
    """Dragged with the mouse, and chosen with the keys: both search in that time."""
    show_logs(page, address, "tenant=acme&since=30m&severity=error")
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
    show_logs(page, address, "tenant=acme&since=30m&severity=error")
    bars.focus()
    page.keyboard.press("ArrowLeft")
    for _ in range(MAX_BARS):  # From the end to the beginning: the logs are as old as this module's tests took.
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"since=2\d{3}-"))
    expect(page.locator(".rows > li").first).to_be_visible()


def test_a_brush_is_left_by_escape(page: Page, address: str) -> None:
    """While it is dragged, and with the keys: nothing is searched for. Home and End are the first and the last bar."""
    show_logs(page, address, "tenant=acme&since=30m")
    bars = page.locator("svg[data-brush]")
    told = page.locator(".histogram output")
    box = bars.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 20, steps=4)
    expect(told).to_contain_text("…")
    page.keyboard.press("Escape")
    expect(told).to_be_empty()
    page.mouse.up()
    bars.focus()
    page.keyboard.press("End")
    page.keyboard.press("Shift+Home")
    count = int(page.evaluate("document.querySelectorAll('svg[data-brush] .slot').length"))
    expect(page.locator(".brush")).to_have_attribute("width", str(count * 10))
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator(".brush")).to_have_attribute("width", "0")
    assert page.locator("#since").input_value() == "30m"
    assert "since=30m" in page.url


def test_a_search_of_the_past_is_shown_as_it_was(page: Page, address: str) -> None:
    """Back from a page that follows: the form says what that page shows."""
    show_logs(page, address, "tenant=acme")
    page.get_by_label("Follow").click()
    page.wait_for_url("**follow=1")
    page.go_back()
    expect(page.locator("svg[data-brush]")).to_be_visible()
    expect(page.get_by_label("Follow")).not_to_be_checked()


def test_old_times_come_from_the_lake(stack: "LocalStack", browser: Browser, tmp_path: Path) -> None:
    """What the table keeps no more: the page says from where, and a row opens. The table is asked on request."""
    lake = LakeWorld()
    old = [message(f"old-{n}", f"old {n}, call 555-0199", received_at=f"2024-03-01T00:00:0{n}.000Z") for n in range(3)]
    lake.put(old)
    lake.sync(in_folder(tmp_path / "lake"))
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    with running(stack, tmp_path, "--warehouse", str(tmp_path / "lake")) as (_, address):
        enter(page, address)
        show_logs(page, address, "tenant=acme&since=2024-02-01&until=2024-04-01&without=1")
        expect(page.get_by_text(f"From the lake {tmp_path / 'lake'}")).to_be_visible()
        expect(page.locator(".rows bdi")).to_have_text([f"old {n}, call [REDACTED]" for n in (2, 0)])
        expect(page.locator("svg[data-brush]")).to_be_visible(timeout=WAIT_MS)
        page.locator(".rows summary").first.click()
        expect(page.get_by_label("The log's text")).to_have_text("old 2, call [REDACTED]", timeout=WAIT_MS)
        page.get_by_label("Read from").select_option("the table")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_text("No such logs.")).to_be_visible()
    context.close()


def test_hostile_texts_are_text(page: Page, address: str) -> None:
    """In the rows and whole: no element of theirs, no title of theirs, codes and bidirectional marks written out."""
    show_logs(page, address, "tenant=hostile")
    rows = page.locator(".rows > li")
    expect(rows).to_have_count(len(HOSTILE))
    shown = "\n".join(rows.locator("summary bdi").all_text_contents())
    assert HOSTILE["script"] in shown
    assert HOSTILE["markup"] in shown
    assert r"\x1b[2J" in shown
    assert r"\u202egnp.exe" in shown
    for row in rows.all():
        row.locator("summary").click()
        expect(row.get_by_label("The log's text")).to_contain_text("hostile")
    assert page.locator("main img, main script, main style").count() == 0
    assert page.title().startswith("Logs of hostile")


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
