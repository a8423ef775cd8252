"""DecoMR at run time (Zeng et al., CVPR 2020): a location map in UV space becomes the body's vertices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from engines.body.body import Body
from engines.body.select import body_map
from engines.cards.card import Card
from engines.heads.base import People, RootMesh
from engines.heads.landmarks import Landmarks, regress
from engines.inference.session import Session

F32 = NDArray[np.float32]
MAP_SIDE = 128
MIN_SCALE = 1e-3


class DecomrHead:
    """session maps crops (N, 3, h, w) to location maps (N, 128, 128, 3) in meters and weak-perspective cameras (N, 3).

    Raises ModelError for a body without UV coordinates.
    """

    warning = ""

    def __init__(self, session: Session, card: Card, body: Body, keypoint_names: tuple[str, ...]) -> None:
        self.session = session
        self.body = body
        self.joint_names = body.joint_names
        self.crops = card
        self._map = body_map(body, MAP_SIDE)
        self._regressor = sparse.csr_array(body.joint_regressor)
        self._landmarks = Landmarks(body, keypoint_names)

    def __call__(self, people: People) -> RootMesh:
        assert people.crops is not None
        maps, cameras = self.session(people.crops)
        vertices = self._map.to_mesh(maps)
        joints = regress(self._regressor, vertices)
        root = joints[:, :1]
        return RootMesh(
            usable=np.isfinite(vertices).all((1, 2)) & np.isfinite(cameras).all(1) & (cameras[:, 0] > MIN_SCALE),
            landmarks=self._landmarks(vertices, joints) - root,
            joints=joints - root,
            vertices=vertices - root,
            cameras=cameras,
            root=root[:, 0],
        )

    def reset(self) -> None:
        """Nothing: each frame stands alone."""
