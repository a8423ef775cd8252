"""`meshcast calibrate camera`, end to end on drawn photographs and with what goes wrong."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from calibration.camera import Camera
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from tests.support.board_views import camera, image_of, poses
from tests.support.commands import Command

BOARD = ("--chessboard", "7x5", "--square", "30mm")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight images of a 7 x 5 chessboard, and one without a board."""
    folder = tmp_path_factory.mktemp("photographs")
    cells = np.indices((6, 8)).sum(axis=0) % 2
    board = np.pad(np.kron(cells, np.ones((60, 60))).astype(np.uint8) * 255, 60, constant_values=255)
    for index, pose in enumerate(poses(8, seed=3, distance=0.45)):
        cv2.imwrite(str(folder / f"{index}.png"), image_of(camera(), board, (0.3, 0.24), pose))
    cv2.imwrite(str(folder / "empty.png"), np.full((480, 640), 90, np.uint8))
    return folder


def test_calibrate_camera_writes_a_camera_file_and_an_image(
    photographs: Path, meshcast: Command, tmp_path: Path
) -> None:
    out, image = tmp_path / "camera.toml", tmp_path / "coverage.png"
    said = meshcast("calibrate", "camera", photographs, *BOARD, "--out", out, "--image", image, "--camera-height", 1.5)
    assert said.code == EXIT_WHOLE, said.err
    assert "8 views of the board in 9 images" in said.out
    assert "empty.png: the board was not found" in said.err
    found = Camera.load(out)
    assert found.size == (640, 480)
    np.testing.assert_allclose(np.diag(found.K)[:2], [520, 515], rtol=0.01)
    assert found.floor is not None
    assert found.floor.height_m == pytest.approx(1.5)
    assert cv2.imread(str(image)) is not None


def test_calibrate_camera_with_a_board_on_the_floor_has_a_pose(
    photographs: Path, meshcast: Command, tmp_path: Path
) -> None:
    out = tmp_path / "camera.toml"
    said = meshcast("calibrate", "camera", photographs, *BOARD, "--out", out, "--floor", photographs / "0.png")
    assert said.code == EXIT_WHOLE, said.err
    rotation, translation = poses(8, seed=3, distance=0.45)[0]
    floor = Camera.load(out).floor
    assert floor is not None
    assert floor.height_m == pytest.approx(abs(float((rotation.T @ translation)[2])), rel=0.03)
    assert "above the floor, looks down" in said.out


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--chessboard", "9x6", "--square", "30mm"), EXIT_INPUT, "the board was not found in 9 images"),
        (("--chessboard", "7", "--square", "30mm"), EXIT_USAGE, "'7' is not COLUMNSxROWS"),
        (("--chessboard", "7x5", "--square", "30"), EXIT_USAGE, "'30' is not a length with its unit"),
        (("--charuco", "7x5", "--square", "30mm"), EXIT_USAGE, "--charuco needs --marker"),
        ((*BOARD, "--marker", "20mm"), EXIT_USAGE, "--marker is for --charuco boards"),
        ((*BOARD, "--tilt", "20"), EXIT_USAGE, "--tilt needs --camera-height"),
    ],
)
def test_calibrate_camera_of_wrong_options_writes_nothing(
    photographs: Path, meshcast: Command, tmp_path: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    out = tmp_path / "camera.toml"
    said = meshcast("calibrate", "camera", photographs, *options, "--out", out)
    assert said.code == code
    assert message in said.err
    assert not out.exists()
