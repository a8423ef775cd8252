"""The report of a stream during and after a run."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from edge.models import Models
from edge.pipeline import CameraConfig, Pipeline
from edge.runtime.async_pipeline import AsyncPipeline
from edge.runtime.outputs import Outputs, StreamFiles
from edge.runtime.stream import StreamRun
from edge.sources import open_source

SOON_S = 120.0


def test_stream_run_reports_rate_and_busiest_stage(person_clip: Path) -> None:
    pipeline, ended = Pipeline(Models(), CameraConfig()), threading.Event()
    outputs = Outputs(StreamFiles(), pipeline.model, pipeline.timings, 30.0, None)
    stream = StreamRun("clip", AsyncPipeline(open_source(str(person_clip)), pipeline), outputs, 12, ended.set)
    assert (stream.fps, stream.busiest, stream.running) == (0.0, "", False)
    stream.start()
    assert ended.wait(SOON_S)
    stream.close()
    assert stream.frames == 12
    assert stream.fps == pytest.approx(11 / (stream.ended_s - stream._latest_s[0]))
    pipeline.timings.stages.add("localize", 1e7)  # more than any stage takes here
    assert stream.busiest == f"localize {pipeline.timings.stages.histograms()['localize'].total_ms / 12:.1f} ms"
