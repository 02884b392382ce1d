"""What every real client does when the service refuses or is away: nothing is lost that it does not itself give up.

Each client meets each situation once, in its first request with logs; what it sends then is taken.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.e2e import faulty_front, real_clients
from tests.e2e.faulty_front import SITUATIONS, Front, Situation
from tests.e2e.real_clients import PROGRAMS
from tests.e2e.shippers import SHIPPERS

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_AT_A_TIME: Final = 8  # They wait more than they compute.
_LINES: Final = 6
_HAVE_IDS: Final = frozenset({"systemd-journal-upload"})  # Sent again, a log is the same.
_POLL_S: Final = 0.5
_LIMIT_S: Final = 360  # Of a failure alone: a client on a busy machine may wait for a minute before it tries again.

_NEVER: Final[tuple[Situation, ...]] = ()
_ALL_BUT_A_PART: Final[tuple[Situation, ...]] = ("over_quota", "unavailable", "crashed", "cut", "away")
"""Of clients that send a log a request: of one there is no part."""

LOSES: Final[Mapping[str, tuple[Situation, ...]]] = {
    "axiom-py": _NEVER,
    "datadog-api-client": ("cut", "away"),
    "elasticsearch-9": ("crashed", "away"),
    "elasticsearch-js": ("over_quota", "crashed", "away"),
    "filebeat": _NEVER,
    "fluent-bit-datadog": _NEVER,
    "fluent-bit-es": _NEVER,
    "fluent-bit-http": _NEVER,
    "fluent-bit-loki": _NEVER,
    "fluent-bit-otlp": ("crashed",),
    "fluent-bit-splunk": _NEVER,
    "logtail-python": ("over_quota",),
    "opentelemetry-js-proto": ("crashed",),
    "opentelemetry-sdk": ("crashed",),
    "otel-collector": ("crashed",),
    "pino-elasticsearch": ("over_quota", "crashed", "away"),
    "pino-loki": SITUATIONS,
    "pygelf": _ALL_BUT_A_PART,
    "python-logging-loki": _ALL_BUT_A_PART,
    "rotel": ("cut", "away"),
    "rsyslog": ("over_quota", "unavailable", "partly", "crashed"),
    "seqlog": SITUATIONS,
    "splunk-handler": _NEVER,
    "syslog-ng-elasticsearch": _NEVER,
    "syslog-ng-http": _NEVER,
    "systemd-journal-upload": _NEVER,
    "winston-elasticsearch": _NEVER,
    "winston-loki-proto": ("away",),
    "winston-splunk-httplogger": _ALL_BUT_A_PART,
}
"""When a client gives up what it sent, whatever server it speaks to. ingest/DIALECTS.md tells its users."""

_SAYS_SO: Final[Mapping[str, str]] = {"rotel": "Exporting failed, dropping data"}
"""What a shipper says when it gives up: until then it may only be slow to try again."""

_AS_ANOTHER: Final = frozenset({"elasticsearch-8", "fluent-bit-gelf", "opentelemetry-js-json", "winston-loki-json"})
# Those that send nothing again, and Fluent Bit's outputs, which one core drives.
_TRIED_ONCE: Final = frozenset(
    {"pino-loki", "pygelf", "python-logging-loki", "seqlog", "winston-splunk-httplogger"}
    | {f"fluent-bit-{output}" for output in ("datadog", "http", "loki", "otlp")}
)


def _tried(name: str) -> tuple[Situation, ...]:
    """Return what a client is tried in: with `CLIENT_FAULTS=all` everything, else what a mistake of ours may change.

    An absence begins with a cut. So a client that survives it has survived the cut, too.
    """
    if os.environ.get("CLIENT_FAULTS") == "all":
        return SITUATIONS
    if name in _TRIED_ONCE:
        return ("unavailable",)
    left_out = {"crashed", "away"}.intersection(LOSES[name]) | (set() if "away" in LOSES[name] else {"cut"})
    return tuple(situation for situation in SITUATIONS if situation not in left_out)


_TRIED: Final = [(name, situation) for name in LOSES for situation in _tried(name)]


class _Run(NamedTuple):
    """What the client spoke to, the places of all logs, and what the client said when it failed."""

    front: Front
    wanted: range
    said: str


Runs = Callable[[str, Situation], _Run]


def _tenant(name: str, situation: Situation) -> str:
    return f"{situation.replace('_', '-')}-{name}"


@pytest.fixture(scope="module")
def runs(local_stack: "LocalStack", eventually: "Eventually", tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Run each client in each situation, many at once, and return what happened; a skip is its test's."""
    ready = {name: _prepared(name) for name in LOSES}
    with ThreadPoolExecutor(_AT_A_TIME) as executor:
        waiting = {
            (name, situation): executor.submit(_run, local_stack, name, situation, tmp_path_factory.mktemp(name))
            for name, situation in _TRIED
            if ready[name] is None
        }
    eventually(lambda: local_stack.is_drained)

    def run(name: str, situation: Situation) -> _Run:
        if reason := ready[name]:
            pytest.skip(reason)
        return waiting[name, situation].result()

    return run


