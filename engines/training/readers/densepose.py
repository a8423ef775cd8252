"""COCO-DensePose (Guler et al., CVPR 2018): dense keypoints of people, beside COCO's keypoints in the same file.

An annotation has `dp_x` and `dp_y`, 0 to 255 over its box, and `dp_I`, `dp_U`, `dp_V` of each dense point. The charts
I, U, V of SMPL's mesh are DensePose's file UV_Processed.mat, or an `.npz` with the same arrays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.dense_correspondence import SurfaceIndex
from engines.body.select import is_bundled_body
from engines.errors import ModelError
from engines.files.npz import read_npz
from engines.files.regular_file import read_file
from engines.training.sample import MOST_DENSE

F32 = NDArray[np.float32]
BOX = 255.0  # of dp_x and dp_y
CHARTS = 24
ARRAYS = ("All_Faces", "All_FaceIndices", "All_U_norm", "All_V_norm", "All_vertices")
POINT_KEYS = ("dp_x", "dp_y", "dp_I", "dp_U", "dp_V")
LARGEST = 1 << 27  # bytes


def read_charts(path: Path, body: Body) -> SurfaceIndex:
    """DensePose's charts of a body with SMPL's mesh. Raises ModelError, in one line, with the array that is wrong."""
    if is_bundled_body(body):
        raise ModelError(f'{path}: charts belong to the mesh of SMPL; name an SMPL body file (body = "smpl.npz")')
    arrays = _arrays(path)
    for name in ARRAYS:
        if name not in arrays:
            raise ModelError(f"{path}: not DensePose's charts: {name} is missing")
        if arrays[name].dtype.kind not in "fiu" or not np.isfinite(arrays[name]).all():
            raise ModelError(f"{path}: {name}: {arrays[name].dtype}; expected finite numbers")
    faces = arrays["All_Faces"].astype(np.int64) - 1  # counted from 1
    part, u, v, vertices = (arrays[name].ravel() for name in ARRAYS[1:])
    vertices = vertices.astype(np.int64) - 1
    if faces.ndim != 2 or faces.shape[1] != 3 or not len(faces):
        raise ModelError(f"{path}: All_Faces: {arrays['All_Faces'].shape}; expected (F, 3)")
    for name, array, count in (
        ("All_FaceIndices", part, len(faces)),
        ("All_U_norm", u, len(vertices)),
        ("All_V_norm", v, len(vertices)),
    ):
        if len(array) != count:
            raise ModelError(f"{path}: {name}: {len(array)} numbers; expected {count}")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ModelError(f"{path}: All_Faces: names points that All_vertices, of {len(vertices)}, does not have")
    if vertices.min() < 0 or vertices.max() >= len(body.v_template):
        raise ModelError(f"{path}: All_vertices: does not fit a body of {len(body.v_template)} vertices")
    return SurfaceIndex(np.column_stack([u, v]).astype(np.float32), faces, vertices[faces], part.astype(np.int64))


def dense_points(where: str, person: dict[str, Any], box: F32, charts: SurfaceIndex) -> F32 | None:
    """The dense keypoints (D, 8) of an annotation, as in Sample.dense; None without any.

    Raises ModelError, in one line, when the lists do not fit.
    """
    if not all(key in person for key in POINT_KEYS):
        return None
    lists: list[NDArray[np.float64]] = []
    for key in POINT_KEYS:
        try:
            values = np.asarray(person[key], np.float64)
        except (TypeError, ValueError):
            values = np.zeros((0, 0))
        if values.ndim != 1 or (lists and len(values) != len(lists[0])):
            raise ModelError(f"{where}.{key}: expected as many numbers as {POINT_KEYS[0]} has")
        lists.append(values)
    rows = np.column_stack(lists)
    rows = rows[np.isfinite(rows).all(1) & (rows[:, 2] >= 1) & (rows[:, 2] <= CHARTS)][:MOST_DENSE]
    found = charts(rows[:, 2].astype(np.int64), rows[:, 3:])
    xy = box[:2] + rows[:, :2] / BOX * box[2:]
    points = np.column_stack([xy, found.vertices, found.weights]).astype(np.float32)[found.found]
    return points if len(points) else None


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    if path.suffix.lower() == ".npz":
        return dict(read_npz(path, "DensePose's charts", only=ARRAYS))
    import io

    from scipy.io import loadmat

    data = read_file(path, ModelError, limit_bytes=LARGEST)
    try:
        return {name: array for name, array in loadmat(io.BytesIO(data)).items() if isinstance(array, np.ndarray)}
    except Exception as error:  # a damaged file can raise anything
        reason = " ".join(str(error).split())[:80]
        raise ModelError(f"{path}: not a MATLAB file ({reason})") from None
