"""Training poses from own files, AMASS and folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from engines.training.poses import PoseError, load_poses
from engines.training.poses.sample import SAMPLE_FILE, sample_poses

RNG = np.random.default_rng(0)
FRAMES = 40


def pose(frames: int = FRAMES) -> np.ndarray:
    made = np.random.default_rng(1).normal(0, 0.2, (frames, 24, 3)).astype(np.float32)
    made[:, 0] = [0.0, 1.0, 0.0]  # upright, turned
    return made


def own(path: Path, **changed: Any) -> Path:
    arrays = {
        "pose": pose().astype(np.float16),
        "source": np.arange(FRAMES) % 2,
        "source_names": np.array(["mocap", "mine (procedural)"]),
        "clip": np.arange(FRAMES) // 10,
        "test": np.arange(FRAMES) % 10 == 0,
    }
    arrays |= changed
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


def amass(path: Path, columns: int = 156, rate: float | None = 30.0, **changed: Any) -> Path:
    """A clip in AMASS's layout and its Z-up world."""
    poses = np.zeros((FRAMES, columns))
    poses[:, :72] = pose().reshape(FRAMES, 72)[:, : min(columns, 72)]
    poses[:, :3] = (Rotation.from_euler("x", 90, degrees=True) * Rotation.from_rotvec(poses[:, :3])).as_rotvec()
    arrays = {"poses": poses, "trans": np.zeros((FRAMES, 3)), "betas": np.zeros(16), "gender": np.array("female")}
    arrays |= {"mocap_framerate": np.array(rate)} if rate is not None else {}
    arrays |= changed
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


def test_load_poses_own_file_keeps_sources_and_split(tmp_path: Path) -> None:
    found = load_poses([own(tmp_path / "a.npz")])
    np.testing.assert_allclose(found.pose, pose(), atol=1e-3)
    assert found.test.sum() == 4
    assert found.counts() == {"mocap": 20, "mine (procedural)": 20}
    assert (found.rate_hz == 30).all()


@pytest.mark.parametrize("rate", [0.0, -1.0, np.nan, 1e6, [30.0, 30.0]])
def test_own_file_with_a_rate_that_is_none_is_refused(tmp_path: Path, rate: object) -> None:
    with pytest.raises(PoseError, match="expected poses a second"):
        load_poses([own(tmp_path / "a.npz", rate=np.array(rate))])


def test_own_file_with_a_rate_keeps_it(tmp_path: Path) -> None:
    assert (load_poses([own(tmp_path / "a.npz", rate=np.float32(12))]).rate_hz == 12).all()


def test_load_poses_own_file_without_split_is_split(tmp_path: Path) -> None:
    found = load_poses([own(tmp_path / "a.npz", source=None, source_names=None, clip=None, test=None)])
    assert (len(found), found.test.sum()) == (40, 4)
    assert found.source_names == (tmp_path.name,)


@pytest.mark.parametrize("columns", [66, 156, 165])
def test_load_poses_amass_file_becomes_y_up(tmp_path: Path, columns: int) -> None:
    found = load_poses([amass(tmp_path / "walk_poses.npz", columns)])
    np.testing.assert_allclose(found.pose[:, :22], pose()[:, :22], atol=1e-5)
    assert not found.pose[:, 22:].any()  # AMASS has fingers there


def test_load_poses_amass_pickled_arrays_are_skipped(tmp_path: Path) -> None:
    """As the SMPL-X release has; what is pickled could run code when it is loaded."""
    plain = load_poses([amass(tmp_path / "a.npz")])
    found = load_poses([amass(tmp_path / "b.npz", marker_meta=np.array({"a": 1}, dtype=object))])
    np.testing.assert_array_equal(found.pose, plain.pose)


def test_load_poses_amass_smpl_file_keeps_hands(tmp_path: Path) -> None:
    found = load_poses([amass(tmp_path / "a.npz", 72)])
    np.testing.assert_allclose(found.pose, pose(), atol=1e-5)


def test_load_poses_amass_smplx_parts_are_joined(tmp_path: Path) -> None:
    whole = load_poses([amass(tmp_path / "a.npz", 165)])
    with np.load(tmp_path / "a.npz") as arrays:
        flat = arrays["poses"]
    parts = {"poses": None, "root_orient": flat[:, :3], "pose_body": flat[:, 3:66], "mocap_framerate": None}
    found = load_poses([amass(tmp_path / "b.npz", 165, **parts, mocap_frame_rate=np.array(30))])
    np.testing.assert_array_equal(found.pose, whole.pose)


def test_load_poses_amass_y_up_file_is_detected(tmp_path: Path) -> None:
    found = load_poses([amass(tmp_path / "a.npz", poses=pose()[:, :22].reshape(FRAMES, -1))])
    np.testing.assert_allclose(found.pose[:, :22], pose()[:, :22], atol=1e-5)


@pytest.mark.parametrize(("rate", "frames"), [(120.0, 10), (60.0, 20), (30.0, 40), (25.0, 40), (None, 40)])
def test_load_poses_amass_high_frame_rate_is_subsampled(tmp_path: Path, rate: float | None, frames: int) -> None:
    assert len(load_poses([amass(tmp_path / "a.npz", rate=rate)])) == frames


