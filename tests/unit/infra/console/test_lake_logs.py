"""Old logs from the lake: the same rows and pages as from the table, and no SQL of anybody else's."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from consumer import redact
from consumer.item import Item, Key, build
from consumer.lake import query
from consumer.lake.catalog import in_folder
from consumer.query.ask import Ask, takes
from consumer.query.page import read_page
from consumer.timestamps import epoch_ms, rfc3339
from infra.console.lake_logs import LakeReads, Rows, opened
from infra.console.places import Lake
from infra.stack import Place, Stack, StackError
from ingest.contract.log_ids import generator
from ingest.contract.message import InternalMessage, Severity
from tests.faults.lake_world import NAME, LakeWorld
from tests.messages import message
from tests.unit.infra.console.stored import NOW_MS, Stored, browser

_DAY_MS = 86_400_000
_BEGIN_MS = NOW_MS - 400 * _DAY_MS
_STACK = Stack(Place(region="eu-central-1"), "http://127.0.0.1:1", {})


def _log(number: int, text: str, severity: Severity | None = None, *, buckets: int = 1) -> InternalMessage:
    """Return a log of a year ago; each third has an id of its own, and many share a millisecond."""
    at_ms = _BEGIN_MS + number // 7 * 3_600_000
    log_id = f"own-{number}" if number % 3 == 0 else generator(at_ms, number, buckets=buckets)(number)
    fields = {"n": number}
    return message(log_id, text, received_at=rfc3339(at_ms), severity=severity, fields=fields)


_LOGS = [
    *(_log(n, f"order {n} took {n} ms", ("info", "error", None)[n % 3], buckets=1 + n % 2 * 7) for n in range(300)),
    _log(301, "Payment TIMEOUT, 'quoted'; DROP TABLE logs; --"),
    _log(302, "\u017ftraße, an old s"),
    _log(303, "hostile <script>alert(1)</script>\x1b[2J"),
    message("own-3", "another text under a taken id", received_at=rfc3339(_BEGIN_MS + 5 * _DAY_MS)),
    message("of-another", "order of another", tenant_id="other", received_at=rfc3339(_BEGIN_MS)),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a lake of these logs."""
    folder = tmp_path_factory.mktemp("lake")
    world = LakeWorld()
    catalog = in_folder(folder)
    for start in range(0, len(_LOGS), 200):
        world.put(_LOGS[start : start + 200])
        world.sync(catalog)
    return folder


@pytest.fixture(scope="module")
def answers(folder: Path) -> Iterator[Callable[[str], Rows]]:
    """Answers of the lake's table."""
    table = in_folder(folder).load_table(NAME)
    with query.connected() as connection:
        yield lambda sql: query.ask(connection, [("logs", table)], sql).read_all().to_pylist()


def _items() -> list[Item]:
    redactor = redact.build()
    return [
        build(log, received_ms=epoch_ms(log.received_at), redactor=redactor, processed_at="", retention_days=0)
        for log in _LOGS
    ]


def _all(reads: LakeReads, ask: Ask, limit: int) -> list[Item]:
    found: list[Item] = []
    after: str | None = None
    while True:
        page = read_page(reads, ask, limit=limit, after=after)
        found += page.items
        after = page.after
        if after is None:
            return found


def _said(items: Sequence[Item]) -> list[tuple[object, ...]]:
    return sorted(
        (item.log_id, item.modified_data, item.received_at, item.severity or "", str(item.fields)) for item in items
    )


