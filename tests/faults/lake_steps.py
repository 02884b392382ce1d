"""A lake whose steps (files made and deleted, the catalog's calls) can be counted, paused at, or killed at.

It is plain pyiceberg with a catalog in SQLite and files on disk, which announces each step before and after it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io import OutputFile, OutputStream
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import CommitTableResponse, Table

from consumer.lake.catalog import CATALOG_FILE

if TYPE_CHECKING:
    from tests.faults.injector import Moment


class Steps:
    """All steps so far. `on_step` is called with (number, name, moment) before and after each step."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.on_step: Callable[[int, str, Moment], None] = lambda _number, _name, _moment: None
        self._lock = threading.Lock()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Make the block a step; several threads may write files."""
        with self._lock:
            number = len(self.names)
            self.names.append(name)
        self.on_step(number, name, "before")
        try:
            yield
        finally:  # After an error too, which may be an answer: a table that does not exist yet is not found.
            self.on_step(number, name, "after")


STEPS: Final = Steps()
"""The steps of this process; a global, because pyiceberg creates its FileIO itself from a class name."""


class SteppingIO(PyArrowFileIO):
    """Files on disk; making and deleting one are steps."""

    def new_output(self, location: str) -> Any:
        """Return a file to be made."""
        return _Output(super().new_output(location))

    def delete(self, location: Any) -> None:
        """Delete a file."""
        with STEPS.step("delete"):
            super().delete(location)


class _Output(OutputFile):
    def __init__(self, inner: Any) -> None:
        super().__init__(inner.location)
        self._inner = inner

    def __len__(self) -> int:
        return len(self._inner)

    def exists(self) -> bool:
        return bool(self._inner.exists())

    def to_input_file(self) -> Any:
        return self._inner.to_input_file()

    def create(self, overwrite: bool = False) -> OutputStream:  # noqa: FBT001, FBT002 - pyiceberg's signature
        kind = self.location.rpartition(".")[2]
        with STEPS.step(f"create .{kind}"):
            made: OutputStream = self._inner.create(overwrite=overwrite)
            return made


class SteppingCatalog(SqlCatalog):
    """The catalog in SQLite; its calls are steps."""

    def load_table(self, identifier: Any) -> Table:
        """Load a table; a commit does so too, just before the comparison that decides it."""
        with STEPS.step("load"):
            return super().load_table(identifier)

    def create_table(self, *positional: Any, **named: Any) -> Table:
        """Make a table."""
        with STEPS.step("create table"):
            return super().create_table(*positional, **named)

    def create_namespace(self, *positional: Any, **named: Any) -> None:
        """Make a namespace."""
        with STEPS.step("create namespace"):
            super().create_namespace(*positional, **named)

    def commit_table(self, *positional: Any, **named: Any) -> CommitTableResponse:
        """Commit."""
        with STEPS.step("commit"):
            return super().commit_table(*positional, **named)


def stepping(folder: Path) -> SteppingCatalog:
    """Return the catalog of the folder, as `consumer.lake.catalog.in_folder` lays it out."""
    (folder / "warehouse").mkdir(exist_ok=True, parents=True)
    return SteppingCatalog(
        "lake",
        uri=f"sqlite:///{folder / CATALOG_FILE}",
        warehouse=(folder / "warehouse").as_uri(),
        **{"py-io-impl": f"{__name__}.SteppingIO"},
    )
