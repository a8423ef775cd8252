"""Live cameras of `meshcast calibrate rig`: drawn frames with times of capture, played without waiting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from calibration.boards import Chessboard
from calibration.intrinsics import CalibrationError
from edge.cli.rig_live import collect_rig
from edge.cli.rig_recordings import aligned
from edge.errors import EXIT_USAGE, SourceError
from edge.sources.base import Source
from edge.types import Frame
from tests.support.board_views import camera, image_of, poses
from tests.support.commands import Command

INTERVAL_NS = 100_000_000
TURN = Rotation.from_euler("y", 25, degrees=True).as_matrix()
SHIFT = np.array([-0.2, 0.01, 0.05])  # m


class DrawnCamera(Source):
    """A live camera that shows drawn images, the last one for the rest of the time."""

    def __init__(self, name: str, images: list[np.ndarray], late_ns: int, broken: bool = False) -> None:
        super().__init__(name, live=True)
        self._images, self._late_ns, self._broken = images, late_ns, broken

    def __iter__(self) -> Iterator[Frame]:
        for index, image in enumerate(self._images):
            at_ns = 10**12 + index * INTERVAL_NS + self._late_ns
            yield Frame(self.name, index, at_ns, index * 0.1, image)
        if self._broken:
            raise SourceError("right: the camera was unplugged")


@pytest.fixture(scope="module")
def images() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What two cameras see of a chessboard at the same times; at the end it lies still."""
    cells = np.indices((6, 8)).sum(axis=0) % 2
    board = np.pad(np.kron(cells, np.ones((30, 30))).astype(np.uint8) * 255, 30, constant_values=255)
    left, right = [], []
    for rotation, translation in poses(18, seed=3, tilt=0.3, distance=0.6):
        for found, pose in ((left, (rotation, translation)), (right, (TURN @ rotation, TURN @ translation + SHIFT))):
            found.append(cv2.cvtColor(image_of(camera(), board, (0.3, 0.24), pose), cv2.COLOR_GRAY2BGR))
    still = 40  # frames
    return left + [left[-1]] * still, right + [right[-1]] * still


def the_board() -> Chessboard:
    return Chessboard(7, 5, 0.03)


def test_views_of_live_cameras_are_matched_by_times_of_capture(
    images: tuple[list[np.ndarray], list[np.ndarray]],
) -> None:
    left, right = images
    sources = [DrawnCamera("left", left, 0), DrawnCamera("right", right, 20_000_000)]
    found = collect_rig(sources, ["left", "right"], the_board, [], pace="fast")
    assert [recording.live for recording in found] == [True, True]
    assert all(len(recording.track.views) >= 18 for recording in found)
    seen, said = aligned(found, [np.eye(4)], {}, "auto", 60.0)
    assert said[0] == "images are matched by their times of capture"
    together = [frame for frame, entry in seen.views.items() if len(entry) == 2]
    assert len(together) >= 15


def test_camera_that_never_sees_the_board_is_named(images: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    blank = [np.zeros_like(images[0][0])] * 3
    sources = [DrawnCamera("left", images[0][:3], 0), DrawnCamera("right", blank, 0)]
    with pytest.raises(CalibrationError, match="right: the board was not found in 3 images"):
        collect_rig(sources, ["left", "right"], the_board, [], pace="fast")


def test_error_of_a_camera_ends_the_collection(images: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    sources = [DrawnCamera("left", images[0][:3], 0), DrawnCamera("right", images[1][:3], 0, broken=True)]
    with pytest.raises(SourceError, match="right: the camera was unplugged"):
        collect_rig(sources, ["left", "right"], the_board, [], pace="fast")


def test_live_cameras_beside_recordings_are_refused(meshcast: Command, tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    cv2.imwrite(str(tmp_path / "left/0.png"), np.zeros((8, 8), np.uint8))
    said = meshcast(
        "calibrate", "rig", tmp_path / "left", "rtsp://127.0.0.1:9/x", "--chessboard", "7x5", "--square", "30mm"
    )
    assert said.code == EXIT_USAGE
    assert "rtsp://127.0.0.1:9/x is live and" in said.err
