"""The view of the dead letters, over a queue in memory."""

import html
import re
from collections.abc import Collection
from typing import Any

import pytest
from starlette.testclient import TestClient

from consumer import redact
from infra.console import letters
from infra.console.pages import Pages, Shown
from infra.console.server import of_routes
from infra.dead_letter import DeadLetter, Filter
from infra.dead_letters import Redriven
from ingest.contract.message import InternalMessage, encode


def _letter(number: int, *, reason: str = "", body: str | None = None, text: str = "call 555-0199") -> DeadLetter:
    log = InternalMessage(
        tenant_id="acme",
        log_id=f"log-{number}",
        source="json_upload",
        text=text,
        received_at="2026-11-24T00:00:00.000Z",
        schema_version=2,
        fields={"phone": 5550199, "note": "555-0199"},
    )
    return DeadLetter(
        message_id=f"m-{number}",
        receipt_handle="r",
        body=encode(log).decode() if body is None else body,
        attributes={"reason": reason} if reason else {},
        receive_count=5,
        sent_ms=number,
        logs=(log,) if body is None else (),
    )


class Queue:
    """Dead letters, and what was done to them."""

    def __init__(self, *found: DeadLetter) -> None:
        self.found = found
        self.redriven: list[Collection[str]] = []
        self.purged: list[Collection[str]] = []

    def redrive(self, message_ids: Collection[str]) -> Redriven:
        """Move them."""
        self.redriven.append(message_ids)
        left = tuple(letter for letter in self.found if letter.message_id not in message_ids)
        moved, self.found = len(self.found) - len(left), left
        return Redriven(moved, {})

    def purge(self, message_ids: Collection[str]) -> tuple[Redriven, str]:
        """Note it; one letter is held by others."""
        self.purged.append(message_ids)
        return Redriven(len(message_ids) - 1, {}), "dead-letters-now.ndjson"

    def browser(self, *, raw: bool = False, allow_changes: bool = True) -> TestClient:
        """Return a client of the view, without the console's door."""
        pages = Pages(Shown("this machine", raw, allow_changes))
        view = letters.Letters(
            pages=pages,
            look=lambda: self.found,
            redrive=self.redrive,
            purge=self.purge,
            redactor=lambda: None if raw else redact.build(),
            allow_changes=allow_changes,
            plans={},
        )
        return TestClient(of_routes(pages, letters.routes(view)))


def _plan(page: str) -> dict[str, str]:
    found = re.search(r'name="plan" value="([^"]+)"', page)
    assert found is not None
    return {"plan": found[1]}


def test_they_are_counted_by_reason_and_tenant_and_shown_whole() -> None:
    """Each with its content; a filter shows those of one reason."""
    client = Queue(_letter(1), _letter(2), _letter(3, reason="refused_by_table")).browser()
    page = client.get("/dead-letters").text
    assert re.findall(r"<td><bdi>(\w+)</bdi></td><td><bdi>acme</bdi></td><td class=\"n\">(\d)</td>", page) == [
        ("max_receives_exceeded", "2"),
        ("refused_by_table", "1"),
    ]
    one = client.get("/dead-letters?reason=refused_by_table").text
    assert ("log-3" in one, "log-1" in one) == (True, False)
    assert "There are none." in client.get("/dead-letters?tenant=other").text
    assert re.findall(r"<dt>receive_count</dt><dd>(.*?)</dd>", one) == ["5, with every look at the dead-letter queue"]
    (summary,) = re.findall(r"<summary>(.*?)</summary>", one)
    assert "5" not in re.sub(r"<time>.*?</time>", "", summary)  # A bare 5 looks like five crashes.


@pytest.mark.parametrize("body", [None, '{"text": "call 555-0199", broken'])
def test_contents_are_redacted_unless_raw(body: str | None) -> None:
    """Text, fields, and what is no log at all; with `--raw` the message as it is."""
    queue = Queue(_letter(1, body=body))
    redacted = html.unescape(queue.browser().get("/dead-letters").text)
    assert "555-0199" not in redacted
    assert "5550199" not in redacted
    assert "[REDACTED]" in redacted
    assert "call 555-0199" in html.unescape(queue.browser(raw=True).get("/dead-letters").text)


def test_hostile_contents_are_text() -> None:
    """Markup, terminal codes and bidirectional marks in a message that is no log, in its reason and its attributes."""
    bad = "<script>alert(1)</script>\x1b[2J\u202e"
    page = Queue(_letter(1, body=bad, reason=bad)).browser(raw=True).get("/dead-letters").text
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_a_change_is_previewed_and_done_once() -> None:
    """The preview says how many of what; the confirmation does it to these; a second one, or none, does nothing."""
    queue = Queue(_letter(1), _letter(2), _letter(3, reason="refused_by_table"))
    client = queue.browser()
    preview = client.get("/dead-letters/preview?action=redrive&reason=refused_by_table").text
    assert "1 of reason <bdi>refused_by_table</bdi>" in preview
    assert queue.redriven == []
    plan = _plan(preview)
    assert "1 message sent back" in client.post("/dead-letters/change", data=plan).text
    assert queue.redriven == [frozenset({"m-3"})]
    for again in (plan, {"plan": "guessed"}, {}):
        assert client.post("/dead-letters/change", data=again).status_code == 502
    assert len(queue.redriven) == 1


