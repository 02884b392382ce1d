"""What an erasure hands out: who asked for what and when, what went where, what remains until when, what was found."""

from typing import Literal

import msgspec

Outcome = Literal["gone", "undecided", "found"]


class LakePart(msgspec.Struct, frozen=True, kw_only=True):
    """What went from one table of a lake: rows, from so many data files; `deleted` are old files."""

    where: str
    table: str
    rows: int
    files: int
    deleted: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What one run erased, and no other before it. `conflicts` of the rows stood beside another with their log id."""

    counted: Literal["in this run only"] = "in this run only"
    rows: int
    conflicts: int
    dead_letters: int
    lake: list[LakePart]


class Remains(msgspec.Struct, frozen=True, kw_only=True):
    """What nobody can take out of a place, and when it is gone by itself; `until` is RFC 3339, or words."""

    place: str
    what: str
    until: str


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What `rdp erase` prints. `erased` are the counts of this run: one that went on after another has the rest.

    `received_until` says which logs of a tenant are meant; of a log, all that come under its id are. `found` names what
    should be gone and is there. `outcome`: "gone", where every place was searched and nothing was found; "undecided"
    while the queue, or dead letters that others hold, can't be looked into, or a dead letter that may be meant can't be
    read; "found".
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
