"""Tombstones are read by a consumer every ten seconds at most, and never guessed."""

from typing import Any, cast

from consumer.erasures import TENANTS, tenant_attribute
from consumer.item import key_attributes
from consumer.tombstones import KNOWN_FOR_S, TenantTombstones
from tests.clock import Clock
from tests.messages import RECEIVED_AT, message
from tests.unit.consumer.fakes import FakeDynamoDB, client_error

LOGS = [message("a", tenant_id="acme"), message("b", tenant_id="blue"), message("c", tenant_id="acme")]


class Setup:
    """A consumer's reader over a fake table, on a clock of its own."""

    def __init__(self, dynamodb: FakeDynamoDB | None = None) -> None:
        self.dynamodb = dynamodb or FakeDynamoDB()
        self.clock = Clock()
        self.tombstones = TenantTombstones(cast("Any", self.dynamodb), "logs", self.clock.programs())

    def erase(self, tenant_id: str, until: str = RECEIVED_AT) -> None:
        """Put a tenant's tombstone."""
        self.dynamodb.items[TENANTS] = {**key_attributes(TENANTS), tenant_attribute(tenant_id): {"S": until}}

    def find(self) -> frozenset[int] | str:
        """Return which of the logs were erased."""
        return self.tombstones.find(LOGS, give_up_at_s=self.clock.monotonic() + 30)


def test_an_erased_tenants_logs_are_found() -> None:
    """An erased tenant's logs up to the time are found, and no other tenant's."""
    setup = Setup()
    assert setup.find() == frozenset()
    setup = Setup()
    setup.erase("acme")
    assert setup.find() == frozenset({0, 2})
    setup = Setup()
    setup.erase("acme", "2025-11-24T15:58:59.999Z")
    assert setup.find() == frozenset()


def test_one_read_serves_ten_seconds_and_no_longer() -> None:
    """One read serves all batches and tenants for ten seconds; a clock that was set back causes a new read."""
    setup = Setup()
    setup.find()
    setup.erase("acme")
    setup.clock.now_s += KNOWN_FOR_S - 0.001
    assert setup.find() == frozenset()
    assert len(setup.dynamodb.reads) == 1
    setup.clock.now_s += 0.001
    assert setup.find() == frozenset({0, 2})
    setup.clock.now_s -= 3600
    setup.find()
    assert len(setup.dynamodb.reads) == 3


def test_what_cannot_be_read_is_not_guessed() -> None:
    """A throttled read is retried; if it keeps failing, that is an error, even if there is an older answer."""
    errors: list[Exception | None] = [client_error("ThrottlingException"), None]
    setup = Setup(FakeDynamoDB(call_error=lambda: errors.pop(0) if errors else None))
    setup.erase("acme")
    assert setup.find() == frozenset({0, 2})
    setup.dynamodb.call_error = lambda: client_error("ThrottlingException")
    setup.clock.now_s += KNOWN_FOR_S
    assert setup.find() == "ThrottlingException"
    setup.dynamodb.call_error = lambda: None
    setup.dynamodb.unprocessed = lambda _key: True
    assert setup.find() == "Throttling"
