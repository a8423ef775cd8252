"""Progress bars on stderr while engines build plans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from edge import console
from edge.text import one_line
from engines.inference.build_progress import OnBuild


@contextmanager
def build_progress_bars(quiet: bool) -> Iterator[OnBuild | None]:
    """A callback that shows a bar for each plan that is built; None unless stderr is a terminal. Plans are cached."""
    if quiet or not console.interactive():
        yield None
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

        yield show
