"""A bar on stderr while an engine builds a plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from edge import console
from edge.text import one_line
from engines.inference.build_progress import listening


@contextmanager
def build_progress_bars(quiet: bool) -> Iterator[None]:
    """Show how far each plan is that is built meanwhile, where stderr is a terminal; a second start shows nothing."""
    if quiet or not console.interactive():
        yield
        return
    columns = (
        TextColumn("building {task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    bars: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(file=console.terminal())) as shown:

        def show(model: str, fraction: float) -> None:
            if model not in bars:
                bars[model] = shown.add_task(one_line(Path(model).name), total=1.0)
            shown.update(bars[model], completed=fraction)

        with listening(show):
            yield
