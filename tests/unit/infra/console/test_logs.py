"""The view of the logs, as a browser without scripts sees it."""

import html
import re

import pytest
from botocore.exceptions import EndpointConnectionError
from msgspec.structs import replace

from consumer.query.page import TableBusyError
from consumer.timestamps import rfc3339
from infra.erasure.of_log import ErasureOfLog
from tests.unit.infra.console.stored import NOW_MS, Stored, browser, log

_HOSTILE = [
    "<script>document.title='owned'</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "\x1b[2J\x1b]0;owned\x07",
    "abc\u202edcba\u2066",
    "data: x\n\nevent: failed\ndata: owned",
]


def _texts(page: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r"<bdi>(.*?)</bdi></summary>", page, re.DOTALL)]


def _next(page: str) -> str:
    found = re.search(r'data-next="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


def test_without_a_tenant_nothing_is_read() -> None:
    """The first page is the form."""
    stored = Stored([])
    stored.failure = AssertionError("read")
    page = browser(stored).get("/")
    assert (page.status_code, str(page.url)) == (200, "http://testserver/logs")
    assert 'name="tenant"' in page.text


def test_a_page_says_what_it_lacks_without_scripts() -> None:
    """And what to use instead; no part that is hidden says that something failed. How to search stands there, too."""
    page = browser(Stored([log(0, "one")])).get("/logs?tenant=acme").text
    (told,) = re.findall(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert re.findall(r"<code>(.*?)</code>", told) == ["rdp status", "rdp logs", "rdp log TENANT ID"]
    assert "not answer" not in page
    assert "<code>name!=value</code>" in page


def test_the_newest_come_first_and_the_next_page_follows() -> None:
    """Every log once, newest first, over the pages that the cursor leads to; the last page says so."""
    client = browser(Stored([log(n, f"log {n}") for n in range(450)]))
    page = client.get("/logs?tenant=acme").text
    seen = _texts(page)
    assert len(seen) == 100
    while more := re.search(r'hx-get="(/logs/more[^"]*)"', page):
        page = client.get(html.unescape(more[1])).text
        seen += _texts(page)
    assert seen == [f"log {n}" for n in range(450)]
    assert "These are all." in page


def test_time_words_severity_and_fields_find() -> None:
    """The address holds the search; each part of it narrows what is shown."""
    client = browser(
        Stored(
            [
                log(60, "payment timeout", severity="error"),
                log(7000, "payment timeout long ago", severity="fatal"),
                log(90, "payment took place", severity="info"),
                log(50, "other timeout", severity="error"),
            ]
        )
    )
    query = {"tenant": "acme", "since": "1h", "words": 'TIMEOUT "payment t"', "severity": "warn"}
    page = client.get("/logs", params=query | {"fields": "user.name=bob at=7"})
    assert _texts(page.text) == ["payment timeout"]
    assert 'value="1h"' in page.text
    assert "since=2026-11-28T11%3A00%3A00.000Z" in html.unescape(page.text)
    assert _texts(client.get("/logs", params=query | {"fields": "user.name=eve"}).text) == []
    assert _texts(client.get("/logs", params=query | {"until": "30m"}).text) == []


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("since=soon", "From: 'soon' is neither a time"),
        ("since=1h&until=2h", "1h is not before 2h."),
        ("severity=loud", "It is one of trace"),
        ("fields=bob", "bob is not name=value"),
        ("words=" + "+".join("abcdefghijk"), "These are more than 10."),
        ("words=" + "x" * 1001, "Words in the text: It has more than 1,000 characters."),
        ("follow=1&until=1m", "leave the end of the time empty"),
    ],
)
def test_a_wrong_part_is_named(query: str, problem: str) -> None:
    """400, a sentence, and the form as it was typed."""
    page = browser(Stored([])).get(f"/logs?tenant=acme&{query}")
    assert page.status_code == 400
    assert problem in html.unescape(page.text)
    assert 'aria-invalid="true"' in page.text or "severity" in query