def _prepared(name: str) -> str | None:
    """Install a client; return None, or why it cannot be run."""
    try:
        if name in PROGRAMS:
            real_clients.command(PROGRAMS[name], "")
        else:
            real_clients.install(name)
    except pytest.skip.Exception as reason:
        return str(reason)
    return None


def _run(stack: "LocalStack", name: str, situation: Situation, folder: Path) -> _Run:
    tenant, is_lost = _tenant(name, situation), situation in LOSES[name]
    # A client that gives up is sure to do so only before a front that stays away.
    with faulty_front.listening(faulty_front.queue_of(stack), tenant, situation, comes_back=not is_lost) as front:
        if name in PROGRAMS:
            wanted = range(PROGRAMS[name].logs)
            said = real_clients.run(real_clients.command(PROGRAMS[name], f"{front.url}/t/{tenant}"))
            if not (is_lost and situation == "away"):
                _wait_for_all(front, wanted, is_lost=is_lost)
        else:
            wanted = range(_LINES)
            (folder / "shop.log").write_text("".join(f"{real_clients.line(place)}\n" for place in wanted))
            with real_clients.shipping(name, f"{front.url}/t/{tenant}", folder):
                if is_lost and name in _SAYS_SO:
                    _wait_for_word(folder / "said", _SAYS_SO[name])
                else:
                    _wait(stack, tenant, front, wanted, is_lost=is_lost)
            said = (folder / "said").read_text(errors="replace")
        return _Run(front, wanted, said)


def _wait_for_all(front: Front, wanted: range, *, is_lost: bool) -> None:
    """Return when every log was taken, or refused if it may be lost: some clients end before they have an answer."""
    deadline_s = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline_s:
        if set(wanted) <= set(real_clients.places_of(front.taken + (front.refused if is_lost else []))):
            return
        time.sleep(_POLL_S)


def _wait_for_word(said: Path, word: str) -> None:
    """Return when a shipper has said that it gives up."""
    deadline_s = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline_s and word not in said.read_text(errors="replace"):
        time.sleep(_POLL_S)


def _wait(stack: "LocalStack", tenant: str, front: Front, wanted: range, *, is_lost: bool) -> None:
    """Return when a shipper's logs are stored, or are refused where it gives those up."""
    deadline_s = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline_s:
        lost = set(real_clients.places_of(front.refused)) if is_lost else set()
        if front.faults and set(wanted) - lost <= set(real_clients.places(stack.rows(tenant))):
            return
        time.sleep(_POLL_S)


@pytest.mark.parametrize(("name", "situation"), _TRIED)
def test_nothing_is_lost_that_a_client_does_not_give_up(
    name: str, situation: Situation, runs: Runs, local_stack: "LocalStack", eventually: "Eventually"
) -> None:
    """A log that a client sends until it is accepted is stored; only the logs that the client gives up are lost."""
    run = runs(name, situation)

    def stored() -> Counter[int]:
        return Counter(real_clients.places(local_stack.rows(_tenant(name, situation))))

    def taken() -> Counter[int]:
        places = real_clients.places_of(run.front.taken)
        return Counter(set(places) if name in _HAVE_IDS else places)

    eventually(lambda: stored() == taken())
    assert run.front.faults == 1, run.said  # That a client complains is no failure.
    missing = set(run.wanted).difference(stored())
    if situation not in LOSES[name]:
        assert missing == set()
    else:
        assert _SAYS_SO.get(name, "") in run.said
        refused = set(real_clients.places_of(run.front.refused)).intersection(run.wanted)
        assert refused
        # Of a client that ends at a cut, or sent while nobody listened, more is missing than the front saw.
        assert refused <= missing if situation in {"cut", "away"} else refused == missing


def test_every_client_is_tried() -> None:
    """Each client that runs elsewhere has a line in the table, except those that are another client's twin."""
    assert LOSES.keys() | _AS_ANOTHER == {*PROGRAMS, *SHIPPERS}
