"""A bar on stderr while an engine builds a plan."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from engines.building import listening


@contextmanager
def building_bars(quiet: bool) -> Iterator[None]:
    """Show how far each plan is that is built meanwhile, where stderr is a terminal; a second start shows nothing."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    columns = (TextColumn("building {task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    bars: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as shown:

        def show(model: str, fraction: float) -> None:
            if model not in bars:
                bars[model] = shown.add_task(Path(model).name, total=1.0)
            shown.update(bars[model], completed=fraction)

        with listening(show):
            yield
