"""The head of the bundled mesh model: 2D keypoints as rays to root-relative 3D points and vertices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_kernels import Ell
from engines.body.body import Body, load_surface_body
from engines.body.units import check_units
from engines.cards.card import Card
from engines.errors import ModelError
from engines.files.npz import read_npz
from engines.heads.base import People, RootMesh
from engines.inference.session import Session
from engines.joint_sets import COCO17, gather_points
from engines.pose2mesh.virtual_camera import virtual_camera_of

F32 = NDArray[np.float32]
JOINTS, KEYPOINTS = 24, 17  # the points are the joints, then the COCO keypoints, then the feet


class Pose2MeshOpenHead:
    """Lifter and coarse mesh through an engine, then the fixed sparse upsampling to every vertex of the body.

    `session` maps features (N, F) of engines.pose2mesh.virtual_camera to points (N, P, 3) and coarse vertices (N, C,
    3). Joints are the body's 24 in SMPL's order, then the points of the face and the feet. Raises ModelError for files
    that do not fit and for a pose model without COCO's keypoints.
    """

    crops = None
    warning = ""

    def __init__(self, session: Session, card: Card, keypoint_names: tuple[str, ...]) -> None:
        self.session = session
        points = gather_points(keypoint_names, COCO17.joint_names, card.name)
        self._coco = None if keypoint_names == COCO17.joint_names else points.argmax(1)
        self._names = len(keypoint_names)
        body = load_surface_body(card.path.with_name(card.body))
        check_units(body, card.path.with_name(card.body))
        self.body: Body = body
        path = card.path.with_suffix(".upsampling.npz")
        table = read_npz(path, "an upsampling table")
        try:
            self.upsample = Ell(table["indices"], table["values"], int(table["columns"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: not an upsampling table: {error}") from None
        names = (*body.joint_names, *body.coco_names, *body.feet_names)
        # The body's own limb joints carry the same names as COCO's keypoints: keep the joints and add the other names.
        self.joint_index = np.array([i for i, name in enumerate(names) if i < JOINTS or name not in names[:JOINTS]])
        self.joint_names = tuple(names[i] for i in self.joint_index)

    def __call__(self, people: People) -> RootMesh:
        rays, scores = people.rays, people.scores
        if self._coco is not None:
            rays, scores = rays[:, self._coco], scores[:, self._coco]
        view = virtual_camera_of(rays, scores)
        points, coarse = self.session(view.features)
        T_view_camera = view.T_camera_view.transpose(0, 2, 1)
        finite = np.isfinite(points).all((1, 2)) & np.isfinite(coarse).all((1, 2))
        with np.errstate(invalid="ignore"):  # items that are not finite are computed too and marked
            points = np.matmul(points, T_view_camera)
            vertices = self.upsample(np.ascontiguousarray(np.matmul(coarse, T_view_camera)))
        landmarks = points[:, JOINTS : JOINTS + KEYPOINTS]
        if self._coco is not None:
            everywhere = np.full((len(points), self._names, 3), np.nan, np.float32)
            everywhere[:, self._coco] = landmarks
            landmarks = everywhere
        shape = np.zeros((len(points), self.body.shape_dirs.shape[2]), np.float32)  # every surface is of the mean body
        return RootMesh(view.usable & finite, landmarks, points[:, self.joint_index], vertices, shape=shape)

    def reset(self) -> None:
        """Nothing: each frame stands alone."""
