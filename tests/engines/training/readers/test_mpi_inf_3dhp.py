"""MPI-INF-3DHP's MATLAB files, made from rendered people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from engines.body.body import open_body
from engines.errors import ModelError
from engines.training.mixture import BrokenSampleError
from engines.training.readers.annotation_list import read_list
from engines.training.readers.mpi_inf_3dhp import JOINTS
from engines.training.sample import H36M, POINTS, SEEN, UNKNOWN
from tests.support.rendered import rendered_people

BODY = open_body()
SIZE = 64
NAMED = [POINTS.index(name) for name in JOINTS[28][0].values()]


def joints(count: int, places: int) -> tuple[np.ndarray, np.ndarray]:
    """Joints (F, J, 2) px and (F, J, 3) mm in camera axes of rendered people; those without a counterpart are 0."""
    pixels, millimeters = np.zeros((count, places, 2)), np.zeros((count, places, 3))
    names, _ = JOINTS[places]
    for frame in range(count):
        person = rendered_people(size=SIZE)[frame]
        for place, name in names.items():
            pixels[frame, place] = person.points_2d[POINTS.index(name), :2]
            millimeters[frame, place] = 1e3 * (person.points_3d[POINTS.index(name), :3] + person.root)
    return pixels, millimeters


def cells(values: list[np.ndarray]) -> np.ndarray:
    made = np.empty((len(values), 1), object)
    made[:, 0] = values
    return made


def arrays(frames: int = 2) -> dict[str, Any]:
    pixels, millimeters = joints(frames, 28)
    return {
        "annot2": cells([np.zeros((frames, 56)), pixels.reshape(frames, 56)]),
        "annot3": cells([np.zeros((frames, 84)), millimeters.reshape(frames, 84)]),
    }


def images(folder: Path, pattern: str, first: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(2):
        cv2.imwrite(str(folder / pattern.format(frame + first)), rendered_people(size=SIZE)[frame].image[..., ::-1])


def written(folder: Path, content: dict[str, Any], first: int = 1) -> Path:
    images(folder / "imageFrames" / "video_1", "frame_{:06d}.jpg", first)
    path = folder / "annot.mat"
    savemat(path, content)
    return path


@pytest.mark.parametrize("first", [0, 1])
def test_3dhp_training_sequence_has_the_videos_with_images(tmp_path: Path, first: int) -> None:
    K = rendered_people(size=SIZE)[1].K
    rows = np.eye(4, dtype=np.float32)
    rows[:3, :3] = K
    numbers = " ".join(map(str, rows.ravel().tolist()))
    (tmp_path / "camera.calibration").write_text(f"Skeleton\nname 1\n  sensor 10 10\n  intrinsic {numbers}\n")
    people = read_list(written(tmp_path, arrays(), first), None, BODY, SIZE)
    assert len(people) == 2
    sample, true = people[1], rendered_people(size=SIZE)[1]
    pelvis = true.points_3d[H36M.start, :3]
    np.testing.assert_allclose(sample.points_3d[NAMED, :3], true.points_3d[NAMED, :3] - pelvis, atol=1e-5)
    assert sample.points_3d[NAMED, 3].all()
    assert sample.points_3d[:, 3].sum() == len(NAMED)
    np.testing.assert_allclose(sample.root, true.root + pelvis, atol=1e-5)
    # K follows the crop: it projects the joints to where they are in it.
    camera = (sample.points_3d[NAMED, :3] + sample.root) @ sample.K.T
    np.testing.assert_allclose(camera[:, :2] / camera[:, 2:], sample.points_2d[NAMED, :2], atol=0.02)
    assert (sample.points_2d[NAMED, 2] == SEEN).all()
    assert (sample.points_2d[NAMED, :2] > -1).all()
    assert (sample.points_2d[NAMED, :2] < SIZE).all()


def test_3dhp_joint_that_is_not_finite_is_unknown(tmp_path: Path) -> None:
    content = arrays()
    content["annot3"][1, 0][0, 3 * 9] = np.nan  # the left shoulder
    sample = read_list(written(tmp_path, content), None, BODY, SIZE)[0]
    shoulder = POINTS.index("coco_left_shoulder")
    assert (sample.points_2d[shoulder, 2], sample.points_3d[shoulder, 3]) == (UNKNOWN, 0)
    assert sample.points_3d[:, 3].sum() == len(NAMED) - 1


def test_3dhp_test_sequence_of_version_73_has_the_valid_frames(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    pixels, millimeters = joints(2, 17)
    images(tmp_path / "imageSequence", "img_{:06d}.jpg", 1)
    path = tmp_path / "annot_data.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["annot2"], file["annot3"] = pixels[:, None], millimeters[:, None]
        file["valid_frame"] = np.array([[0.0], [1.0]])
    data = path.read_bytes()
    path.write_bytes(b"MATLAB 7.3 MAT-file, made for a test".ljust(512) + data[512:])
    people = read_list(path, None, BODY, SIZE)
    assert len(people) == 1
    true = rendered_people(size=SIZE)[1]
    expected = true.points_3d[NAMED, :3] - true.points_3d[H36M.start, :3]
    np.testing.assert_allclose(people[0].points_3d[NAMED, :3], expected, atol=1e-5)


def test_3dhp_version_73_without_its_reader_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "annot_data.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(512))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"version 7\.3; install h5py, or save it in MATLAB with -v7"):
        read_list(path, None, BODY, SIZE)


def changed(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in (arrays() | values).items() if value is not None}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (changed(annot3=None), "annot3 is missing"),
        (changed(annot2=np.zeros((2, 56))), "expected cells with an array for each video"),
        (changed(annot3=cells([np.zeros((2, 84))])), "expected cells with an array for each video"),
        (
            changed(annot2=cells([np.zeros((2, 56)), np.zeros((2, 34))])),
            r"annot2\[1\]: \(2, 34\) float64; expected 2 x 28 x 2",
        ),
        (
            changed(annot3=cells([np.zeros((2, 84)), np.zeros((1, 84))])),
            r"annot3\[1\]: \(1, 84\) .*expected 2 x 28 x 3",
        ),
        (changed(annot2=cells([np.zeros((2, 56)), "text"])), r"annot2\[1\]: .*expected"),
        (changed(valid_frame=np.ones((2, 1))), "annot2: .*expected 2 x 17 x 2"),
    ],
)
def test_3dhp_file_that_is_odd_is_one_line(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ModelError, match=message) as raised:
        read_list(path, None, BODY, SIZE)
    assert "\n" not in str(raised.value)


def test_3dhp_without_images_calibration_or_matlab_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "annot.mat"
    savemat(path, arrays())
    with pytest.raises(ModelError, match="holds no folder video_0 to video_1; extract the frames"):
        read_list(path, None, BODY, SIZE)
    (tmp_path / "camera.calibration").write_text("name 0\n intrinsic 1 2 3\n")
    with pytest.raises(ModelError, match=r"camera\.calibration: intrinsic of camera 0: of another layout"):
        read_list(path, None, BODY, SIZE)
    path.write_bytes(b"not MATLAB")
    with pytest.raises(ModelError, match="not a MATLAB file"):
        read_list(path, None, BODY, SIZE)


def test_3dhp_image_that_is_missing_is_one_broken_sample(tmp_path: Path) -> None:
    people = read_list(written(tmp_path, arrays()), None, BODY, SIZE)
    next((tmp_path / "imageFrames" / "video_1").glob("*2.jpg")).unlink()
    with pytest.raises(BrokenSampleError, match="frame_000002"):
        people[1]
