"""The displays of a run as sinks: Rerun, and a window of Open3D."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.runtime.async_pipeline import FrameResult
from edge.runtime.background import BackgroundSink
from edge.sinks.open3d_window import Open3DWindow, check_open3d
from edge.sinks.rerun_stream import RerunWriter
from edge.sinks.rerun_target import RerunConfig, resolved
from edge.timing import Timings
from edge.types import BodyModel

if TYPE_CHECKING:
    from edge.runtime.outputs import Sink, StreamFiles


def with_displays(files: Sequence[StreamFiles]) -> list[StreamFiles]:
    """The files of each stream, with displays that all streams share: starts a viewer. Raises OutputError."""
    if any(each.window for each in files):
        check_open3d()
    wanted = [each.rerun for each in files if each.rerun is not None]
    if not wanted:
        return list(files)
    shared = resolved(wanted[0])
    return [
        replace(each, rerun=replace(shared, target=shared.target if each.rerun.path is None else each.rerun.target))
        if each.rerun is not None
        else each
        for each in files
    ]


def rerun_sink(config: RerunConfig, stream: str, model: BodyModel, timings: Timings) -> Sink:
    """A Rerun recording of a stream: a file, or a viewer that never delays the stream. Raises OutputError."""
    sink = _Rerun(RerunWriter(config, stream, model), config.path, timings)
    return sink if config.path is not None else BackgroundSink(sink)


def window_sink(stream: str, model: BodyModel) -> Sink:
    """A desktop window of a stream, which never delays it. Raises OutputError."""
    return BackgroundSink(_Window(Open3DWindow(stream, model)))


class _Window:
    stage, rotations = "open3d", False
    path: Path | None = None

    def __init__(self, window: Open3DWindow) -> None:
        self._window = window
        self.close, self.abort = window.close, window.abort

    def write(self, result: FrameResult) -> None:
        age_ms = (time.monotonic_ns() - result.frame.t_capture_ns) * 1e-6
        self._window.write(
            result.frame, result.bodies, result.camera, result.tracks, age_ms=age_ms, now_s=time.monotonic()
        )


class _Rerun:
    stage, rotations = "rerun", False

    def __init__(self, writer: RerunWriter, path: Path | None, timings: Timings) -> None:
        self.path = path
        self._writer = writer
        self._timings = timings
        self.close, self.abort = writer.close, writer.abort

    def write(self, result: FrameResult) -> None:
        age_ms = (time.monotonic_ns() - result.frame.t_capture_ns) * 1e-6
        totals = self._timings.stages.histograms()
        stages = {name: (sum(each.counts), each.total_ms) for name, each in totals.items() if sum(each.counts)}
        self._writer.write(result.frame, result.bodies, result.camera, result.tracks, age_ms=age_ms, stages=stages)
