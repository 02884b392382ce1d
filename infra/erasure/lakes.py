"""The lakes' part of an erasure: both tables of each lake that is named, or that the stack has."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from consumer.erasures import Subject
from infra.erasure.certificate import LakePart
from infra.stack import Stack, StackError

if TYPE_CHECKING:
    from infra.lake_place import Lake

LOCAL_FOLDER: Final = "lake"
_BUCKET_OUTPUT: Final = "LakeTableBucketArn"


@contextmanager
def told() -> Iterator[None]:
    """Tell in one line what a lake cannot do, where one is."""
    try:
        from consumer.lake import failures  # noqa: PLC0415 - an extra, and slow to import
    except ModuleNotFoundError:
        yield
        return
    try:
        yield
    except failures.TOLD as error:
        raise StackError(str(error)) from error


def named(warehouses: Sequence[str], data_dir: Path, stack: Stack) -> "list[Lake]":
    """Return the lakes that are named, or else the stack's own, if it has one. No lake is made here.

    Raises:
        StackError: one that is named is not there, or a lake is there and the extra that reads it isn't.
    """
    own = stack.outputs.get(_BUCKET_OUTPUT) or str(data_dir / LOCAL_FOLDER)
    wanted = list(warehouses) or ([own] if _is_there(own) else [])
    if not wanted:
        return []
    try:
        from infra import lake_place  # noqa: PLC0415 - an extra, and slow to import
    except ModuleNotFoundError as error:
        raise StackError(
            f"The lake {wanted[0]} is to be searched, too: pip install 'robust-data-processor[lake]'"
        ) from error
    for where in wanted:
        if not _is_there(where):
            raise StackError(f"There is no lake in {where}.")
    return [lake_place.find(where, data_dir, lambda: stack) for where in wanted]


def _is_there(where: str) -> bool:
    return where.startswith("arn:") or (Path(where) / "catalog.sqlite").exists()


def erase(lakes: "Sequence[Lake]", subject: Subject) -> Iterator[LakePart]:
    """Take what is meant out of each table; yield what went. Raises: the failures that `consumer.lake` tells."""
    for lake, name in _tables(lakes):
        from consumer.lake import erase as lake_erase  # noqa: PLC0415 - as above
        from consumer.lake.table import LakeTable  # noqa: PLC0415

        catalog = lake.catalog
        done = lake_erase.erase(
            lambda catalog=catalog, name=name: LakeTable(catalog, name),  # type: ignore[misc] # of this turn
            subject,
            in_folder=lake.in_folder,
        )
        yield LakePart(where=lake.where, table=name, rows=done.rows, files=done.files, deleted=done.deleted)


def count(lakes: "Sequence[Lake]", subject: Subject) -> Iterator[LakePart]:
    """Yield what `erase` would take out of each table."""
    for lake, name in _tables(lakes):
        from consumer.lake import erase as lake_erase  # noqa: PLC0415 - as above

        found = lake_erase.count(lake.catalog.load_table(name), subject)
        yield LakePart(where=lake.where, table=name, rows=found.rows, files=found.files, deleted=0)


def find(lakes: "Sequence[Lake]", subject: Subject) -> Iterator[str]:
    """Yield where what is meant still stands."""
    for lake, name in _tables(lakes):
        from consumer.lake import erase as lake_erase  # noqa: PLC0415 - as above

        yield from lake_erase.find(lake.catalog.load_table(name), subject, in_folder=lake.in_folder)


def _tables(lakes: "Sequence[Lake]") -> "Iterator[tuple[Lake, str]]":
    for lake in lakes:
        from consumer.lake.catalog import name_of  # noqa: PLC0415 - as above

        for raw in (False, True):
            if lake.catalog.table_exists(name_of(raw=raw)):
                yield lake, name_of(raw=raw)
