"""Unmodified shippers, all at once, while the engine stops and comes back: each line of their file is stored."""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from infra.local import engine, front, lifecycle
from tests.e2e import faulty_front, real_clients
from tests.e2e.shippers import SHIPPERS

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

_LINES: Final = 6
_BEGUN_WHILE_AWAY: Final = frozenset({"rotel", "systemd-journal-upload"})  # What they ship is written beforehand.
_CAN_NAME_NO_TENANT: Final = frozenset({"fluent-bit-datadog", "fluent-bit-splunk"})  # To our function, without gateway.
# It drops what another than Elasticsearch answers, as the local endpoint does between the engine's end and its own.
# What it writes to nobody it keeps: that is tried in `test_client_faults.py`.
_WRITES_WHEN_BACK: Final = "rsyslog"
_NOT_TAKEN: Final = '"status": 503 } }\n'  # So a line of rsyslog's error file ends, of what the queue did not take.
_WITHOUT_LEVEL: Final = frozenset({"filebeat", "fluent-bit-otlp", "otel-collector"})


class _Shipped:
    """What the shippers' run left: the stack, and why a shipper did not run."""

    def __init__(self, stack: "LocalStack", folders: Mapping[str, Path]) -> None:
        self.stack, self.folders = stack, folders
        self.skipped: dict[str, str] = {}

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return what is stored of a shipper."""
        return self.stack.rows(f"ship-{name}")

    def dropped(self, name: str) -> set[int]:
        """Return what a shipper says that it dropped at a 503: rsyslog does, when a busy engine takes too long."""
        errors = self.folders[name] / "errors"
        said = errors.read_text().splitlines(keepends=True) if errors.exists() else []
        texts = [json.loads(line)["request"]["postdata"] for line in said if line.endswith(_NOT_TAKEN)]
        return set(real_clients.places_of([line for text in texts for line in text.splitlines()]))

    def lacking(self, names: Iterable[str], lines: int) -> list[str]:
        """Return whose first `lines` are not all stored."""
        running = [name for name in names if name not in self.skipped]
        return [
            name
            for name in running
            if set(range(lines)).difference(real_clients.places(self.rows(name)), self.dropped(name))
        ]


@pytest.fixture(scope="module")
def shipped(
    start_stack: "StartStack", eventually: "Eventually", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Shipped]:
    """Run all shippers: half of the lines are stored, the engine stops, the other half is written, it starts again."""
    stack = start_stack()
    # Not 8080: while this front is away, another test's front would take that port.
    (stack.data_dir / "front.json").write_text(json.dumps({"port": engine.pick_free_port(), "pid": 0}))
    url = front.start(stack.data_dir, stack.state).endpoint
    folders = {name: tmp_path_factory.mktemp(name) for name in SHIPPERS}
    run = _Shipped(stack, folders)
    with contextlib.ExitStack() as running:

        def start(name: str, lines: int) -> None:
            _write(folders[name], range(lines))
            to = url
            if name in _CAN_NAME_NO_TENANT:
                to_queue = faulty_front.queue_of(stack)
                to = running.enter_context(faulty_front.listening(to_queue, f"ship-{name}", None)).url
            try:
                running.enter_context(real_clients.shipping(name, f"{to}/t/ship-{name}", folders[name]))
            except pytest.skip.Exception as reason:
                run.skipped[name] = str(reason)

        first = [name for name in SHIPPERS if name not in _BEGUN_WHILE_AWAY]
        for name in first:
            start(name, _LINES)
        eventually(lambda: not run.lacking(first, _LINES))
        lifecycle.down(stack.data_dir)
        # It ends by itself, but Rotel must not begin before: it drops a request that is cut.
        front.stop(stack.data_dir)
        for name in first:
            if name != _WRITES_WHEN_BACK:
                _write(folders[name], range(_LINES, 2 * _LINES))
        for name in _BEGUN_WHILE_AWAY:
            start(name, 2 * _LINES)
        started = lifecycle.up(stack.data_dir)
        assert front.start(stack.data_dir, started).endpoint == url
        _write(folders[_WRITES_WHEN_BACK], range(_LINES, 2 * _LINES))
        with contextlib.suppress(pytest.fail.Exception):  # The test of a shipper says what is missing.
            eventually(lambda: not run.lacking(SHIPPERS, 2 * _LINES))
        yield run
    front.stop(stack.data_dir)


def _write(folder: Path, lines: range) -> None:
    with (folder / "shop.log").open("a") as log:
        log.writelines(f"{real_clients.line(place)}\n" for place in lines)


@pytest.fixture(params=SHIPPERS)
def rows(request: pytest.FixtureRequest, shipped: _Shipped) -> tuple[str, list[dict[str, Any]], set[int]]:
    """A shipper's name, what is stored of it, and what it dropped."""
    name: str = request.param
    if name in shipped.skipped:
        pytest.skip(shipped.skipped[name])
    return name, shipped.rows(name), shipped.dropped(name)


def test_every_line_of_a_shipper_is_stored(rows: tuple[str, list[dict[str, Any]], set[int]]) -> None:
    """None is lost while nobody listens; the line is the text, in all but Loki's JSON lines.

    A shipper whose request was cut off, or waited for too long, sends it again: a line may stand twice.
    """
    name, stored, dropped = rows
    places = set(real_clients.places(stored))
    assert places == set(range(2 * _LINES)) - (dropped - places)
    assert places
    if name != "fluent-bit-loki":
        assert {row["original_text"]["S"] for row in stored} == {real_clients.line(i) for i in places}
    assert {row["source"]["S"] for row in stored} == {SHIPPERS[name].source}
    level = None if name in _WITHOUT_LEVEL else "warn"
    assert {row.get("severity", {}).get("S") for row in stored} == {level}
    assert all("event_at" in row for row in stored)
