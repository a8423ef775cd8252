"""BVH files of known motions in the styles of different programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from engines.training.poses import PoseError, load_poses
from engines.training.poses.bvh_retarget import read_bvh_poses
from tests.support.bvh_writing import (
    BANDAI,
    BODY,
    BODYS_OWN,
    CMU,
    DAZ,
    MIXAMO,
    STYLE_100,
    Style,
    known_poses,
    positions,
    write,
)

F64 = NDArray[np.float64]
MM = 1e-3


def about(axis: str, degrees: float) -> F64:
    return Rotation.from_euler(axis, degrees, degrees=True).as_matrix()


def axes(x: tuple[int, int, int], y: tuple[int, int, int]) -> F64:
    """The rotation that brings the body's x and y there."""
    return np.stack([x, y, np.cross(x, y)], axis=1).astype(np.float64)


def limbs(parts: tuple[str, ...], left: F64, right: F64) -> dict[str, F64]:
    return {f"{side}_{part}": turn for side, turn in (("left", left), ("right", right)) for part in parts}


ARM, LEG = ("shoulder", "elbow", "wrist", "hand"), ("hip", "knee", "ankle", "foot")
A_POSE = limbs(ARM, about("z", -50), about("z", 50))
LEGS_APART = A_POSE | limbs(LEG, about("z", 20), about("z", -20))
SIDEWAYS = {name: about("y", 90) for name in BODY.joint_names}
# Every bone along its own x, as some studios' skeletons are.
ALONG_X = (
    {name: axes((0, 0, 1), (1, 0, 0)) for name in BODY.joint_names}
    | limbs(LEG, axes((0, 0, -1), (-1, 0, 0)), axes((0, 0, -1), (-1, 0, 0)))
    | limbs(ARM, axes((1, 0, 0), (0, 0, -1)), axes((-1, 0, 0), (0, 0, 1)))
)
STYLES = {
    "cmu": Style(CMU),
    "mixamo": Style(MIXAMO, order="XYZ"),
    "100style": Style(STYLE_100, order="YXZ", six_channels=True),
    "bandai": Style(BANDAI, order="ZXY", six_channels=True),
    "daz": Style(DAZ, order="ZYX", newline="\r\n"),
    "own names": Style(BODYS_OWN, order="YZX"),
    "metres": Style(scale=1.0),
    "Z up": Style(world=about("x", 90)),
    "faces sideways": Style(rest=SIDEWAYS),
    "A-pose": Style(rest=A_POSE),
    "legs apart": Style(rest=LEGS_APART),
    "bones along x": Style(rest=ALONG_X),
    "offsets in channels": Style(six_channels=True, offsets_in_channels=True),
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
@pytest.mark.filterwarnings("ignore:Gimbal lock")
def test_read_bvh_poses_known_motion_is_recovered(tmp_path: Path, style: Style) -> None:
    poses = known_poses()
    (tmp_path / "a.bvh").write_text(write(poses, style), newline="")
    found = read_bvh_poses(tmp_path / "a.bvh")
    off = np.linalg.norm(positions(found) - positions(poses), axis=-1)
    assert off.max() < 5 * MM
    turned = (Rotation.from_rotvec(found.reshape(-1, 3)).inv() * Rotation.from_rotvec(poses.reshape(-1, 3))).magnitude()
    assert np.degrees(turned).max() < 3


def test_read_bvh_poses_high_frame_rate_is_subsampled(tmp_path: Path) -> None:
    (tmp_path / "a.bvh").write_text(write(known_poses(), Style(frame_s=1 / 120)))
    assert len(read_bvh_poses(tmp_path / "a.bvh")) == 10


def test_load_poses_each_bvh_folder_is_a_source(tmp_path: Path) -> None:
    for style in ("Walk", "Run"):
        (tmp_path / "100STYLE" / style).mkdir(parents=True)
        (tmp_path / "100STYLE" / style / "a.BVH").write_text(write(known_poses(10), Style(STYLE_100)))
    found = load_poses([tmp_path / "100STYLE"])
    assert found.counts() == {"100STYLE/Run": 10, "100STYLE/Walk": 10}
    assert found.test.sum() == 2


def test_read_bvh_poses_missing_end_joints_are_accepted(tmp_path: Path) -> None:
    """What is missing follows the bone before it."""
    text = write(known_poses(5), Style())
    for name in ("Head", "LeftHand", "RightHand", "LeftFoot", "RightToeBase"):
        text = text.replace(f"JOINT {name}\n", "JOINT Something\n")
    (tmp_path / "a.bvh").write_text(text)
    found = read_bvh_poses(tmp_path / "a.bvh")
    np.testing.assert_allclose(positions(found)[:, :10], positions(known_poses(5))[:, :10], atol=5 * MM)
    assert not found[:, 15].any()


def test_read_bvh_poses_unnamed_pelvis_is_found_between_the_legs(tmp_path: Path) -> None:
    (tmp_path / "a.bvh").write_text(write(known_poses(5), Style(CMU | {"pelvis": "CenterThing"})))
    np.testing.assert_allclose(positions(read_bvh_poses(tmp_path / "a.bvh")), positions(known_poses(5)), atol=5 * MM)


GOOD = write(known_poses(2), Style())
JOINT_LINE = "JOINT LeftUpLeg"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "HIERARCHY or MOTION is missing"),
        (GOOD[: len(GOOD) // 3], "HIERARCHY or MOTION is missing"),
        (GOOD[:-40], "numbers, but it holds"),
        (GOOD.replace("Frames: 2", "Frames: 1000000000"), "1000000000 frames of 75 channels are"),
        (GOOD.replace("Frames: 2", "Frames: -1"), "-1 frames"),
        (GOOD.replace("Frame Time: 0.0333333", "Frame Time: 0"), "frames of 0 s"),
        (GOOD.replace("Frame Time", "Time"), "Frames: and Frame Time:"),
        (GOOD.replace("CHANNELS 3", "CHANNELS 3000000", 1), "CHANNELS of LeftUpLeg"),
        (GOOD.replace("Zrotation", "Zspin", 1), "CHANNELS of Hips"),
        (GOOD.replace("OFFSET", "OFFSET nan", 1), "OFFSET needs three numbers"),
        (GOOD.replace("}", "", 1), "a brace is not closed"),
        (GOOD[:-8] + "nan\n", "is not finite|could not convert|holds"),
        (
            GOOD.replace("Left", "Aft"),
            r"no bone for left_hip, left_knee, left_shoulder, left_elbow; its bones are Hips, ",
        ),
    ],
)
def test_load_poses_damaged_or_non_human_bvh_raises(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.bvh"
    path.write_text(text)
    with pytest.raises(PoseError, match=message) as error:
        load_poses([path])
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_read_bvh_poses_degenerate_rest_pose_raises(tmp_path: Path) -> None:
    flat = replace(Style(), scale=0.0)
    (tmp_path / "a.bvh").write_text(write(known_poses(2), flat))
    with pytest.raises(PoseError, match="lie on a line at rest"):
        read_bvh_poses(tmp_path / "a.bvh")
