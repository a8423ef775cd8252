"""Model files of the SMPL family: SMPL, SMPL-H, SMPL-X and MANO, as pickles (with chumpy arrays too) or `.npz`."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.body.body import FAMILIES, REQUIRED, SURFACE, Body, SurfaceBody, body_from_arrays
from engines.errors import ModelError
from engines.files.atomic import write_atomically
from engines.files.memory_budget import MemoryBudget, current_budget
from engines.files.npz import open_npz
from engines.files.regular_file import open_file
from engines.files.restricted_pickle import as_array, load_pickle
from engines.joint_sets import SMPL24

OPTIONAL = ("posedirs", "vt", "ft", "lod_vertices", "lod_faces")
WHAT = "body model file"


def _hand(side: str) -> tuple[str, ...]:
    fingers = ("index", "middle", "pinky", "ring", "thumb")
    return tuple(f"{side}{finger}{segment}" for finger in fingers for segment in (1, 2, 3))


_BODY22 = SMPL24.joint_names[:22]
_HANDS = (*_hand("left_"), *_hand("right_"))
JOINT_NAMES = {
    "mano": ("wrist", *_hand("")),
    "smpl": SMPL24.joint_names,
    "smplh": (*_BODY22, *_HANDS),
    "smplx": (*_BODY22, "jaw", "left_eye", "right_eye", *_HANDS),
}


def read_body(
    path: str | Path, betas: int | None = 10, expressions: int | None = 10, budget: MemoryBudget | None = None
) -> Body:
    """The body in a model file of the SMPL family; identified by its number of joints.

    betas, expressions: how many directions of the shape and (SMPL-X only) of the face to keep, at most; None keeps all.
    budget: None takes the job's. No code of the file is executed. Raises ModelError when it is damaged,
    something else, or an array does not fit.
    """
    with open_file(path) as file:
        read = _from_npz if zipfile.is_zipfile(file) else _from_pickle
    arrays = read(Path(path), budget or current_budget())
    joints = arrays["kintree_table"].shape[-1] if arrays["kintree_table"].ndim else 0
    if joints not in FAMILIES:
        known = ", ".join(f"{count} ({family})" for count, family in FAMILIES.items())
        raise ModelError(f"{path}: kintree_table has {joints} joints; expected one of {known}")
    names = np.array(JOINT_NAMES[FAMILIES[joints]])
    body = body_from_arrays(path, {**arrays, "joint_names": names})
    dirs = body.shape_dirs
    first, last = _direction_counts(dirs.shape[2]) if body.family == "smplx" else (dirs.shape[2], 0)
    shape = dirs[:, :, :first][:, :, :betas]
    face = dirs[:, :, first : first + last][:, :, :expressions]
    return replace(body, shape_dirs=np.concatenate([shape, face], 2), expressions=face.shape[2])


def save_body(body: Body, path: str | Path) -> None:
    """Writes a body for load_body, atomically. Raises ModelError when it cannot be written."""
    try:
        write_atomically(Path(path), body_bytes(body))
    except OSError as reason:
        raise ModelError(f"{path}: cannot be written: {reason.strerror or reason}") from None


def body_bytes(body: Body) -> bytes:
    """The `.npz` file that load_body reads: uncompressed, no pickles, and the same bytes for the same body."""
    arrays: dict[str, Any] = {
        "v_template": body.v_template,
        "shapedirs": body.shape_dirs,
        "weights": body.weights,
        "J_regressor": body.joint_regressor,
        "kintree_table": np.stack([body.parents, np.arange(len(body.parents), dtype=np.int32)]),
        "f": body.faces,
        "joint_names": np.array(body.joint_names),
        "expressions": np.array(body.expressions),
    }
    if body.pose_dirs is not None:
        arrays["posedirs"] = body.pose_dirs
    if body.uv is not None:
        arrays |= {"vt": body.uv.coordinates, "ft": body.uv.faces}
    if body.lod is not None:
        arrays |= {"lod_vertices": body.lod.vertices, "lod_faces": body.lod.faces}
    if isinstance(body, SurfaceBody):
        landmarks = (body.coco_regressor, body.feet_regressor, body.mirror, body.coco_names, body.feet_names)
        arrays |= {key: np.array(value) for key, value in zip(SURFACE, landmarks, strict=True)}
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _direction_counts(directions: int) -> tuple[int, int]:
    """The numbers of betas and expressions among the directions of SMPL-X, for the two published layouts."""
    return (300, 100) if directions >= 400 else (min(directions, 10), min(max(directions - 10, 0), 10))


def _from_pickle(path: Path, budget: MemoryBudget) -> dict[str, NDArray[Any]]:
    held = load_pickle(path, WHAT, budget)
    if not isinstance(held, dict):
        raise ModelError(f"{path}: not a {WHAT}: it holds a {type(held).__name__} instead of a dict of arrays")
    keys = _present(path, held)
    return {key: as_array(held[key], f"{path}: {key}", budget) for key in keys}


def _from_npz(path: Path, budget: MemoryBudget) -> dict[str, NDArray[Any]]:
    """The arrays of a body. Other arrays of the file are ignored: published files have some with pickled objects."""
    with open_npz(path, f"a {WHAT}", budget=budget) as arrays:
        keys = _present(path, dict.fromkeys(arrays.names))
        return {key: arrays[key] for key in keys}


def _present(path: Path, held: dict[Any, Any]) -> list[str]:
    if missing := [key for key in REQUIRED if key not in held]:
        raise ModelError(f"{path}: not a {WHAT}: {missing[0]} is missing")
    return [key for key in (*REQUIRED, *OPTIONAL) if key in held]
