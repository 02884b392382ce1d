"""A read by time (I15) while the consumer is killed after its writes, so that messages are delivered twice."""

import re
import threading
from typing import TYPE_CHECKING, Any, Final

from consumer.query.ask import Ask
from consumer.query.page import arrival_of, read_page
from infra import stored_logs

if TYPE_CHECKING:
    from consumer.item import Item
    from consumer.query.table import TableReader
    from tests.e2e.conftest import Eventually, StartStack

_TENANT: Final = "killed"
_REQUESTS: Final = 30
_KILLED: Final = {
    "CrashMode": "exit",
    "CrashPoint": "after_write",
    "CrashProbability": "0.1",
    "VisibilityTimeoutSeconds": "2",
    "MaxReceiveCount": "1000",
}


def _all(table: "TableReader", ask: Ask, size: int) -> "list[Item]":
    found: list[Item] = []
    after: str | None = None
    while True:
        page = read_page(table, ask, limit=size, after=after)
        assert len(page.items) <= size
        found += page.items
        after = page.after
        if after is None:
            return found


def test_each_log_is_read_once_and_in_order(start_stack: "StartStack", eventually: "Eventually") -> None:
    """Own ids and generated ones, three to a millisecond, pages of one to a thousand; during the deaths and after."""
    stack = start_stack(_KILLED)
    table = stored_logs.table(stack.stack)
    sent = threading.Event()

    def send() -> None:
        for number in range(_REQUESTS):
            records: list[dict[str, Any]] = [{"tenant_id": _TENANT, "text": f"{number}-{place}"} for place in range(3)]
            records[number % 3]["log_id"] = f"own-{number}"
            assert stack.post_json(records).status == 202
        sent.set()

    sender = threading.Thread(target=send)
    sender.start()
    looks = 0
    while not sent.is_set() or looks == 0:
        found = _all(table, Ask(tenant_id=_TENANT), 7)
        arrivals = [arrival_of(item) for item in found]
        assert arrivals == sorted(set(arrivals), reverse=True)
        looks += 1
    sender.join()

    eventually(lambda: stack.is_drained and len(stack.rows(_TENANT)) == 3 * _REQUESTS)
    texts = [f"{number}-{place}" for number in range(_REQUESTS) for place in range(3)]
    for size in (1, 2, 7, 100, 1_000):
        for newest_first in (True, False):
            found = _all(table, Ask(tenant_id=_TENANT, newest_first=newest_first), size)
            assert [item.original_text for item in found] == (texts[::-1] if newest_first else texts)
    reports = stack.place.logs.filter_log_events(logGroupName=stack.stack.outputs["ConsumerLogGroupName"])["events"]
    assert any(re.search('"duplicate":[1-9]', event["message"]) for event in reports)
