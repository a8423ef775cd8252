"""A progress bar on stderr for one long task of known length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edge import console


@contextmanager
def task_progress(title: str, total: int, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A function that shows how many of `total` items are done; it does nothing unless stderr is a terminal."""
    if quiet or not console.interactive():
        yield lambda done: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=Console(file=console.terminal())) as shown:
        task = shown.add_task(title, total=total)
        yield lambda done: shown.update(task, completed=done)
