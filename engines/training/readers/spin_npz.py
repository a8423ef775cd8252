"""Annotation lists in the layout of SPIN (Kolotouros et al., ICCV 2019), which EFT and the preprocessed Human3.6M,
MPI-INF-3DHP, UP-3D, LSP and MPII share: an `.npz` with one row for each person.

Arrays: imgname (N,), center (N, 2) px, scale (N,), the box's side over 200 px; optional part (N, 24, 3) px and
confidence, S (N, 24, 4) m and confidence, pose (N, 72), shape (N, 10), has_smpl (N,).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.select import is_bundled_body
from engines.errors import ModelError
from engines.files.npz import read_npz
from engines.training.readers.people_list import NO_IMAGE, PeopleList, PersonEntry
from engines.training.sample import POINTS, SEEN, UNKNOWN, Sample
from meshcast.protocol.rotations import rotmat

F32 = NDArray[np.float32]
BOX_PX = 200.0
FIELDS: dict[str, tuple[int, ...]] = {
    "center": (2,),
    "scale": (),
    "part": (24, 3),
    "S": (24, 4),
    "pose": (72,),
    "shape": (10,),
    "has_smpl": (),
}
REQUIRED = ("imgname", "center", "scale")
# SPIN's 24 joints by the names of POINTS; "" has no counterpart (neck and top of the head of LSP).
SPIN_24 = (
    *(f"coco_right_{name}" for name in ("ankle", "knee", "hip")),
    *(f"coco_left_{name}" for name in ("hip", "knee", "ankle")),
    *(f"coco_right_{name}" for name in ("wrist", "elbow", "shoulder")),
    *(f"coco_left_{name}" for name in ("shoulder", "elbow", "wrist")),
    "",
    "",
    *(f"h36m_{name}" for name in ("pelvis", "neck", "torso", "nose", "head")),
    *(f"coco_{name}" for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")),
)
FROM = np.array([k for k, name in enumerate(SPIN_24) if name])
TO = np.array([POINTS.index(name) for name in SPIN_24 if name])
HIPS = (2, 3)  # of SPIN's joints


def read_spin_npz(path: Path, images: Path, body: Body, size: int) -> PeopleList:
    """The people of a list, in crops of `size` px.

    Args:
        path: the `.npz`.
        images: the folder that the names of images are relative to.
        body: the body that pose and shape belong to. The bundled body does not have SMPL's shape directions: with it
            shapes and vertices are left out.
        size: side of the crops, px.

    Raises:
        ModelError: In one line, with the array that is missing or of another layout.
    """
    arrays = read_npz(path, "an annotation list", only=("imgname", *FIELDS))
    for name in REQUIRED:
        if name not in arrays:
            raise ModelError(f"{path}: not an annotation list: {name} is missing")
    names = arrays["imgname"]
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise ModelError(f"{path}: imgname: {names.shape} {names.dtype}; expected text (N,)")
    for name, shape in FIELDS.items():
        if name in arrays:
            _check(path, name, arrays[name], (len(names), *shape))
    return PeopleList([_entry(arrays, n, images, body) for n in range(len(names))], size)


def _check(path: Path, name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype.kind not in "fiub":
        expected = ", ".join(map(str, shape))
        raise ModelError(f"{path}: {name}: {array.shape} {array.dtype}; expected numbers ({expected})")
    if name == "scale" and not (array > 0).all():
        raise ModelError(f"{path}: scale: row {int((~(array > 0)).argmax())} is not positive")


def _entry(arrays: dict[str, NDArray[Any]], n: int, images: Path, body: Body) -> PersonEntry:
    raw = arrays["imgname"][n]
    name = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    fields: dict[str, Any] = {}
    if "part" in arrays:
        fields["points_2d"] = _points_2d(arrays["part"][n])
    if "S" in arrays:
        fields["points_3d"] = _points_3d(arrays["S"][n])
    has = bool(arrays["has_smpl"][n]) if "has_smpl" in arrays else True
    if "pose" in arrays and has:
        fields["rotations"] = rotmat(arrays["pose"][n].reshape(24, 3))
        if "shape" in arrays and not is_bundled_body(body):
            shape = arrays["shape"][n].astype(np.float32)
            vertices, joints = body.skin(fields["rotations"][None], shape[None])
            fields |= {"shape": shape, "vertices": vertices[0] - joints[0, 0]}
    center = arrays["center"][n]
    side = BOX_PX * float(arrays["scale"][n])
    return PersonEntry(images / name, (float(center[0]), float(center[1])), side, Sample(image=NO_IMAGE, **fields))


def _points_2d(part: NDArray[Any]) -> F32:
    points = np.zeros((len(POINTS), 3), np.float32)
    points[TO, :2] = part[FROM, :2]
    points[TO, 2] = np.where(part[FROM, 2] > 0, SEEN, UNKNOWN)
    return points


def _points_3d(joints: NDArray[Any]) -> F32:
    """Relative to the middle of the hips, which stands for the pelvis; unknown without hips."""
    points = np.zeros((len(POINTS), 4), np.float32)
    if (joints[list(HIPS), 3] > 0).all():
        points[TO, :3] = joints[FROM, :3] - joints[list(HIPS), :3].mean(0)
        points[TO, 3] = joints[FROM, 3] > 0
    return points