@pytest.mark.parametrize(
    ("hours", "words", "severity", "limit"),
    [
        ((None, None), (), None, 90),
        ((5, 30), (), None, 40),
        ((None, 20), ("ORDER 1",), "info", 20),
        ((None, None), ("timeout", "'quoted'; DROP"), None, 10),
        ((None, None), ("straße",), None, 10),
        ((None, None), ("ss", "OLD"), None, 10),
        ((40, 41), ("nothing",), "error", 10),
    ],
)
def test_the_lake_answers_as_the_table_would(
    answers: Callable[[str], Rows],
    hours: tuple[int | None, int | None],
    words: tuple[str, ...],
    severity: Severity | None,
    limit: int,
) -> None:
    """Whatever is asked: each log once, over the pages, the newest first, of this tenant alone."""
    since_ms, until_ms = (None if hour is None else _BEGIN_MS + hour * 3_600_000 for hour in hours)
    ask = Ask(tenant_id="acme", since_ms=since_ms, until_ms=until_ms, contains=words, severity=severity)
    found = _all(LakeReads(answers, ask), ask, limit)
    expected = [
        item
        for item in _items()
        if item.tenant_id == "acme"
        and takes(ask, item)
        and (since_ms or 0) <= epoch_ms(item.received_at) < (until_ms or NOW_MS)
    ]
    assert _said(found) == _said(expected)
    assert [item.received_at for item in found] == sorted((item.received_at for item in found), reverse=True)


@pytest.mark.parametrize("tenant", ["acme' OR '1'='1", "x'; DROP TABLE logs; --", "\\", "''", "%"])
def test_no_name_is_sql(answers: Callable[[str], Rows], tenant: str) -> None:
    """A tenant, a word or an id is a text in quotes."""
    ask = Ask(tenant_id=tenant, contains=(tenant,))
    assert _all(LakeReads(answers, ask), ask, 10) == []
    assert LakeReads(answers, ask).get([Key("acme", tenant), Key(tenant, "own-0")]) == {}


def test_the_page_says_where_old_logs_come_from(folder: Path) -> None:
    """A time before the table's retention is read from the lake, with its histogram and its whole logs, as text."""
    lake = Lake(opened(str(folder), folder, _STACK, raw=False), str(folder))
    client = browser(Stored([]), lake=lake, kept_days=30)
    asked = {"tenant": "acme", "since": rfc3339(_BEGIN_MS), "until": rfc3339(_BEGIN_MS + 9 * _DAY_MS)}
    page = client.get("/logs", params=asked).text
    assert f"From the lake {folder}" in page
    rows = re.findall(r"</b> <bdi>(.*?)</bdi></summary>", page, re.DOTALL)
    assert rows[0] == "another text under a taken id"
    assert "<script>alert" not in page
    whole = re.search(r'hx-get="(/logs/whole[^"]*)"', page)
    assert whole is not None
    assert "another text" in client.get(html.unescape(whole[1])).text
    assert "304 logs" in client.get("/logs/histogram", params=asked).text
    more = re.search(r'hx-get="(/logs/more[^"]*)"', page)
    assert more is not None
    assert "order" in client.get(html.unescape(more[1])).text


def test_without_a_lake_it_says_that_the_table_is_all() -> None:
    """A time that the table keeps no more is searched there, and the page says what is missing; `lake` is refused."""
    client = browser(Stored([]), kept_days=30)
    page = client.get("/logs?tenant=acme&since=60d&until=40d").text
    assert "keeps a log for 30 days. This console knows no lake" in page
    assert client.get("/logs?tenant=acme&source=lake").status_code == 400
    recent = browser(Stored([]), lake=Lake(lambda _: Stored([]), "here"), kept_days=30)
    assert "From the" not in recent.get("/logs?tenant=acme&since=2d").text
    assert "Search the lake" in html.unescape(recent.get("/logs?tenant=acme&since=31d").text)


def test_a_lake_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """No traceback, and no folder."""
    missing = tmp_path / "missing"
    client = browser(Stored([]), lake=Lake(opened(str(missing), tmp_path, _STACK, raw=True), "missing"))
    answer = client.get("/logs?tenant=acme&source=lake")
    assert answer.status_code == 502
    assert str(missing) in answer.text
    assert not missing.exists()
    reads = opened("arn:aws:s3:x", tmp_path, _STACK, raw=True)
    with pytest.raises(StackError, match="not an S3 table bucket"):
        reads(Ask(tenant_id="a")).get([Key("a", "b")])
