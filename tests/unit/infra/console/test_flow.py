"""The last hour out of the functions' lines, what is wrong, and the runbook that says what to do."""

import re
from datetime import UTC, datetime
from pathlib import Path

from starlette.testclient import TestClient

from consumer import report
from consumer.query.report import page_line, refused_line
from consumer.verdict import DUPLICATE, Verdict, quarantined, retried
from infra.console import flow_page, runbook
from infra.console.flow import Traffic, line
from infra.console.pages import Pages, Shown
from infra.console.runbook import sections
from infra.console.server import of_routes
from infra.console.troubles import Alarm, Trouble, alarms_of, troubles
from infra.console.watch import Look
from infra.counts import Counts
from infra.function_start import Start
from ingest.api.parse import Parsed
from ingest.contract.errors import Rejected
from ingest.report import accepted_lines, rejected_lines
from ingest.sinks.publish import Published
from tests.messages import message

_NOW_MS = 1_795_000_020_000
_INFRA = Path(__file__).parents[4] / "infra"


def _now() -> datetime:
    return datetime.fromtimestamp(_NOW_MS / 1000, UTC)


def _accepted(at_ms: int, tenants: dict[str, int]) -> str:
    logs = [message(tenant_id=tenant) for tenant, count in tenants.items() for _ in range(count)]
    (line,) = accepted_lines(
        Parsed(logs, list(range(len(logs))), [], is_batch=True),
        Published(frozenset(), frozenset(), 1),
        stack="rdp",
        timestamp_ms=at_ms,
        latency_ms=1,
        properties={"request_id": "r"},
    )
    return line


def _traffic() -> Traffic:
    traffic = Traffic()
    for ago_ms, tenants in ((0, {"acme": 2}), (60_000, {"acme": 3, "<b>": 1}), (7_200_000, {"old": 9})):
        traffic.take(_NOW_MS - ago_ms, _accepted(_NOW_MS - ago_ms, tenants))
    verdicts = {str(n): Verdict("stored") for n in range(3)} | {"again": DUPLICATE}
    for text in report.metrics_lines(
        verdicts,
        stack="rdp",
        splits=0,
        end_to_end_ms=[1000, 2000, 9000],
        duration_ms=1,
        timestamp_ms=_NOW_MS,
        request_id="r",
    ):
        traffic.take(_NOW_MS, text)
    return traffic


def _shown(look: Look) -> str:
    pages = Pages(Shown("this machine", raw=False, allow_changes=False))
    routes = flow_page.routes(flow_page.Flow(pages, lambda: look, _now, UTC))
    return TestClient(of_routes(pages, routes)).get("/flow/now").text


def test_lines_add_up_by_minute_tenant_and_lag() -> None:
    """Ingest's and the consumer's own lines; what is older than an hour is forgotten."""
    hour = _traffic().hour(_NOW_MS)
    assert hour.counts["accepted"][-2:] == [4, 2]
    assert sum(hour.counts["accepted"]) == 6
    assert sum(hour.counts["stored"]) == 3
    assert sum(hour.counts["duplicate"]) == 1
    assert hour.tenants == [("acme", 5), ("<b>", 1)]
    assert hour.lag_ms == (2000, 9000)
    assert {len(values) for values in hour.counts.values()} == {60}


def test_a_refused_read_is_no_refused_log() -> None:
    """Ingest and reader both write `rejected`: the flow counts those of ingest."""
    traffic = Traffic()
    properties = {"request_id": "r", "tenants": {"acme": 1}}
    (refused,) = rejected_lines(Rejected("empty_text"), stack="rdp", timestamp_ms=_NOW_MS, properties=properties)
    for text in (
        refused,
        refused_line("invalid_parameter", stack="rdp", timestamp_ms=_NOW_MS, properties=properties),
        page_line(logs=9, latency_ms=1, stack="rdp", timestamp_ms=_NOW_MS, properties=properties),
    ):
        traffic.take(_NOW_MS, text)
    hour = traffic.hour(_NOW_MS)
    assert {name: sum(values) for name, values in hour.counts.items() if any(values)} == {"rejected": 1}
    assert hour.tenants == []


def test_a_count_says_what_it_counts() -> None:
    """A log that failed twice was retried two times, and is one dead letter; refused is a request or a log."""
    traffic = _traffic()
    for verdict in (retried("Timeout"), retried("Timeout"), quarantined("undecodable")):
        (text,) = report.metrics_lines(
            {"log": verdict},
            stack="rdp",
            splits=0,
            end_to_end_ms=[],
            duration_ms=1,
            timestamp_ms=_NOW_MS,
            request_id="r",
        )
        traffic.take(_NOW_MS, text)
    for text in rejected_lines(Rejected("empty_text"), stack="rdp", timestamp_ms=_NOW_MS, properties={}):
        traffic.take(_NOW_MS, text)
    page = _shown(Look(Counts(1, 2, 3, 4), traffic.hour(_NOW_MS), 60, [], "", [3]))
    told = dict(re.findall(r"<figcaption>([^<]+) <span class=\"quiet\">([^,]+),", page))
    assert told == {
        "accepted": "6 logs",
        "stored": "3 logs",
        "duplicate": "1 log",
        "rejected": "1 request or log",
        "retried": "2 times",
        "dead-lettered by the consumer": "1 log",
        "waiting": "queued and in flight since this console was opened",
    }
    not_counted = "Messages that SQS itself dead-letters, after MaxReceiveCount receives, are not in"
    assert not_counted in page
    assert not_counted not in _shown(Look(Counts(1, 2, 3, 4), _traffic().hour(_NOW_MS), 60, [], "", [3]))


