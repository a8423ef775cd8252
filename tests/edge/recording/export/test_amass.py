"""Exported .npz files: the trainer's reader gets the same rotations, and SMPL's formula the same joints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.errors import OutputError
from edge.recording.export.amass import amass_arrays, write_amass
from edge.recording.export.scene import Y_UP_OF_Z_UP
from edge.types import BodyModel
from engines.body.body import open_body
from engines.training.poses.files import load_poses
from meshcast.protocol.rotations import rotmat, rotvec
from tests.support.exports import body as small_body
from tests.support.people import open_body_model, walker


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return open_body_model()


def matrices(quaternions: np.ndarray) -> np.ndarray:
    x, y, z, w = np.moveaxis(quaternions.astype(np.float64), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, -1) for row in rows], -2)


@pytest.mark.parametrize("level", [True, False])
def test_amass_file_is_read_by_the_trainer_with_equal_rotations(tmp_path: Path, body: BodyModel, level: bool) -> None:
    person = walker(body)
    write_amass(tmp_path / "a.npz", person, level=level)
    poses = load_poses([tmp_path / "a.npz"])
    assert poses.pose.shape == (40, 24, 3)
    assert np.abs(rotmat(poses.pose) - matrices(person.quaternions)).max() < 1e-5


def test_amass_arrays_pose_the_body_by_smpls_formula(body: BodyModel) -> None:
    """Vertices of SMPL: skinned about the rest pose of the shape, plus trans; z is up."""
    person = walker(body, frames=3)
    arrays = amass_arrays(person, level=True)
    rotations = rotmat(arrays["poses"].reshape(3, 24, 3))
    _, joints = open_body().skin(rotations, np.tile(arrays["betas"], (3, 1)))
    pelvis = (joints + arrays["trans"][:, None])[:, 0]
    assert np.abs(pelvis @ Y_UP_OF_Z_UP.T - person.translation).max() < 1e-5
    head = body.joint_names.index("head")
    assert ((joints[:, head] - joints[:, 0])[:, 2] > 0.3).all()


def test_amass_arrays_describe_themselves(body: BodyModel) -> None:
    person = replace(walker(body, fps=25.0), seen=((0.0, 0.5), (1.0, np.inf)))
    arrays = amass_arrays(person, level=False)
    assert arrays["poses"].shape == (40, 72)
    assert float(arrays["mocap_framerate"]) == pytest.approx(25)
    assert str(arrays["gender"]) == "neutral"
    assert str(arrays["body_model"]) == "open_smpl_body"
    assert "only if body_model is one: open_smpl_body has" in str(arrays["note"])
    assert "gravity and floor are unknown" in str(arrays["coordinates"])
    assert not arrays["gravity_aligned"]
    assert "floor at z = 0" in str(amass_arrays(person, level=True)["coordinates"])
    assert arrays["visible"].tolist() == [not 0.499 < t < 0.999 for t in np.arange(40) / 25]


def test_amass_uneven_frames_are_resampled(body: BodyModel) -> None:
    person = walker(body, frames=61)
    kept = np.r_[0:20, 25:61]
    thinned = replace(
        person,
        times=person.times[kept],
        quaternions=person.quaternions[kept],
        translation=person.translation[kept],
    )
    whole, resampled = amass_arrays(person, level=True), amass_arrays(thinned, level=True)
    assert resampled["poses"].shape == whole["poses"].shape
    assert np.abs(resampled["trans"] - whole["trans"]).max() < 0.01
    turned = rotvec(rotmat(resampled["poses"].reshape(-1, 3)).swapaxes(1, 2) @ rotmat(whole["poses"].reshape(-1, 3)))
    assert np.linalg.norm(turned, axis=1).max() < 0.1


def test_amass_other_skeleton_is_refused_without_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.npz: body model small has 6 joints; .* use \.glb"):
        write_amass(tmp_path / "a.npz", walker(small_body()), level=True)
    assert not list(tmp_path.iterdir())
