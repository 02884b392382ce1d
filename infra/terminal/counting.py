"""How far a long reading is, on standard error of a terminal; nothing where that is none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def counting(totals: dict[str, int | None]) -> Iterator[Callable[[str, int], None]]:
    """Give `tell(name, count)`; a name's total is what it is thought to reach, or None."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _name, _count: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {name: progress.add_task(name, total=total, start=False) for name, total in totals.items()}

        def tell(name: str, count: int) -> None:
            progress.start_task(tasks[name])
            progress.update(tasks[name], completed=count)

        yield tell