@pytest.mark.parametrize("text", _HOSTILE)
def test_hostile_texts_are_text(text: str) -> None:
    """In a row, whole and while following nothing of a log is markup, a template or a terminal's command."""
    client = browser(Stored([log(5, text)]))
    page = client.get("/logs?tenant=acme").text
    (shown,) = _texts(page)
    assert shown.isprintable()
    assert shown.replace("\\n", "\n").encode().decode("unicode_escape") == text
    whole = re.search(r'hx-get="(/logs/whole[^"]*)"', page)
    assert whole is not None
    body = client.get(html.unescape(whole[1])).text
    new = client.get("/logs/new?tenant=acme").text
    for answer in (page, body, new):
        assert "<script>document" not in answer
        assert "<img" not in answer
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e\u2066]", answer.replace("\r\n", "\n"))


def test_a_hostile_search_is_text() -> None:
    """What a link puts into the form, and a tenant that is none, is markup nowhere."""
    page = browser(Stored([])).get("/logs", params={"tenant": '"><script>alert(1)</script>', "words": "'<b>"})
    assert "<script>alert" not in page.text
    assert "<b>" not in page.text
    missing = browser(Stored([])).get("/logs/whole", params={"tenant": "<b>", "log_id": "<i>"})
    assert missing.status_code == 404
    assert "<i>" not in missing.text


def test_redacted_unless_raw() -> None:
    """Rows, the whole log and the search see the redacted text; with `--raw` the original, and the page says so."""
    stored = Stored([log(5, "call [REDACTED]", original="call 555-0199")])
    for raw, found in ((False, ["call [REDACTED]"]), (True, ["call 555-0199"])):
        client = browser(stored, raw=raw)
        page = client.get("/logs?tenant=acme").text
        assert _texts(page) == found
        assert ("original texts" in page) is raw
        whole = client.get("/logs/whole", params={"tenant": "acme", "log_id": stored.items[0].log_id}).text
        assert ("555-0199" in whole) is raw
        assert bool(_texts(client.get("/logs?tenant=acme&words=555-0199").text)) is raw


def test_a_log_that_was_erased_meanwhile_is_said_to_be_erased() -> None:
    """A page that was open before the erasure still links to it."""
    erasure = ErasureOfLog("acme", "2026-11-28T11:00:00.000Z", None, None)
    answer = browser(Stored([]), erasure=erasure).get("/logs/whole", params={"tenant": "acme", "log_id": "one"})
    assert answer.status_code == 404
    assert "the erasure of this log id was requested at 2026-11-28T11:00:00.000Z" in answer.text


def test_a_log_opens_whole() -> None:
    """Its members, its fields under their names, its text with the line breaks."""
    item = replace(log(5, "first\nsecond <b>"), expires_at=1_800_000_000)
    page = browser(Stored([item])).get("/logs/whole", params={"tenant": "acme", "log_id": item.log_id})
    assert item.log_id in page.text
    assert f"<bdi>{item.received_at}</bdi>" in page.text  # Not a second time: the zone is UTC.
    assert "fields.user" in page.text
    assert "1800000000  (2027-01-15 08:00:00)" in page.text
    assert "first\nsecond &lt;b&gt;" in page.text


def test_a_search_that_finds_nothing_says_what_there_is() -> None:
    """All logs of the tenant where it has any beside the search; the tenants that send where it has none."""
    client = browser(Stored([log(5, "x")]))
    narrow = client.get("/logs?tenant=acme&words=none").text
    assert 'No such logs. <a href="/logs?tenant=acme">' in narrow
    assert 'This tenant has no logs. <a href="/flow">' in client.get("/logs?tenant=nobody").text


@pytest.mark.parametrize("tenant", ["a b", "-a", "a" * 65, "\u202e"])
def test_what_can_be_no_tenant_is_told(tenant: str) -> None:
    """And not that it has no logs."""
    answer = browser(Stored([log(5, "x")])).get("/logs", params={"tenant": tenant})
    assert answer.status_code == 400
    assert "Tenant: A tenant id has 1 to 64" in answer.text
    assert "X-Tenant-ID" not in answer.text


def test_a_field_of_a_log_leads_to_logs_with_and_without_that_value() -> None:
    """Through quotes where it needs them; and the log is there as JSON, as `rdp logs --json` has it."""
    item = replace(log(5, "x\u202e"), fields={"user": {"name": "bob"}, "note": "two words"})
    other = replace(log(6, "y"), fields={"note": "two"})
    client = browser(Stored([item, other]))
    whole = client.get("/logs/whole", params={"tenant": "acme", "log_id": item.log_id}).text
    links = re.findall(r'<a href="(/logs\?[^"]*)" data-field', whole)
    found = [_texts(client.get(html.unescape(link)).text) for link in links]
    assert found == [["x\\u202e"], ["y"]] * 2  # Only and without, of both fields.
    as_json = client.get("/logs/json", params={"tenant": "acme", "log_id": item.log_id})
    assert as_json.headers["content-type"] == "application/json"
    assert (as_json.json()["text"], as_json.json()["fields"]) == ("x\u202e", item.fields)
    assert "\u202e" not in as_json.text
    assert client.get("/logs/json?tenant=acme&log_id=none").status_code == 404


