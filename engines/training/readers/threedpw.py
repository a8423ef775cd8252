"""Sequences of 3DPW (von Marcard et al., ECCV 2018): `sequenceFiles/*/NAME.pkl`, read without executing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.select import is_bundled_body
from engines.errors import ModelError
from engines.files.restricted_pickle import as_array, load_pickle
from engines.training.readers.people_list import NO_IMAGE, PeopleList, PersonEntry
from engines.training.sample import PELVIS, POINTS, SEEN, SMPL, Sample
from meshcast.protocol.rotations import rotmat

F64 = NDArray[np.float64]
MARGIN = 1.2  # side of the crop over the longer side of the projected joints' box
JOINTS = 24
NEAR_M = 0.1  # people nearer than this, or behind the camera, are left out


def read_3dpw(path: Path, images: Path, body: Body, size: int) -> PeopleList:
    """The people of a sequence in the frames whose camera is valid, in crops of `size` px.

    Args:
        path: the sequence's `.pkl`.
        images: the folder `imageFiles`, which holds NAME/image_00000.jpg and so on.
        body: the body that poses and shapes belong to. The bundled body does not have SMPL's shape directions: with it
            shapes and vertices are left out.
        size: side of the crops, px.

    Raises:
        ModelError: In one line, with the entry that is missing or of another layout.
    """
    table = load_pickle(path, "sequence of 3DPW")
    if not isinstance(table, dict):
        raise ModelError(f"{path}: not a sequence of 3DPW: a dictionary is expected")
    table = {_text(key): value for key, value in table.items()}
    name = _text(table.get("sequence", path.stem))
    K = _array(path, table, "cam_intrinsics", (3, 3))
    cameras = _array(path, table, "cam_poses", (None, 4, 4))
    frames = len(cameras)
    entries: list[PersonEntry] = []
    for person in range(_people(path, table)):
        poses = _array(path, table, "poses", (frames, 3 * JOINTS), person)
        joints = _array(path, table, "jointPositions", (frames, 3 * JOINTS), person).reshape(frames, JOINTS, 3)
        valid = _array(path, table, "campose_valid", (frames,), person)
        shape = _array(path, table, "betas", (None,), person)[:10]
        for frame in np.flatnonzero(valid).tolist():
            file = images / name / f"image_{frame:05d}.jpg"
            entry = _entry(file, K, cameras[frame], poses[frame], joints[frame], shape, body)
            if entry is not None:
                entries.append(entry)
    return PeopleList(entries, size)


def _entry(
    file: Path, K: F64, T_camera_world: F64, pose: F64, joints_world: F64, shape: F64, body: Body
) -> PersonEntry | None:
    R, t = T_camera_world[:3, :3], T_camera_world[:3, 3]
    joints = joints_world @ R.T + t
    if not (np.isfinite(joints).all() and joints[:, 2].min() > NEAR_M):
        return None
    pixels = joints / joints[:, 2:] @ K.T
    low, high = pixels[:, :2].min(0), pixels[:, :2].max(0)
    points_2d = np.zeros((len(POINTS), 3), np.float32)
    points_2d[SMPL] = np.column_stack([pixels[:, :2], np.full(JOINTS, SEEN)])
    points_3d = np.zeros((len(POINTS), 4), np.float32)
    points_3d[SMPL] = np.column_stack([joints - joints[PELVIS], np.ones(JOINTS)])
    rotations = rotmat(pose.reshape(JOINTS, 3))
    rotations[0] = (R @ rotations[0]).astype(np.float32)
    fields: dict[str, Any] = {
        "K": K.astype(np.float32),
        "points_2d": points_2d,
        "points_3d": points_3d,
        "rotations": rotations,
        "root": joints[PELVIS].astype(np.float32),
    }
    if not is_bundled_body(body) and len(shape) == 10:
        fields["shape"] = shape.astype(np.float32)
        vertices, posed = body.skin(rotations[None], fields["shape"][None])
        fields["vertices"] = vertices[0] - posed[0, 0]
    center = (low + high) / 2
    side = MARGIN * float((high - low).max())
    return PersonEntry(file, (float(center[0]), float(center[1])), side, Sample(image=NO_IMAGE, **fields))


def _people(path: Path, table: dict[str, Any]) -> int:
    poses = table.get("poses")
    if not isinstance(poses, list) or not poses:
        raise ModelError(f"{path}: poses: missing or empty; expected a list with one array for each person")
    return len(poses)


def _array(
    path: Path, table: dict[str, Any], key: str, shape: tuple[int | None, ...], person: int | None = None
) -> F64:
    """An array of the table, or of a person in a list of the table; None in the shape stands for any length."""
    where = key if person is None else f"{key}[{person}]"
    value = table.get(key)
    if person is not None:
        value = value[person] if isinstance(value, list) and person < len(value) else None
    if value is None:
        raise ModelError(f"{path}: not a sequence of 3DPW: {where} is missing")
    array = as_array(value, f"{path}: {where}")
    fits = array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    if not fits or array.dtype.kind not in "fiub":
        expected = ", ".join("N" if n is None else str(n) for n in shape)
        raise ModelError(f"{path}: {where}: {array.shape} {array.dtype}; expected numbers ({expected})")
    return np.asarray(array, np.float64)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
