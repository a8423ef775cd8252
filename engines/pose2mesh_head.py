"""The mesh head that runs live: 2D keypoints as rays in, root-relative 3D points and vertices out; no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_kernels import Ell
from engines.body import Body, load_body
from engines.cards import Card
from engines.errors import ModelError
from engines.lifting import view_of
from engines.npz import read_npz
from engines.session import Session

F32 = NDArray[np.float32]
JOINTS, KEYPOINTS = 24, 17  # the points are the joints, then the COCO keypoints, then the feet


@dataclass(frozen=True, slots=True)
class RootMesh:
    """Root-relative people in the camera's axes, metres; rows where usable (N,) is False hold no person.

    landmarks (N, 17, 3) are the points that the keypoints show; joints (N, J, 3); vertices (N, V, 3).
    """

    usable: NDArray[np.bool_]
    landmarks: F32
    joints: F32
    vertices: F32


class Pose2MeshHead:
    """Lifter and coarse mesh through an engine, then the fixed sparse upsampling to every vertex of the body.

    `session` maps features (N, F) of engines.lifting to points (N, P, 3) and coarse vertices (N, C, 3). Joints are the
    body's 24 in SMPL's order, then the points of the face and the feet. Raises ModelError for files that do not fit.
    """

    def __init__(self, session: Session, card: Card) -> None:
        self.session = session
        self.body: Body = load_body(card.path.with_name(card.body))
        path = card.path.with_suffix(".upsampling.npz")
        table = read_npz(path, "an upsampling table")
        try:
            self.upsample = Ell(table["indices"], table["values"], int(table["columns"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: not an upsampling table: {error}") from None
        names = (*self.body.joint_names, *self.body.coco_names, *self.body.feet_names)
        # The body's own limb joints carry the same names as COCO's keypoints: keep the joints, add what is new.
        self.joint_index = np.array([i for i, name in enumerate(names) if i < JOINTS or name not in names[:JOINTS]])
        self.joint_names = tuple(names[i] for i in self.joint_index)

    def __call__(self, rays: F32, scores: F32) -> RootMesh:
        """People whose keypoints are seen along rays (N, 17, 2) = (x/z, y/z) with scores (N, 17) in 0..1."""
        if not len(rays):
            return self._nobody()
        view = view_of(rays, scores)
        points, coarse = self.session(view.features)
        T_view_camera = view.T_camera_view.transpose(0, 2, 1)
        finite = np.isfinite(points).all((1, 2)) & np.isfinite(coarse).all((1, 2))
        with np.errstate(invalid="ignore"):  # rows that are not finite are computed along and marked
            points = np.matmul(points, T_view_camera)
            vertices = self.upsample(np.ascontiguousarray(np.matmul(coarse, T_view_camera)))
        return RootMesh(
            view.usable & finite, points[:, JOINTS : JOINTS + KEYPOINTS], points[:, self.joint_index], vertices
        )

    def _nobody(self) -> RootMesh:
        def rows(points: int) -> F32:
            return np.empty((0, points, 3), np.float32)

        vertices = len(self.body.v_template)
        return RootMesh(np.empty(0, np.bool_), rows(KEYPOINTS), rows(len(self.joint_index)), rows(vertices))
