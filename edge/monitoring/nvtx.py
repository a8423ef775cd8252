"""Stages as NVTX ranges, which NVIDIA's profilers show beside the GPU's work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edge.errors import ProfilingError


class NvtxRanges:
    """A listener of edge.timing that opens a range for every stage, in a domain of the stream's name.

    Raises ProfilingError where the nvtx package is not installed.
    """

    def __init__(self, stream: str) -> None:
        try:
            import nvtx
        except ImportError:
            raise ProfilingError("--nvtx needs the package nvtx; install it with: pip install nvtx") from None
        self._nvtx = nvtx
        self._domain = f"meshcast {stream}"
        self._open: dict[str, Any] = {}

    def begin(self, stage: str) -> None:
        """Open a range. It is not pushed on a stack: some stages have an end only."""
        self._open[stage] = self._nvtx.start_range(message=stage, domain=self._domain)

    def end(self, stage: str, frame_index: int | None, start_ns: int, end_ns: int) -> None:
        """Close the stage's range."""
        opened = self._open.pop(stage, None)
        if opened is not None:
            self._nvtx.end_range(opened)

    def lost(self, where: str, frame_index: int) -> None:
        """A drop has no duration."""

    @contextmanager
    def enqueue(self, stream: str, name: str) -> Iterator[None]:
        """A range around the enqueuing of work on a stream of a GPU, in a domain of that stream: profilers project it
        on the work."""
        opened = self._nvtx.start_range(message=name, domain=f"{self._domain} {stream}")
        try:
            yield
        finally:
            self._nvtx.end_range(opened)
