"""`meshcast calibrate rig`, end to end on drawn photographs and with what goes wrong."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from calibration.camera_file import camera_toml
from calibration.rig_file import read_rig
from edge.errors import EXIT_INPUT, EXIT_USAGE, EXIT_WHOLE
from tests.support.board_views import camera, image_of, poses
from tests.support.commands import Command

BOARD = ("--chessboard", "7x5", "--square", "30mm")
TURN = Rotation.from_euler("y", 25, degrees=True).as_matrix()
SHIFT = np.array([-0.2, 0.01, 0.05])  # m


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Photographs of a chessboard by two cameras, and their camera file."""
    root = tmp_path_factory.mktemp("rig")
    cells = np.indices((6, 8)).sum(axis=0) % 2
    board = np.pad(np.kron(cells, np.ones((60, 60))).astype(np.uint8) * 255, 60, constant_values=255)
    for name in ("left", "right"):
        (root / name).mkdir()
    for index, (rotation, translation) in enumerate(poses(8, seed=3, tilt=0.3, distance=0.6)):
        second = (TURN @ rotation, TURN @ translation + SHIFT)
        for name, pose in (("left", (rotation, translation)), ("right", second)):
            cv2.imwrite(str(root / name / f"{index}.png"), image_of(camera(), board, (0.3, 0.24), pose))
    (root / "camera.toml").write_text(camera_toml(camera().table()))
    return root / "left", root / "right", root / "camera.toml"


def test_calibrate_rig_writes_a_rig_file_and_an_image(
    folders: tuple[Path, Path, Path], meshcast: Command, tmp_path: Path
) -> None:
    left, right, file = folders
    out, image = tmp_path / "rig.toml", tmp_path / "rig.png"
    said = meshcast(
        "calibrate", "rig", left, right, *BOARD, "--camera", file, "--camera", file, "--out", out, "--image", image
    )
    assert said.code == EXIT_WHOLE, said.err
    rig = read_rig(out)
    assert rig.names == ("left", "right")
    one, other = rig.poses["left"], rig.poses["right"]
    turn = other.rotation @ one.rotation.T
    np.testing.assert_allclose(turn, TURN, atol=0.01)
    np.testing.assert_allclose(other.translation - turn @ one.translation, SHIFT, atol=0.006)
    assert set(rig.uncertainty) == {"left", "right"}
    assert "pair left, right" in said.out
    assert "the floor is assumed" in said.err
    assert cv2.imread(str(image)) is not None


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--chessboard", "7x5"), EXIT_USAGE, "--square, the side of a square of the board, is missing"),
        ((), EXIT_USAGE, "the board is missing; give --chessboard or --charuco"),
        ((*BOARD, "--camera", "a.toml"), EXIT_USAGE, "1 camera files for 2 sources"),
        ((*BOARD, "--stream", "a", "--stream", "a"), EXIT_USAGE, "two cameras have the same name"),
        ((*BOARD, "--offset", "middle=1"), EXIT_USAGE, "--offset middle: no such camera; there are: left, right"),
        ((*BOARD, "--offset", "left"), EXIT_USAGE, "is not NAME=SECONDS"),
        ((*BOARD, "--floor", "ceiling"), EXIT_USAGE, "is not first, last, camera, feet or the number of a frame"),
        ((*BOARD, "--height", "1.8"), EXIT_USAGE, "--height needs --people"),
        (("--people",), EXIT_USAGE, "--people needs --start"),
        ((*BOARD, "--people", "--start", "a.toml"), EXIT_USAGE, "--chessboard does not go with --people"),
        (("--people", "--start", "none.toml"), EXIT_INPUT, "none.toml"),
        (("--chessboard", "9x9", "--square", "30mm"), EXIT_INPUT, "the board was not found in 8 images"),
    ],
)
def test_calibrate_rig_of_wrong_options_writes_nothing(
    folders: tuple[Path, Path, Path],
    meshcast: Command,
    tmp_path: Path,
    options: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    out = tmp_path / "rig.toml"
    said = meshcast("calibrate", "rig", folders[0], folders[1], *options, "--out", out)
    assert said.code == code, said.err
    assert message in said.err
    assert not out.exists()


def test_calibrate_rig_of_one_source_is_refused(folders: tuple[Path, Path, Path], meshcast: Command) -> None:
    said = meshcast("calibrate", "rig", folders[0], *BOARD)
    assert said.code == EXIT_USAGE
    assert "a rig has at least two cameras" in said.err
