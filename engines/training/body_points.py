"""The points of a sample (engines.training.sample.POINTS) as linear functions of a posed body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engines.body.body import ZOO, Body, SurfaceBody
from engines.body.select import is_bundled_body
from engines.errors import ModelError
from engines.files.npz import read_npz
from engines.joint_sets import COCO17, HUMAN36
from engines.training.sample import COCO, H36M, PELVIS, POINTS, SMPL

F32 = NDArray[np.float32]
JOINTS = 24


def regressors(body: Body) -> tuple[F32, NDArray[np.bool_]]:
    """The regressor (34, V) of COCO's and Human3.6M's points, and which of POINTS (58,) the body has.

    Raises ModelError for a body without SMPL's 24 joints.
    """
    if len(body.parents) != JOINTS:
        raise ModelError(f"{body.name}: the body has {len(body.parents)} joints; training needs one with {JOINTS}")
    rows = np.zeros((len(COCO17) + len(HUMAN36), len(body.v_template)), np.float32)
    known = np.zeros(len(POINTS), np.bool_)
    known[SMPL] = True
    if isinstance(body, SurfaceBody):
        rows[: len(COCO17)] = body.coco_regressor
        known[COCO] = True
    if is_bundled_body(body):
        arrays = read_npz(ZOO / "open_smpl_body.npz", "a body file", only=("h36m17_regressor",))
        rows[len(COCO17) :] = arrays["h36m17_regressor"]
        known[H36M] = True
    return rows, known


class BodyPoints:
    """The points of posed bodies. known (58,) bool: which of them the body has."""

    def __init__(self, body: Body) -> None:
        rows, self.known = regressors(body)
        self._rows = sparse.csr_array(rows)

    def __call__(self, vertices: F32, joints: F32) -> F32:
        """Points (58, 3) of vertices (V, 3) and skeleton joints (24, 3) in the same unit and axes."""
        return np.concatenate([joints, self._rows @ vertices]).astype(np.float32)


def relative(points: F32) -> F32:
    """Points (58, 3) relative to the pelvis."""
    centered: F32 = points - points[PELVIS]
    return centered
