"""Erases in lakes: in both tables of each lake that is named, or that the stack has."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from consumer.erasures import Subject
from infra.erasure.certificate import LakePart
from infra.stack import Stack

if TYPE_CHECKING:
    from infra.lake_place import Lake


def named(wheres: Sequence[str], data_dir: Path, stack: Stack) -> "list[Lake]":
    """Return the lakes that these folders and ARNs name; it creates none. Raises: as `lake_place.find`."""
    if not wheres:
        return []
    from infra import lake_place  # noqa: PLC0415 - an extra, and slow to import

    return [lake_place.find(where, data_dir, lambda: stack) for where in wheres]


def erase(lakes: "Sequence[Lake]", subject: Subject) -> Iterator[LakePart]:
    """Erase the subject's logs from each table; yield what was erased. Raises: the errors of `consumer.lake`."""
    for lake, name in _tables(lakes):
        from consumer.lake import erase as lake_erase  # noqa: PLC0415 - as above
        from consumer.lake.table import LakeTable  # noqa: PLC0415

        catalog = lake.catalog
        done = lake_erase.erase(
            lambda catalog=catalog, name=name: LakeTable(catalog, name),  # type: ignore[misc] # bound now, not when it is called
            subject,
            in_folder=lake.in_folder,
        )
        yield LakePart(where=lake.where, table=name, rows=done.rows, files=done.files, deleted=done.deleted)


def count(lakes: "Sequence[Lake]", subject: Subject) -> Iterator[LakePart]:
    """Yield what `erase` would erase from each table."""
    for lake, name in _tables(lakes):
        from consumer.lake import erase as lake_erase  # noqa: PLC0415 - as above

        found = lake_erase.count(lake.catalog.load_table(name), subject)
        yield LakePart(where=lake.where, table=name, rows=found.rows, files=found.files, deleted=0)


def find(lakes: "Sequence[Lake]", subject: Subject) -> Iterator[str]:
    """Yield the places in the lakes that still hold the subject's logs."""
    for lake, name in _tables(lakes):
        from consumer.lake import erase as lake_erase  # noqa: PLC0415 - as above

        yield from lake_erase.find(lake.catalog.load_table(name), subject, in_folder=lake.in_folder)


def _tables(lakes: "Sequence[Lake]") -> "Iterator[tuple[Lake, str]]":
    for lake in lakes:
        from consumer.lake.catalog import name_of  # noqa: PLC0415 - as above

        for raw in (False, True):
            if lake.catalog.table_exists(name_of(raw=raw)):
                yield lake, name_of(raw=raw)