def test_other_lines_say_nothing() -> None:
    """Lambda's own, a traceback, JSON that is no metric's or of another shape."""
    traffic = Traffic()
    for text in (
        "START RequestId: x",
        "Traceback _aws",
        '["_aws"]',
        '{"_aws": 1, "x": 2}',
        '{"_aws": 1, "accepted": "9"}',
    ):
        traffic.take(_NOW_MS, text)
    hour = traffic.hour(_NOW_MS)
    assert sum(map(sum, hour.counts.values())) == 0
    assert (hour.tenants, hour.lag_ms) == ([], None)


def test_a_chart_s_line_stands_on_its_ground() -> None:
    """Zero is at the bottom, the highest value at the top; one value alone is level."""
    assert line([0, 5, 10], width=10, height=20) == "0.0,20.0 5.0,10.0 10.0,0.0"
    assert line([0], width=10, height=20) == "0.0,20.0 10.0,20.0"


def test_what_is_wrong_is_said_with_a_section_that_there_is() -> None:
    """A function that does not start, a stopped consumer, an alarm, dead letters: each leads into the runbook."""
    found = troubles(
        Counts(0, 0, 2, 5),
        consumer="Disabled",
        starts={"consumer": Start(starts=False, detail="no module"), "ingest": Start(starts=True)},
        alarms=[Alarm("oldest-message", "A log waits too long.")],
    )
    assert [trouble.section for trouble in found] == [
        "first-look",
        "stop-the-consumer",
        "oldest-message",
        "dead-letters",
    ]
    assert "no module" in found[0].sentence
    names = {section.name for section in sections((_INFRA / "RUNBOOK.md").read_text())}
    assert {trouble.section for trouble in found} <= names
    alarms = re.findall(
        r"AlarmName: !Sub \$\{AWS::StackName\}-([\w-]+)", (_INFRA / "cloudformation/template.yaml").read_text()
    )
    assert alarms
    assert set(alarms) <= names
    assert troubles(Counts(1, 1, 0, 5), consumer="Enabled", starts={}, alarms=[]) == []


def test_another_stacks_alarms_are_not_this_ones() -> None:
    """Its name may begin as this stack's. The lake's alarms are this stack's, under their one section."""
    found = [
        ("rdp-dead-letters", "Not empty. Runbook, dead-letters."),
        ("rdp-test-dead-letters", "Not empty. Runbook, dead-letters."),
        ("rdp-lake-errors", "Syncs fail. Runbook, lake."),
        ("rdp-test-lake-idle", "No sync. Runbook, lake."),
        ("rdp-orders", "Somebody's own."),
    ]
    assert list(alarms_of("rdp", found)) == [
        Alarm("dead-letters", "Not empty. Runbook, dead-letters."),
        Alarm("lake", "Syncs fail. Runbook, lake."),
    ]


def test_sections_have_the_names_that_links_use() -> None:
    """Every link of the runbook to a section of its own leads to one; two of one title have two names."""
    text = (_INFRA / "RUNBOOK.md").read_text()
    names = [section.name for section in sections(text)]
    assert len(names) == len(set(names))
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(names)
    assert [section.name for section in sections("# A b\n## C, d\nx\n# A b\n")] == ["a-b", "c-d", "a-b-1"]


def test_the_runbooks_links_within_the_page_are_links() -> None:
    """Its table of contents and its references, each once; other links and other brackets stay as they are."""
    text = (_INFRA / "RUNBOOK.md").read_text()
    pages = Pages(Shown("this machine", raw=False, allow_changes=False))
    page = TestClient(of_routes(pages, runbook.routes(pages))).get("/runbook").text
    assert '<a href="#dead-letters">Dead letters</a> · <a href=' in page
    assert "](#" not in page
    assert len(re.findall(r'<a href="#[^"]+">', page)) == len(re.findall(r"\]\(#", text))
    assert runbook.pieces("a\n[b c](#d-e), [f](g.md#h) [i] <j>\n") == [
        ("a\n", ""),
        ("b c", "d-e"),
        (", [f](g.md#h) [i] <j>\n", ""),
    ]


def test_the_page_shows_it_and_nothing_of_it_is_markup() -> None:
    """Counts, charts, tenants with a link to their logs, and the troubles with theirs to the runbook."""
    pages = Pages(Shown("this machine", raw=False, allow_changes=False))
    look = Look(
        Counts(1, 2, 3, 4_000), _traffic().hour(_NOW_MS), 60, [Trouble("It is <i>wrong</i>.", "first-look")], "", [3, 5]
    )
    client = TestClient(
        of_routes(pages, [*flow_page.routes(flow_page.Flow(pages, lambda: look, _now, UTC)), *runbook.routes(pages)])
    )
    empty = client.get("/").text
    assert 'hx-get="/flow/now"' in empty
    assert "<noscript><p>The flow is not read without JavaScript." in empty
    page = client.get("/flow/now").text
    assert "2.0 / 9.0 s" in page
    assert "As of 2026-11-18 11:07:00" in page
    assert "accepted, last hour" in page
    assert "not counted" not in page
    assert "<dd>4,000</dd>" in page
    assert 'href="/logs?tenant=acme"' in page
    assert "/logs?tenant=%3Cb%3E" in page
    assert "It is &lt;i&gt;wrong&lt;/i&gt;." in page
    assert 'href="/runbook#first-look"' in page
    assert 'id="first-look"' in client.get("/runbook").text


def test_a_part_of_an_hour_is_said_to_be_one() -> None:
    """Its charts begin where the counts do."""
    page = _shown(Look(Counts(1, 2, 3, 4), _traffic().hour(_NOW_MS), 5, [], "", [3]))
    assert "accepted, last 5 minutes" in page
    assert "What is older is not counted." in page
    points = re.search(r'aria-label="accepted[^>]*><polyline points="([^"]*)"', page)
    assert points is not None
    assert len(points[1].split()) == 5
