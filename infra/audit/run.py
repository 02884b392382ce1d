"""What the ledger says when the places were read."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from infra.audit import places
from infra.audit.lake import LakeSide
from infra.audit.lake_ledger import LakeAudit
from infra.audit.ledger import ChangedItem, ErasedItem, Finding, Ledger, MissingLog, TenantAudit, finding
from infra.audit.places import Place
from infra.stack import Stack


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What `rdp audit --json` prints; the ids only on request, `lake` where there is one."""

    verdict: Finding
    unaccounted: int
    changed: int
    in_flight: int
    logs_in_flight_at_most: int
    dead_letters_unseen: int
    broken_on_stream: int
    erased_on_stream: int = 0
    erased_stored: int = 0
    tenants: list[TenantAudit]
    missing_ids: list[MissingLog] | msgspec.UnsetType = msgspec.UNSET
    changed_ids: list[ChangedItem] | msgspec.UnsetType = msgspec.UNSET
    erased_ids: list[ErasedItem] | msgspec.UnsetType = msgspec.UNSET
    lake: LakeAudit | msgspec.UnsetType = msgspec.UNSET


def run(
    stack: Stack,
    *,
    now: datetime,
    since: datetime | None = None,
    tenants: tuple[str, ...] = (),
    name_missing: bool = False,
    lake: LakeSide | None = None,
    tell: Callable[[Place, int], None] = lambda _place, _read: None,
) -> Audit:
    """Return the audit of the logs that were received before `now`; `tell(place, read)` as it goes on.

    `lake` is compared with the stream by the same reading of it, and is done with afterwards.

    Raises:
        StreamUnreadableError: Kinesis refuses for another reason than its load.
        UnreadableFileError: the lake has files that this program cannot read.
    """
    ledger = Ledger()
    try:
        within = places.held_by(stack, now=now, since=since, tenants=tenants)
        if lake is None:
            found, beside = places.read(stack, ledger, within, tell=tell), None
        else:
            found = places.read(stack, ledger, within, tell=tell, also=lake.take)
            beside = lake.compare(within, name=name_missing, tell=lambda rows: tell("lake", rows))
        audited = ledger.tenants()
        unaccounted = sum(tenant.missing for tenant in audited)
        changed = sum(tenant.changed for tenant in audited)
        erased_stored = sum(tenant.erased_stored for tenant in audited)
        return Audit(
            verdict=finding(
                missing=unaccounted,
                changed=changed,
                in_flight=found.in_flight * found.logs_a_message,
                dead_letters_unseen=found.dead_letters_unseen * found.logs_a_dead_letter,
                erased_stored=erased_stored,
                lake_differs=beside is not None and bool(beside.differences),
            ),
            unaccounted=unaccounted,
            changed=changed,
            in_flight=found.in_flight,
            logs_in_flight_at_most=found.in_flight * found.logs_a_message,
            dead_letters_unseen=found.dead_letters_unseen,
            broken_on_stream=found.broken_on_stream,
            erased_on_stream=found.erased_on_stream,
            erased_stored=erased_stored,
            tenants=audited,
            missing_ids=list(ledger.missing()) if name_missing else msgspec.UNSET,
            changed_ids=list(ledger.changed()) if name_missing else msgspec.UNSET,
            erased_ids=list(ledger.erased()) if name_missing else msgspec.UNSET,
            lake=beside or msgspec.UNSET,
        )
    finally:
        ledger.close()
        if lake is not None:
            lake.close()
