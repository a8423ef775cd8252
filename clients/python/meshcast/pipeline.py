"""`meshcast.stream`: the pipeline in this process, where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points
from os import PathLike
from typing import Any

from meshcast.errors import PipelineMissingError

GROUP = "meshcast.pipeline"  # of the entry point by which the distribution meshcast names its pipeline


def stream(source: str | PathLike[str], **options: Any) -> Iterator[tuple[Any, Any]]:
    """Run the pipeline on a source in this process, as `edge.stream` does.

    Args:
        source: A file, URL or device, as for `meshcast run`.
        **options: The options of `edge.stream`, for example `camera="camera.toml"`.

    Returns:
        An iterator over (frame, bodies), see `edge.types.Frame` and `edge.types.Bodies`.

    Raises:
        PipelineMissingError: Only the client is installed in this environment.
        MeshcastError: The source or an option cannot be used.
    """
    found = [point for point in entry_points(group=GROUP) if point.name == "stream"]
    if not found:
        raise PipelineMissingError(
            "meshcast.stream: only the client is installed; install the pipeline with: pip install meshcast "
            "(in a clone: pip install -e clients/python -e .)"
        )
    pairs: Iterator[tuple[Any, Any]] = found[0].load()(source, **options)
    return pairs