def test_load_poses_folder_is_searched_recursively_and_other_files_skipped(tmp_path: Path) -> None:
    for index in range(10):
        folder = tmp_path / "amass" / ("CMU" if index % 2 else "KIT") / f"{index:02}"
        folder.mkdir(parents=True)
        amass(folder / "walk_poses.npz")
    np.savez(tmp_path / "amass" / "CMU" / "shape.npz", betas=np.zeros(16))
    (tmp_path / "amass" / "CMU" / "broken.npz").write_bytes(b"PK\x03\x04")
    (tmp_path / "amass" / "LICENSE.txt").write_text("...")
    said: list[str] = []
    found = load_poses([tmp_path / "amass"], said.append)
    assert found.counts() == {"amass/CMU": 200, "amass/KIT": 200}
    assert found.test.sum() == FRAMES  # one clip of ten, whole
    assert len(set(found.clip[found.test])) == 1
    assert sorted(line.split(": ")[0] for line in said) == ["skipped"] * 2
    assert any("shape.npz: not a pose file" in line for line in said)


def test_load_poses_several_paths_are_concatenated(tmp_path: Path) -> None:
    found = load_poses([own(tmp_path / "a.npz"), amass(tmp_path / "b.npz"), "sample"])
    assert len(found) == 40 + 40 + len(sample_poses()["pose"])
    assert len(found.source_names) == 4
    assert found.clip.max() == 4 + 100 + 1 - 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pose": np.zeros((40, 22, 3))}, r"pose is \(40, 22, 3\) float64; expected numbers \(M, 24, 3\)"),
        ({"pose": np.zeros((0, 24, 3))}, r"pose is \(0, 24, 3\)"),
        ({"pose": np.array(["a"])}, r"pose is \(1,\) <U1"),
        ({"pose": np.where(np.arange(40)[:, None, None] == 7, np.nan, pose())}, "pose 7 is not a rotation vector"),
        ({"pose": pose() * 1000}, "pose 0 is not a rotation vector in radians"),
        ({"clip": np.zeros(3, int)}, r"clip is \(3,\) int64; expected 40 integers"),
        ({"source": np.full(40, 9)}, "source 9 has no name; source_names has 2"),
        ({"source": np.full(40, -1)}, "source is"),
        ({"test": np.ones(40, bool)}, "the poses cannot be split: of 40 all are held out"),
        ({"test": np.zeros(40, bool)}, "none is held out"),
        ({"pose": None}, "not a pose file: it holds neither pose"),
    ],
)
def test_load_poses_invalid_own_file_raises(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(PoseError, match=message) as error:
        load_poses([own(tmp_path / "a.npz", **changed)])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"poses": np.zeros((40, 63))}, "poses has 63 columns"),
        ({"poses": np.zeros((40, 157))}, "poses has 157 columns"),
        ({"poses": np.zeros(40)}, r"poses is \(40,\) float64"),
        ({"poses": np.full((40, 156), np.inf)}, "sampled frame 0 is not finite"),
        ({"mocap_framerate": np.array(0.0)}, "the frame rate '0.0' is not a positive number"),
        ({"mocap_framerate": np.array("fast")}, "the frame rate 'fast' is not"),
    ],
)
def test_load_poses_invalid_amass_file_raises(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(PoseError, match=message):
        load_poses([amass(tmp_path / "a.npz", **changed)])


def test_load_poses_path_without_poses_raises(tmp_path: Path) -> None:
    with pytest.raises(PoseError, match='no such file or folder; "sample" names the bundled poses'):
        load_poses([tmp_path / "samples"])
    with pytest.raises(PoseError, match=r"it holds no .npz and no .bvh file"):
        load_poses([tmp_path])
    (tmp_path / "a.npz").write_text("no")
    with pytest.raises(PoseError, match=r"a.npz: not a pose file: it is not an .npz file"):
        load_poses([tmp_path / "a.npz"])
    with pytest.raises(PoseError, match=r"none of its 1 .npz and .bvh files holds poses; the first one is .*a.npz"):
        load_poses([tmp_path])


def test_sample_poses_equal_the_bundled_file() -> None:
    """The first clips, within the rounding of other processors and NumPy releases."""
    made = sample_poses(8)
    with np.load(SAMPLE_FILE) as shipped:
        for key in ("pose", "source", "clip", "test"):
            np.testing.assert_allclose(shipped[key][: len(made[key])], made[key], atol=4e-3)
        assert (len(shipped["pose"]), shipped["clip"].max()) == (4800, 99)
    assert SAMPLE_FILE.stat().st_size < 1_000_000


def test_load_poses_sample_is_upright_with_plausible_joint_angles() -> None:
    found = load_poses(["sample"])
    up = Rotation.from_rotvec(found.pose[:, 0]).as_matrix()[:, 1, 1]
    assert up.min() > 0.3
    wander = 0.45
    assert found.pose[:, [4, 5], 0].min() > -wander  # knees
    assert found.pose[:, 18, 1].max() < wander  # left elbow
    assert found.pose[:, 19, 1].min() > -wander


def test_sample_with_a_count_generates_as_many_clips() -> None:
    found = load_poses(["sample:12"])
    assert len(np.unique(found.clip)) == 12
    assert (found.rate_hz == 12).all()


@pytest.mark.parametrize("count", ["x", "-5", "3", "1e9", "99999999999"])
def test_sample_with_a_wrong_count_is_refused(count: str) -> None:
    with pytest.raises(PoseError, match=f"sample:{count}: the number of clips must be from 10"):
        load_poses([f"sample:{count}"])
