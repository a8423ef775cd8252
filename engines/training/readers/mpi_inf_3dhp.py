"""MPI-INF-3DHP (Mehta et al., 3DV 2017) in MATLAB files.

`S1/Seq1/annot.mat` of the training set: cells annot2 (28 joints in px) and annot3 (mm, camera axes) of each video; the
images are `imageFrames/video_0/frame_000001.jpg` and so on, as ffmpeg and SPIN extract them, and K is in
`camera.calibration`. `TS1/annot_data.mat` of the test set: 17 joints of the frames that valid_frame marks, and images
`imageSequence/img_000001.jpg`; it is in MATLAB's version 7.3, which the package h5py reads.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.files.regular_file import read_file
from engines.training.readers.people_list import NO_IMAGE, PeopleList, PersonEntry
from engines.training.sample import POINTS, SEEN, UNKNOWN, Sample

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

MARGIN = 1.3  # side of the crop over the longer side of the joints' box, which ends at the wrists
MM = 1e-3
LARGEST, LARGEST_TEXT = 1 << 31, 1 << 20  # bytes
V73 = b"MATLAB 7.3"
LIMBS = ("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")
# The joints that have a counterpart among POINTS, by their number: of the training set's 28, of the test set's 17.
TRAINING = {
    3: "h36m_torso",
    4: "h36m_pelvis",
    5: "h36m_neck",
    7: "h36m_head",
    **{9 + k: f"coco_left_{name}" for k, name in enumerate(LIMBS[0])},
    **{14 + k: f"coco_right_{name}" for k, name in enumerate(LIMBS[0])},
    **{18 + k: f"coco_left_{name}" for k, name in enumerate(LIMBS[1])},
    **{23 + k: f"coco_right_{name}" for k, name in enumerate(LIMBS[1])},
}
TEST = {
    0: "h36m_head",
    1: "h36m_neck",
    **{2 + k: f"coco_right_{name}" for k, name in enumerate(LIMBS[0])},
    **{5 + k: f"coco_left_{name}" for k, name in enumerate(LIMBS[0])},
    **{8 + k: f"coco_right_{name}" for k, name in enumerate(LIMBS[1])},
    **{11 + k: f"coco_left_{name}" for k, name in enumerate(LIMBS[1])},
    14: "h36m_pelvis",
    15: "h36m_torso",
}
JOINTS = {28: (TRAINING, 4), 17: (TEST, 14)}  # and the pelvis


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """The frames of a camera: images, joints (F, J, 2) px and (F, J, 3) mm in camera axes, and K (3, 3) or None."""

    files: list[Path]
    pixels: F32
    joints: F32
    K: F32 | None


def read_mpi_inf_3dhp(path: Path, images: Path | None, size: int) -> PeopleList:
    """The people of a sequence, in crops of `size` px around their joints.

    Args:
        path: `annot.mat` or `annot_data.mat`.
        images: the folder of the images; None for `imageFrames` or `imageSequence` beside the file.
        size: side of the crops, px.

    Raises:
        ModelError: In one line, with the array or folder that is missing or of another layout.
    """
    arrays = _arrays(path)
    for name in ("annot2", "annot3"):
        if name not in arrays:
            raise ModelError(f"{path}: not annotations of MPI-INF-3DHP: {name} is missing")
    if "valid_frame" in arrays:
        return PeopleList(_Entries([_test_video(path, images or path.parent / "imageSequence", arrays)]), size)
    cells = [arrays[name].ravel() for name in ("annot2", "annot3")]
    if any(cell.dtype != object for cell in cells) or len(cells[0]) != len(cells[1]):
        raise ModelError(f"{path}: annot2 and annot3: expected cells with an array for each video")
    folder = images or path.parent / "imageFrames"
    cameras = _calibration(path.with_name("camera.calibration"))
    videos = []
    for number, (pixels, joints) in enumerate(zip(*cells, strict=True)):
        place = folder / f"video_{number}"
        if not place.is_dir():
            continue
        frames = len(pixels) if isinstance(pixels, np.ndarray) and pixels.ndim == 2 else 0
        two = _joints(path, f"annot2[{number}]", pixels, (frames, 28, 2))
        three = _joints(path, f"annot3[{number}]", joints, (frames, 28, 3))
        first = 0 if (place / "frame_000000.jpg").exists() else 1
        files = [place / f"frame_{frame + first:06d}.jpg" for frame in range(frames)]
        videos.append(Video(files, two, three, cameras.get(number)))
    if not videos:
        raise ModelError(
            f"{folder}: holds no folder video_0 to video_{len(cells[0]) - 1}; extract the frames, as with "
            f"`ffmpeg -i video_0.avi video_0/frame_%06d.jpg`"
        )
    return PeopleList(_Entries(videos), size)


class _Entries(Sequence[PersonEntry]):
    """Entries of videos, made when they are read."""

    def __init__(self, videos: list[Video]) -> None:
        self._videos = videos
        self._ends = np.cumsum([len(video.files) for video in videos])

    def __len__(self) -> int:
        return int(self._ends[-1])

    @overload
    def __getitem__(self, number: int) -> PersonEntry: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[PersonEntry]: ...
    def __getitem__(self, number: int | slice) -> PersonEntry | Sequence[PersonEntry]:
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        which = int(np.searchsorted(self._ends, number, side="right"))
        video = self._videos[which]
        return _entry(video, number - int(self._ends[which]) + len(video.files))


def _entry(video: Video, frame: int) -> PersonEntry:
    pixels, joints = video.pixels[frame], video.joints[frame]
    names, pelvis = JOINTS[len(pixels)]
    source, target = list(names), [POINTS.index(name) for name in names.values()]
    known = np.isfinite(pixels).all(1) & np.isfinite(joints).all(1)
    points_2d, points_3d = np.zeros((len(POINTS), 3), np.float32), np.zeros((len(POINTS), 4), np.float32)
    points_2d[target, :2] = pixels[source]
    points_2d[target, 2] = np.where(known[source], SEEN, UNKNOWN)
    points_3d[target, :3] = (joints[source] - joints[pelvis]) * MM
    points_3d[target, 3] = known[source] & known[pelvis]
    box = pixels[known] if known.any() else np.zeros((1, 2), np.float32)
    low, high = box.min(0), box.max(0)
    center = (low + high) / 2
    side = MARGIN * max(float((high - low).max()), 1.0)
    annotations = Sample(
        image=NO_IMAGE,
        K=video.K,
        points_2d=points_2d,
        points_3d=points_3d,
        root=np.asarray(joints[pelvis] * MM, np.float32),
    )
    return PersonEntry(video.files[frame], (float(center[0]), float(center[1])), side, annotations)


def _test_video(path: Path, folder: Path, arrays: dict[str, NDArray[Any]]) -> Video:
    valid = arrays["valid_frame"].ravel()
    two = _joints(path, "annot2", arrays["annot2"], (len(valid), 17, 2))
    three = _joints(path, "annot3", arrays["annot3"], (len(valid), 17, 3))
    numbers = np.flatnonzero(valid)
    return Video(
        [folder / f"img_{number + 1:06d}.jpg" for number in numbers.tolist()], two[numbers], three[numbers], None
    )


def _joints(path: Path, name: str, array: Any, shape: tuple[int, int, int]) -> F32:
    """An array with the numbers of `shape`, however its last axes are divided."""
    size = int(np.prod(shape))
    given = np.asarray(array)
    if given.dtype.kind not in "fiu" or given.size != size or not given.size or len(given) != shape[0]:
        expected = " x ".join(map(str, shape))
        raise ModelError(f"{path}: {name}: {given.shape} {given.dtype}; expected {expected} numbers")
    return given.reshape(shape).astype(np.float32)


def _calibration(path: Path) -> dict[int, F32]:
    """K of each camera of a `camera.calibration`; empty where there is no such file."""
    if not path.exists():
        return {}
    cameras: dict[int, F32] = {}
    name = -1
    for line in read_file(path, ModelError, limit_bytes=LARGEST_TEXT).decode("utf-8", "replace").splitlines():
        key, *values = line.split() or [""]
        try:
            if key == "name":
                name = int(values[0])
            if key == "intrinsic":
                cameras[name] = np.array(values, np.float32).reshape(4, 4)[:3, :3]
        except (ValueError, IndexError):
            raise ModelError(f"{path}: {key} of camera {name}: of another layout; expected 16 numbers") from None
    return cameras


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    data = read_file(path, ModelError, limit_bytes=LARGEST)
    if data.startswith(V73):
        return _version_73(path, data)
    from scipy.io import loadmat

    try:
        return {name: array for name, array in loadmat(io.BytesIO(data)).items() if isinstance(array, np.ndarray)}
    except Exception as error:  # a damaged file can raise anything
        reason = " ".join(str(error).split())[:80]
        raise ModelError(f"{path}: not a MATLAB file ({reason})") from None


def _version_73(path: Path, data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a file of version 7.3, which is HDF5 with reversed axes; the test set has no cells."""
    if importlib.util.find_spec("h5py") is None:
        raise ModelError(f"{path}: a MATLAB file of version 7.3; install h5py, or save it in MATLAB with -v7")
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            kept = {name: entry for name, entry in file.items() if isinstance(entry, h5py.Dataset)}
            return {name: entry[()] for name, entry in kept.items() if name in ("annot2", "annot3", "valid_frame")}
    except Exception as error:  # a damaged file can raise anything
        reason = " ".join(str(error).split())[:80]
        raise ModelError(f"{path}: not a MATLAB file ({reason})") from None