def test_a_filter_that_finds_nothing_asks_before_it_reads_on() -> None:
    """A rare word does not read a table of millions by itself: it says how far it looked, with a button."""
    client = browser(Stored([log(n, "common") for n in range(6_000)]))
    page = client.get("/logs?tenant=acme&words=rare").text
    assert "Search further back</button>" in page
    assert "intersect" not in page


def test_the_histogram_counts_what_is_found() -> None:
    """Its bars add up to the logs of the search, its marks are times that the search takes."""
    client = browser(Stored([log(n, "x", severity="error" if n % 2 else "info") for n in range(300)]))
    page = client.get("/logs/histogram?tenant=acme&since=10m&severity=error").text
    assert "150 logs" in page
    assert sum(int(n) for n in re.findall(r": (\d+) logs", page)) == 150
    marks = re.search(r'data-brush="([^"]*)"', page)
    assert marks is not None
    first, last = marks[1].split()[0], marks[1].split()[-1]
    assert len(_texts(client.get("/logs", params={"tenant": "acme", "since": first, "until": last}).text)) == 100
    assert "logs" not in client.get("/logs/histogram?tenant=nobody").text


def test_a_page_that_follows_gets_the_newest_and_then_what_comes() -> None:
    """The newest first, each once, and nothing of another search; a failure is told, and the next answer has it all."""
    stored = Stored([log(90, "old one"), log(80, "other"), log(70, "new one")])
    client = browser(stored)
    first = client.get(_next(client.get("/logs?tenant=acme&words=one&follow=1").text)).text
    assert _texts(first) == ["new one", "old one"]
    second = client.get(_next(first)).text
    assert _texts(second) == []
    stored.store(log(1, "one came"), log(1, "another came"))
    stored.failure = TableBusyError("DynamoDB is <busy>.")
    failed = client.get(_next(second), headers={"hx-request": "true"})
    assert (failed.status_code, "DynamoDB is &lt;busy&gt;." in failed.text) == (503, True)
    stored.failure = None
    third = client.get(_next(second)).text
    assert _texts(third) == ["one came"]
    assert _texts(client.get(_next(third)).text) == []
    assert client.get("/logs/new?tenant=acme&until=1h&follow=1").status_code == 400


@pytest.mark.parametrize("query", ["", "tenant=acme", "tenant=nobody", "tenant=acme&follow=1"])
def test_the_box_to_follow_searches_when_it_is_ticked(query: str) -> None:
    """By our script, which knows its mark: nobody has to press a button behind it. It says so beforehand."""
    client = browser(Stored([log(1, "one")]))
    (box,) = re.findall(r'<input type="checkbox" name="follow"[^>]*>', client.get(f"/logs?{query}").text)
    assert " data-searches" in box
    script = client.get("/assets/console.js").text
    assert re.search(
        r'"\[data-searches\]".{0,200}addEventListener\("change".{0,100}requestSubmit\(\)', script, re.DOTALL
    )


def test_a_page_that_was_away_gets_all_that_came() -> None:
    """By another console, after an hour: more than a page begins with, with those that were stored late; no gap."""
    now_ms = NOW_MS - 3_600_000
    stored = Stored([log(4_000, "before")])
    left = _next(browser(stored, now_ms=lambda: now_ms).get("/logs/new?tenant=acme").text)
    late = replace(log(9_000, "stored late"), late_at=rfc3339(NOW_MS - 60_000))
    stored.store(late, *(log(1_000 + n, f"missed {n}") for n in range(450)))
    back = browser(stored).get(left).text
    assert _texts(back) == [*(f"missed {n}" for n in range(450)), "stored late"]
    assert "Not all here" not in back


