"""Outputs fail alone: other outputs continue."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from calibration.camera import Camera
from edge.errors import OutputError
from edge.runtime.async_pipeline import FrameResult
from edge.runtime.frame_errors import MAX_CONSECUTIVE_ERRORS, MAX_FIRST_ERRORS
from edge.runtime.outputs import Outputs, StreamFiles
from edge.runtime.schedule import OutputSchedules, Schedule
from edge.timing import Timings
from edge.types import Bodies, BodyModel, Frame, RigPose, SurfaceUse
from edge.wire.publisher import Publisher
from meshcast.errors import WireError

MODEL = BodyModel(
    "tiny",
    np.array([[0, 1, 2]], np.int32),
    np.zeros((3, 3), np.float32),
    np.array([-1], np.int32),
    ("pelvis",),
    ("nose",),
)
ERRORS = [errno.ENOSPC, errno.EACCES, errno.ENOENT, errno.EIO, errno.EDQUOT, errno.EFBIG]


def result(index: int) -> FrameResult:
    empty = np.zeros(0, np.float32)
    bodies = Bodies(
        np.zeros(0, np.int32),
        empty,
        np.zeros((0, 1, 3), np.float32),
        np.zeros((0, 1, 3), np.float32),
        np.zeros((0, 3, 3), np.float32),
        np.zeros((0, 3), np.float32),
    )
    frame = Frame("left", index, 0, index / 30, np.zeros((48, 64, 3), np.uint8))
    return FrameResult(frame, Camera.from_fov((64, 48), 60), bodies)


class Sink:
    """Accepts frames; `fault` receives each index and may raise."""

    stage = "sink"
    rotations = False

    def __init__(self, fault: Callable[[int], None] = lambda index: None, *, keeps: bool = True) -> None:
        self.path = Path(f"{id(self)}.out")
        self.taken: list[int] = []
        self.ends: list[str] = []
        self._fault, self._keeps = fault, keeps

    def write(self, given: FrameResult) -> None:
        self._fault(given.frame.index)
        self.taken.append(given.frame.index)

    def close(self) -> bool:
        self.ends.append("closed")
        self._fault(-1)
        return self._keeps

    def abort(self) -> None:
        self.ends.append("aborted")


class FakePublisher:
    address = "inproc://fake"

    def __init__(self, fault: Callable[[int], None] = lambda index: None) -> None:
        self.published: list[int] = []
        self.times: list[tuple[float, int]] = []
        self.ended: list[str] = []
        self.subscribed = False
        self.mesh = False
        self._fault = fault

    def wants_rotations(self, stream: str) -> bool:
        return self.subscribed and stream == "left"

    def wants_surface(self, stream: str) -> bool:
        return self.subscribed and stream == "left"

    def wants_mesh(self, stream: str) -> bool:
        return self.mesh and self.wants_surface(stream)

    def publish(self, frame: Frame, bodies: Bodies, camera: Camera, rig_pose: RigPose | None) -> None:
        self._fault(frame.index)
        self.published.append(frame.index)
        self.times.append((frame.t_s, frame.t_capture_ns))

    def end(self, stream: str, reason: str) -> None:
        self.ended.append(reason)


def outputs(*sinks: Sink, publisher: FakePublisher | None = None) -> Outputs:
    return Outputs(StreamFiles(), MODEL, Timings(), 30.0, cast(Publisher, publisher), sinks=cast(Any, sinks))


def from_on(first: int, error: Exception, end: int = 1 << 30) -> Callable[[int], None]:
    def fault(index: int) -> None:
        if first <= index < end:
            raise error

    return fault


def test_outputs_extrapolated_bodies_are_published_with_their_time() -> None:
    publisher, given = FakePublisher(), result(3)
    out = Outputs(StreamFiles(), MODEL, Timings(), 30.0, cast(Publisher, publisher), predict_s=0.05)
    out.write(given)
    assert publisher.times == [(pytest.approx(given.frame.t_s + 0.05), given.frame.t_capture_ns)]
    assert publisher.published == [3]


@pytest.mark.parametrize("number", ERRORS)
def test_outputs_failed_file_is_closed_and_reported_once(number: int, caplog: pytest.LogCaptureFixture) -> None:
    broken = Sink(from_on(2, OutputError(f"b.out: cannot be written: {os.strerror(number)}")))
    whole, publisher = Sink(), FakePublisher()
    out = outputs(broken, whole, publisher=publisher)
    for index in range(6):
        out.write(result(index))
    assert not out.exhausted
    said = f"b.out: cannot be written: {os.strerror(number)}; the frames before are kept"
    assert caplog.messages == out.problems == [said]
    assert broken.ends == ["closed"]
    assert (whole.taken, publisher.published, publisher.ended) == (list(range(6)), list(range(6)), [])
    assert out.close() == [broken.path, whole.path]
    out.abort()
    assert broken.ends == whole.ends == ["closed"]
    assert out.problems == [said]


def test_outputs_failed_file_without_content_reports_it() -> None:
    out = outputs(Sink(from_on(0, OutputError("b.out: cannot be written: it is gone")), keeps=False))
    out.write(result(0))
    assert out.problems == ["b.out: cannot be written: it is gone; nothing of it is kept"]
    assert out.exhausted
    assert out.close() == []


def test_outputs_close_failure_of_one_file_closes_the_others() -> None:
    broken, whole = Sink(from_on(-1, OutputError("b.out: the disk is full"), end=0)), Sink()
    odd = Sink(from_on(-1, ZeroDivisionError("zero"), end=0))
    out = outputs(broken, odd, whole)
    out.write(result(0))
    assert out.close() == [whole.path]
    assert out.problems == ["b.out: the disk is full", f"{odd.path}: cannot be completed: ZeroDivisionError: zero"]


def test_outputs_frame_error_leaves_frame_out_of_file() -> None:
    odd = Sink(from_on(3, ZeroDivisionError("zero"), end=4))
    out = outputs(odd)
    for index in range(6):
        out.write(result(index))
    assert odd.taken == [0, 1, 2, 4, 5]
    assert out.close() == [odd.path]
    assert out.problems == [f"{odd.path}: 1 frame was left out; ZeroDivisionError: zero"]


def test_outputs_file_with_persistent_frame_errors_is_closed() -> None:
    odd = Sink(from_on(3, ZeroDivisionError("zero")))
    out = outputs(odd)
    for index in range(3 + MAX_CONSECUTIVE_ERRORS):
        assert not out.exhausted
        out.write(result(index))
    assert out.exhausted
    assert odd.ends == ["closed"]


def test_outputs_publish_error_of_one_frame_still_saves_it() -> None:
    publisher, sink = FakePublisher(from_on(2, WireError("too many people"), end=3)), Sink()
    out = outputs(sink, publisher=publisher)
    for index in range(4):
        out.write(result(index))
    assert (publisher.published, publisher.ended, sink.taken) == ([0, 1, 3], [], [0, 1, 2, 3])
    out.close()
    assert out.problems == ["left: 1 frame was not published; too many people"]


def test_outputs_persistent_publish_errors_stop_publishing_only() -> None:
    publisher, sink = FakePublisher(from_on(0, RuntimeError("broken"))), Sink()
    out = outputs(sink, publisher=publisher)
    for index in range(MAX_FIRST_ERRORS + 5):
        out.write(result(index))
    assert publisher.ended == ["an internal error"]
    assert len(sink.taken) == MAX_FIRST_ERRORS + 5
    assert sum("publishing has stopped" in problem for problem in out.problems) == 1


def test_outputs_without_files_are_never_exhausted() -> None:
    assert not outputs(publisher=FakePublisher()).exhausted
    assert not outputs().exhausted


def test_outputs_rotations_are_wanted_while_a_client_subscribes_to_params() -> None:
    publisher = FakePublisher()
    out = outputs(Sink(), publisher=publisher)
    assert not out.wants_rotations("left")
    publisher.subscribed = True
    assert out.wants_rotations("left")
    assert not out.wants_rotations("right")


def test_outputs_use_levels_of_surfaces_while_a_client_subscribes_and_no_file_is_written() -> None:
    publisher = FakePublisher()
    broken = Sink(from_on(1, OutputError("b.npz: cannot be written: the disk is full")))
    out = outputs(broken, publisher=publisher)
    assert out.surface_use("left") is SurfaceUse.FLOATS
    out.write(result(0))
    out.write(result(1))
    assert out.surface_use("left") is SurfaceUse.NONE
    publisher.subscribed = True
    assert out.surface_use("left") is SurfaceUse.COARSE
    publisher.mesh = True
    assert out.surface_use("left") is SurfaceUse.LEVELS
    assert out.surface_use("right") is SurfaceUse.NONE


def test_outputs_rotations_are_wanted_until_the_file_that_holds_them_fails() -> None:
    broken = Sink(from_on(1, OutputError("b.npz: cannot be written: the disk is full")))
    broken.rotations = True
    out = outputs(broken, Sink())
    out.write(result(0))
    assert out.wants_rotations("left")
    out.write(result(1))
    assert not out.wants_rotations("left")


class Switch:
    """A schedule that is changed by hand."""

    def __init__(self) -> None:
        self.on = False

    def active(self, now: datetime) -> bool:
        return self.on

    def describe(self, now: datetime) -> str:
        return "by hand"


def test_outputs_publish_within_their_hours_only() -> None:
    publisher, viewer, schedule = FakePublisher(), FakePublisher(), Switch()
    files = StreamFiles(schedules=OutputSchedules(publish=cast(Schedule, schedule)))
    made = Outputs(files, MODEL, Timings(), 30, cast(Publisher, publisher), viewer=cast(Publisher, viewer))
    publisher.subscribed = True
    for index, schedule.on in enumerate([False, True, False]):
        assert made.wants_rotations("left") is schedule.on
        made.write(result(index))
    assert (publisher.published, viewer.published) == ([1], [0, 1, 2])
    assert not made.exhausted


def test_outputs_save_with_a_date_begins_a_file_with_each_window(tmp_path: Path) -> None:
    schedule = Switch()
    files = StreamFiles(tmp_path / "a-{date}.npz", schedules=OutputSchedules(save=cast(Schedule, schedule)))
    schedule.on = True
    made = Outputs(files, MODEL, Timings(), 30, None)
    for index, schedule.on in enumerate([True, False, True]):
        made.write(result(index))
    written = made.close()
    assert len(list(tmp_path.glob("a-2*.npz"))) == 2
    assert len(written) == 1  # the latest
    assert written[0].parent == tmp_path
