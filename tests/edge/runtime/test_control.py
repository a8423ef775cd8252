"""Settings that change while a run works."""

from __future__ import annotations

import logging
import signal
from dataclasses import replace

import numpy as np
import pytest

from edge.errors import ConfigError
from edge.models import LoadedModels, Models
from edge.pipeline import CameraConfig, Pipeline
from edge.runtime.control import ReloadRequest, RunControl, reloadable
from edge.runtime.schedule import Hours, OutputSchedules
from edge.sinks.rerun_target import ImageRate
from edge.stages.zones import Zone
from edge.types import Frame

ALL = Zone(((0, 0), (1, 0), (1, 1), (0, 1)))


def test_run_control_changes_apply_from_the_next_frame(person_frames: list[Frame]) -> None:
    pipeline = Pipeline(LoadedModels(Models()), CameraConfig())
    control = RunControl([pipeline])
    assert control.streams == 1
    assert len(pipeline.process(person_frames[0])) == 1
    control.set_zones(0, [ALL])
    assert len(pipeline.process(person_frames[1])) == 0
    control.set_zones(0, [])
    control.set_smoothing("off")
    assert pipeline.smooth_rigs is None
    assert pipeline.foot_lock is None
    assert len(pipeline.process(person_frames[2])) == 1
    control.set_smoothing("strong")
    assert pipeline.smooth_rigs is not None
    assert len(pipeline.process(person_frames[3])) == 1
    control.set_detect_every(1)
    assert pipeline.track.wants_detections(replace(person_frames[3], t_s=person_frames[3].t_s + 1 / 30))


@pytest.fixture(scope="module")
def person_frames() -> list[Frame]:
    """A clip of one person."""
    from edge.sources import open_source

    source = open_source("synthetic:?frames=4&people=1")
    frames = list(source)
    source.close()
    assert all(frame.image.any() for frame in frames)
    assert isinstance(frames[0].image, np.ndarray)
    return frames


def test_run_control_image_rate_is_that_of_all_streams() -> None:
    rates = [ImageRate(10.0), ImageRate(10.0)]
    RunControl([], rates).set_image_fps(2.0)
    assert [rate.fps for rate in rates] == [2.0, 2.0]


def test_reload_request_is_handled_once_after_the_signal() -> None:
    calls: list[int] = []
    before = signal.getsignal(signal.SIGUSR1)
    with reloadable() as request:
        request.poll(lambda: calls.append(0))
        signal.raise_signal(signal.SIGUSR1)
        request.poll(lambda: calls.append(1))
        request.poll(lambda: calls.append(2))
    assert calls == [1]
    assert signal.getsignal(signal.SIGUSR1) is before


def test_reload_request_errors_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise ConfigError("meshcast.toml: pipeline.smoth: no such key")

    request = ReloadRequest()
    with caplog.at_level(logging.WARNING):
        for reload in (broken, None):
            request.handle(signal.SIGUSR1, None)
            request.poll(reload)
    assert caplog.messages == [
        "reload: meshcast.toml: pipeline.smoth: no such key; nothing changes",
        "reload: this run has no configuration file; nothing changes",
    ]


def test_run_control_changes_the_hours_of_outputs() -> None:
    schedules, hours = OutputSchedules(), Hours.parse("07:00-19:00")
    control = RunControl([], (), schedules)
    control.set_hours("publish", hours)
    assert (schedules.publish.hours, schedules.record.hours) == (hours, None)
    control.set_hours("publish", None)
    assert schedules.publish.hours is None
