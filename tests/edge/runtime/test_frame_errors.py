"""Errors of frames: which are skipped, which end a stream, and how often they are logged."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.camera import CameraError
from edge.errors import FrameError
from edge.runtime.frame_errors import MAX_CONSECUTIVE_ERRORS, MAX_FIRST_ERRORS, FrameErrors
from edge.types import Frame
from engines.errors import DeviceLostError, ModelError


def frame(index: int) -> Frame:
    return Frame("left", index, 0, 0.0, np.zeros((2, 2, 3), np.uint8))


def fail(errors: FrameErrors, error: Exception, times: int = 1) -> None:
    for index in range(times):
        errors.failed(frame(index), error)


@pytest.mark.parametrize("error", [CameraError("another size"), ModelError("no numbers")])
def test_frame_errors_first_frames_all_fail_raises_error(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    errors = FrameErrors()
    fail(errors, error, MAX_FIRST_ERRORS - 1)
    with pytest.raises(type(error), match=str(error)):
        fail(errors, error)
    assert caplog.records == []  # it is said by what is raised


def test_frame_errors_finish_without_success_raises_first_error() -> None:
    errors = FrameErrors()
    fail(errors, CameraError("another size"))
    fail(errors, CameraError("a third size"))
    with pytest.raises(CameraError, match="another size"):
        errors.finish()


def test_frame_errors_finish_after_success_raises_nothing() -> None:
    errors = FrameErrors()
    errors.finish()
    errors.passed()
    fail(errors, CameraError("another size"))
    errors.finish()
    assert errors.problem == "left: 1 frame was left out; another size"


def test_frame_errors_consecutive_internal_errors_raise_one_line() -> None:
    errors = FrameErrors()
    errors.passed()
    fail(errors, ZeroDivisionError("zero"), MAX_CONSECUTIVE_ERRORS - 1)
    errors.passed()
    fail(errors, ZeroDivisionError("zero"), MAX_CONSECUTIVE_ERRORS - 1)
    with pytest.raises(
        FrameError,
        match=f"^left: {MAX_CONSECUTIVE_ERRORS} consecutive frames failed: ZeroDivisionError: zero.*please report",
    ):
        fail(errors, ZeroDivisionError("zero"))
    assert errors.count == 2 * MAX_CONSECUTIVE_ERRORS - 1


def test_frame_errors_camera_errors_after_success_never_raise() -> None:
    errors = FrameErrors()
    errors.passed()
    fail(errors, CameraError("another size"), 20 * MAX_CONSECUTIVE_ERRORS)
    assert errors.count == 20 * MAX_CONSECUTIVE_ERRORS


def test_frame_errors_lost_device_raises_at_once() -> None:
    errors = FrameErrors()
    errors.passed()
    with pytest.raises(DeviceLostError):
        fail(errors, DeviceLostError("the GPU is gone"))


def test_frame_errors_log_at_powers_of_ten(caplog: pytest.LogCaptureFixture) -> None:
    errors = FrameErrors()
    fail(errors, CameraError("another size"), 3)
    assert caplog.messages == []
    errors.passed()
    assert caplog.messages == ["left: 3 frames were left out; the latest, frame 2: another size"]
    fail(errors, CameraError("another size"), 997)
    assert len(caplog.messages) == 4
    assert caplog.messages[-1].startswith("left: 1000 frames were left out")