def test_a_purge_takes_what_was_shown_and_says_where_it_is_kept() -> None:
    """By message id, so that what came since stays; what was not seen is told."""
    queue = Queue(_letter(1), _letter(2))
    client = queue.browser()
    plan = _plan(client.get("/dead-letters/preview?action=purge").text)
    queue.found = (*queue.found, _letter(3))
    done = client.post("/dead-letters/change", data=plan).text
    assert [set(ids) for ids in queue.purged] == [{"m-1", "m-2"}]
    assert "dead-letters-now.ndjson" in done
    assert "1 of those that were shown were not seen" in done
    assert "1 that were not shown stand there now" in done


def test_a_letter_that_came_after_the_preview_is_not_sent_back() -> None:
    """It was not shown: it stays, and the page says so; one that somebody else took meanwhile is told, too."""
    queue = Queue(_letter(1), _letter(2))
    client = queue.browser()
    plan = _plan(client.get("/dead-letters/preview?action=redrive").text)
    queue.found = (_letter(2), _letter(3), _letter(4))
    done = client.post("/dead-letters/change", data=plan).text
    assert [letter.message_id for letter in queue.found] == ["m-3", "m-4"]
    assert "1 message sent back" in done
    assert "1 of those that were shown were not seen" in done
    assert "2 that were not shown stand there now" in done


def test_of_many_large_letters_the_oldest_are_held() -> None:
    """All are counted and named; of the bodies no more is held than a page shows."""
    large = [_letter(number, body="x" * 900_000) for number in range(30, 0, -1)]
    seen = letters.see(iter(large), Filter())
    assert seen.groups == [("max_receives_exceeded", "", 30)]
    assert len(seen.message_ids) == 30
    assert [letter.message_id for letter in seen.oldest] == ["m-1", "m-2", "m-3", "m-4"]
    one = letters.see([_letter(1, body="x" * 9_000_000)], Filter())
    assert len(one.oldest) == 1


def test_each_link_to_a_change_says_of_what() -> None:
    """A screen reader lists the links alone: no two of them have the same name."""
    queue = Queue(_letter(1), _letter(2, reason="refused_by_table"), _letter(3, reason="undecodable", body="{"))
    page = html.unescape(queue.browser().get("/dead-letters").text)
    names = re.findall(r'<a href="/dead-letters[?/][^>]*aria-label="([^"]*)"', page)
    assert len(names) == 3 * 3 + 2
    assert len(set(names)) == len(names)
    assert "Remove …: undecodable, tenant unknown" in names


def test_without_allow_changes_nothing_is_changed() -> None:
    """Neither previewed nor done, and the page offers it nowhere."""
    queue = Queue(_letter(1))
    client = queue.browser(allow_changes=False)
    assert "Send back" not in client.get("/dead-letters").text
    for answer in (
        client.get("/dead-letters/preview?action=redrive"),
        client.post("/dead-letters/change", data={"plan": "x"}),
    ):
        assert answer.status_code == 502
        assert "--allow-changes" in answer.text
    assert client.get("/dead-letters/change").status_code == 405


def test_a_change_that_is_not_known_is_none() -> None:
    """A misspelt link changes nothing, and does not become another change."""
    answer = Queue(_letter(1)).browser().get("/dead-letters/preview?action=purg")
    assert answer.status_code == 400
    assert "<form" not in answer.text


def test_a_form_that_is_too_large_is_not_read() -> None:
    """None of the page's own forms is that large."""
    queue = Queue()
    answer: Any = queue.browser().post("/dead-letters/change", content=b"plan=" + b"x" * 10_000)
    assert answer.status_code == 413


def test_those_of_no_known_tenant_are_not_everybodys() -> None:
    """The group of an unknown tenant offers, shows and changes its own letters alone."""
    queue = Queue(_letter(1, reason="undecodable"), _letter(2, reason="undecodable", body="{"))
    client = queue.browser()
    (link,) = re.findall(
        r'href="(/dead-letters/preview\?action=purge[^"]*tenant=(?:&[^"]*)?)"', client.get("/dead-letters").text
    )
    preview = client.get(html.unescape(link)).text
    assert "Remove 1" in preview
    client.post("/dead-letters/change", data=_plan(preview))
    assert queue.purged == [frozenset({"m-2"})]
    shown = client.get("/dead-letters?tenant=&reason=undecodable").text
    assert ("m-2" in shown, "log-1" in shown) == (True, False)


def test_a_pattern_that_never_ends_stops_no_page() -> None:
    """The log that it cannot finish is not shown, its neighbours are redacted; without `redactor` nothing is."""
    slow = redact.build(("phone",), ("(a+)+$",))
    found = [_letter(1), _letter(2, text=f"{'a' * 27}b 555-0199"), _letter(3)]
    first, hidden, last = letters.shown_in_time(found, slow)
    assert "aaaa" not in hidden
    assert hidden.startswith("[REDACTED]: RedactionPatterns takes too long")
    assert "call [REDACTED]" in first
    assert "call [REDACTED]" in last
    assert letters.shown_in_time(found, None) == [letter.body for letter in found]
