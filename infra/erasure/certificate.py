"""The certificate of an erasure: who asked for it and when, what was erased, what remains until when, what is left."""

from typing import Literal

import msgspec

Outcome = Literal["gone", "undecided", "found"]


class LakePart(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased from one table of a lake.

    `rows` were removed from `files` data files; `deleted` is the number of old files that were deleted.
    """

    where: str
    table: str
    rows: int
    files: int
    deleted: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What one run erased, and no other run. `conflicts` counts the rows whose log id another row already had."""

    counted: Literal["in this run only"] = "in this run only"
    rows: int
    conflicts: int
    dead_letters: int
    lake: list[LakePart]


class Remains(msgspec.Struct, frozen=True, kw_only=True):
    """Data that nobody can delete from a place, and when it expires by itself; `until` is RFC 3339, or words."""

    place: str
    what: str
    until: str


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What `rdp erase` prints. `erased` counts this run only: a run that continues an interrupted one counts the rest.

    An erasure covers a tenant's logs received up to `received_until`, or every log that has the one `log_id`. `found`
    names what should have been erased and is still there. `outcome` is "found" if there is such data. It is "undecided"
    while the queue holds messages, SQS hides dead letters that somebody else has received, or a dead letter that may
    have to be erased can't be read. Otherwise it is "gone".
    """

    tenant_id: str
    log_id: str | None
    received_until: str | None
    asked_by: str
    asked_at: str
    certified_at: str
    erased: Counts | None
    remains: list[Remains]
    not_searched: list[str]
    found: list[str]
    outcome: Outcome
