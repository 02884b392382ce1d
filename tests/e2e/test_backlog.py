"""A shipper that finds 9,000 lines in its file sends them in its own large requests: our function takes each line once.

The queue takes everything here, so that what is tried is the requests' sizes and our answers, and no engine's speed.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.e2e import faulty_front, real_clients

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually

_LINES: Final = 9_000
_PADDING: Final = "x" * 250  # All of it is 2.5 MB: more than one request of any of them, and far more than 1 MiB.


@pytest.mark.parametrize(
    "name", ["fluent-bit-es", "fluent-bit-loki", "fluent-bit-splunk", "syslog-ng-http", "syslog-ng-elasticsearch"]
)
def test_a_backlog_is_taken_whole(name: str, tmp_path: Path, eventually: "Eventually") -> None:
    """No line is missing or refused, none is sent twice, and no request gets the shipper stuck."""
    with (tmp_path / "shop.log").open("w") as log:
        log.writelines(f"{real_clients.line(place)} {_PADDING}\n" for place in range(_LINES))
    with (
        faulty_front.listening(lambda _logs, _until: frozenset(), "backlog", None) as front,
        real_clients.shipping(name, f"{front.url}/t/backlog", tmp_path),
    ):
        eventually(lambda: len(front.taken) >= _LINES)
    assert real_clients.places_of(front.taken) == list(range(_LINES))
    assert front.refused == []
