"""`meshcast calibrate floor`: a camera's pose from the people in a clip."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from calibration.camera import Camera
from tests.support.commands import Command

MEDIA = Path(__file__).parents[2] / "media"


def test_calibrate_floor_of_a_clip_writes_a_camera_file(meshcast: Command, tmp_path: Path) -> None:
    calibrated, written, image = MEDIA / "balance_cam03.toml", tmp_path / "floor.toml", tmp_path / "floor.jpg"
    ended = meshcast(
        "calibrate", "floor", MEDIA / "balance_cam03.mp4", "--camera", calibrated, "--out", written, "--image", image
    )
    assert ended.code == 0, ended.err
    found, true = Camera.load(written), Camera.load(calibrated)
    assert found.floor is not None
    assert true.floor is not None
    assert found.floor.tilt_deg == pytest.approx(true.floor.tilt_deg, abs=7)
    assert found.floor.height_m == pytest.approx(true.floor.height_m, rel=0.2)
    np.testing.assert_allclose(found.K, true.K, rtol=1e-6)
    assert "stances of 1 people" in ended.out
    drawn = cv2.imread(str(image))
    assert drawn is not None
    assert drawn.shape[:2] == (1920, 1088)


def test_calibrate_floor_without_people_is_one_line_and_writes_nothing(
    meshcast: Command, tmp_path: Path, blank_clip: Path
) -> None:
    written = tmp_path / "floor.toml"
    ended = meshcast("calibrate", "floor", blank_clip, "--out", written)
    assert ended.code == 1
    assert ended.err.strip().endswith("with their feet in the image")
    assert len(ended.err.strip().splitlines()) == 1
    assert not written.exists()


def test_calibrate_floor_camera_and_fov_contradict(meshcast: Command, tmp_path: Path) -> None:
    ended = meshcast(
        "calibrate", "floor", MEDIA / "balance_cam03.mp4", "--camera", MEDIA / "balance_cam03.toml", "--fov", 70
    )
    assert ended.code == 2
    assert "--fov" in ended.err
