"""Tombstones: which logs they cover, and how the table holds them."""

import re
from typing import Any

import pytest

from consumer.erasures import NONE, TENANTS, TOMBSTONES, Erasures, Subject, erasures_of, listed, tenant_attribute
from consumer.item import Attribute, Key, key_attributes
from ingest.contract.message import LOG_ID_PATTERN, TENANT_ID_PATTERN

AT = "2026-11-28T12:00:00.000Z"
LATER = "2026-11-28T12:00:00.001Z"
ERASURES = Erasures({"acme": AT}, frozenset({Key("blue", "log-1")}))


@pytest.mark.parametrize(
    ("log", "is_covered"),
    [
        (("acme", "any", AT), True),
        (("acme", "any", LATER), False),
        (("acmee", "any", AT), False),
        (("blue", "log-1", LATER), True),
        (("blue", "log-2", AT), False),
        (("acme", "log-1", LATER), False),
    ],
)
def test_a_tenants_logs_up_to_a_time_and_a_log_for_ever_are_covered(
    log: tuple[str, str, str], *, is_covered: bool
) -> None:
    """A tombstone covers a tenant's logs received up to its time, or every text under a log id, and no others."""
    assert ERASURES.covers(*log) is is_covered
    assert not NONE.covers(*log)


def test_an_erasure_means_what_its_tombstone_covers() -> None:
    """An erasure's subject and the tombstone made of it cover the same logs."""
    for subject, erasures in (
        (Subject("acme", None, AT), Erasures({"acme": AT}, frozenset())),
        (Subject("acme", "log-1", AT), Erasures({}, frozenset({Key("acme", "log-1")}))),
    ):
        logs = [(t, i, at) for t in ("acme", "blue") for i in ("log-1", "log-2") for at in (AT, LATER)]
        assert [subject.covers(*log) for log in logs] == [erasures.covers(*log) for log in logs]


def test_the_partition_says_every_tombstone() -> None:
    """Each tombstone can be read from the partition, also for tenants named like attributes and for any log id."""
    tenants = {"acme": AT, "tenant_id": LATER, "erased_at": AT}
    logs = {Key("blue", "#!~"), Key("a.b_c-D", "~" * 256)}
    items: list[Any] = [
        {
            **key_attributes(TENANTS),
            "erased_at": {"S": LATER},
            **{tenant_attribute(name): {"S": at} for name, at in tenants.items()},
        },
        *({**key_attributes(listed(key)), "erased_at": {"S": AT}} for key in logs),
    ]
    assert erasures_of(items) == Erasures(tenants, frozenset(logs))
    assert erasures_of([]) == NONE


def test_no_log_can_stand_where_tombstones_do() -> None:
    """No log's key is in the partition of tombstones, and no two logs have the same entry there."""
    assert re.match(TENANT_ID_PATTERN, TOMBSTONES) is None
    assert re.match(TENANT_ID_PATTERN, "a b") is None
    assert re.match(LOG_ID_PATTERN, "a b") is None


def test_a_tombstone_is_told_from_a_log() -> None:
    """A tombstone has an attribute whose name no log's item has."""
    assert "erased_at" not in Attribute.__args__  # type: ignore[attr-defined] # of a Literal
