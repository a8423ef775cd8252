"""The published Pose2Mesh at run time (Choi, Moon, Lee, ECCV 2020): standardized keypoints to the body's vertices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engines.body.body import Body
from engines.cards.card import Card
from engines.heads.base import People, RootMesh
from engines.heads.landmarks import Landmarks, regress
from engines.inference.session import Session
from engines.joint_sets import gather_points, normalize_pose2d

F32 = NDArray[np.float32]
MIN_SCORE_SUM = 1.5  # of the keypoints of a person worth a mesh, as in the published demo


class Pose2MeshHead:
    """session maps standardized keypoints (N, J, 2) of the card's joint set to vertices (N, V, 3) in meters, relative
    to the root of that set, in the camera's axes. Joints are regressed from the vertices.

    Raises ModelError when the pose model's keypoints cannot give the joint set.
    """

    crops = None
    warning = ""

    def __init__(self, session: Session, card: Card, body: Body, keypoint_names: tuple[str, ...]) -> None:
        self.session = session
        self.body = body
        self.joint_names = body.joint_names
        self._points = gather_points(keypoint_names, card.keypoints, card.name)
        self._regressor = sparse.csr_array(body.joint_regressor)
        self._landmarks = Landmarks(body, keypoint_names)

    def __call__(self, people: People) -> RootMesh:
        keypoints = np.einsum("jk,nkc->njc", self._points, people.keypoints)
        (vertices,) = self.session(normalize_pose2d(keypoints))
        joints = regress(self._regressor, vertices)
        root = joints[:, :1]
        landmarks = self._landmarks(vertices, joints)
        return RootMesh(
            usable=np.isfinite(vertices).all((1, 2)) & (people.scores.sum(1) >= MIN_SCORE_SUM),
            landmarks=landmarks - root,
            joints=joints - root,
            vertices=vertices - root,
        )

    def reset(self) -> None:
        """Nothing: each frame stands alone."""
