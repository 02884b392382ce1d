"""Shows on standard error how far a long read has come; shows nothing if that is not a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def counting(totals: dict[str, int | None]) -> Iterator[Callable[[str, int], None]]:
    """Give the function `tell(name, count)`. A total is the count that a name is expected to reach, None if unknown."""
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