def test_a_gap_that_is_too_wide_is_shown() -> None:
    """The newest thousand, then a line that names the time of the others and leads there."""
    now_ms = NOW_MS - 3_600_000
    stored = Stored([])
    left = _next(browser(stored, now_ms=lambda: now_ms).get("/logs/new?tenant=acme").text)
    stored.store(*(log(60 + n, f"missed {n}") for n in range(1_500)))
    client = browser(stored)
    back = client.get(left).text
    shown = _texts(back)
    assert shown == [f"missed {n}" for n in range(1_000)]
    link = re.search(r'<li class="gap".*?<a href="([^"]+)">', back, re.DOTALL)
    assert link is not None
    assert "until=2026" in link[1]
    rest = client.get(html.unescape(link[1])).text
    assert _texts(rest)[:2] == ["missed 999", "missed 1000"]


def test_an_answer_that_was_lost_is_given_again() -> None:
    """The page asks by the answer before: what was in the lost one comes again, and nothing is left out."""
    stored = Stored([])
    client = browser(stored)
    first = client.get("/logs/new?tenant=acme").text
    stored.store(log(1, "came"))
    assert _texts(client.get(_next(first)).text) == ["came"]
    assert _texts(client.get(_next(first)).text) == ["came"]


def test_a_page_of_large_logs_is_bounded_by_bytes() -> None:
    """As many as fit, and the rest behind them; the histogram says how far back it counted."""
    text = "x" * 150_000
    stored = Stored([log(n, text) for n in range(400)])
    client = browser(stored)
    page = client.get("/logs?tenant=acme").text
    assert len(_texts(page)) == 54  # 16 MB, each log with its redacted text.
    assert "intersect once" in page
    counted = client.get("/logs/histogram?tenant=acme").text
    assert "216 logs counted, back to" in counted
    assert len(_texts(client.get("/logs/new?tenant=acme").text)) == 54


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (TableBusyError("DynamoDB is throttled."), 503),
        (EndpointConnectionError(endpoint_url="http://<b>"), 502),
    ],
)
def test_a_failure_is_a_sentence(failure: Exception, status: int) -> None:
    """No traceback, and its text is no markup; a part of a page gets a part."""
    stored = Stored([])
    stored.failure = failure
    page = browser(stored).get("/logs?tenant=acme")
    assert page.status_code == status
    assert '<p class="problem" role="alert"' in page.text.partition("<template")[0]
    assert "Traceback" not in page.text
    assert "<b>" not in page.text
    part = browser(stored).get("/logs/histogram?tenant=acme&words=%22a%20b%22", headers={"hx-request": "true"})
    assert "<html" not in part.text
    assert '<button hx-get="/logs/histogram?tenant=acme&amp;words=%22a%20b%22"' in part.text


def test_what_will_not_pass_is_not_asked_for_again() -> None:
    """A part of a page that the request itself makes wrong, or a log that is gone."""
    for query in ("histogram?since=x&tenant=acme", "whole?tenant=acme&log_id=none"):
        part = browser(Stored([])).get(f"/logs/{query}", headers={"hx-request": "true"})
        assert 400 <= part.status_code < 500
        assert "<button" not in part.text


def test_a_time_that_has_not_come_is_told() -> None:
    """`23:30` in the morning: it is empty because of the time."""
    client = browser(Stored([log(5, "x")]))
    assert "the time begins in the future" in client.get("/logs?tenant=acme&since=23:30").text
    assert "in the future" not in client.get("/logs?tenant=acme&since=11:30&words=none").text


def test_a_cursor_of_another_search_is_refused() -> None:
    """It says so, and reads nothing."""
    client = browser(Stored([log(n, f"log {n}") for n in range(150)]))
    more = re.search(r'hx-get="(/logs/more[^"]*)"', client.get("/logs?tenant=acme").text)
    assert more is not None
    assert client.get(html.unescape(more[1]).replace("tenant=acme", "tenant=other")).status_code == 400
    assert client.get("/logs/more?tenant=acme&cursor=x").status_code == 400


def test_there_are_no_other_files() -> None:
    """An asset's name leads to one of ours, and to no file of this machine."""
    client = browser(Stored([]))
    assert client.get("/assets/console.css").status_code == 200
    for name in ("../server.py", "..%2fserver.py", "%2fetc%2fpasswd", "htmx-LICENSE.txt"):
        assert client.get(f"/assets/{name}").status_code == 404
    assert client.get("/nothing").status_code == 404
