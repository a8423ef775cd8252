"""Heads that predict the pose and shape of a body from a crop: PARE, DCT and ImpHMR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.body.mean_parameters import MeanParameters, read_mean_parameters
from engines.body.select import is_bundled_body
from engines.body.skinning import Skinner
from engines.cards.card import Card, load_card
from engines.errors import ModelError
from engines.heads.base import People, RootMesh
from engines.heads.landmarks import Landmarks
from engines.heads.live_iuv import LiveIuv
from engines.heads.pose2mesh_open import Pose2MeshOpenHead
from engines.inference.session import Session, open_session
from meshcast.protocol.rotations import rotmat

F32 = NDArray[np.float32]
Outputs = tuple[NDArray[np.float32], ...]
JOINTS = 24
SHAPES = 10
DEFAULT_MESH = "pose2mesh_open"
MIN_SCALE = 1e-3  # a weak-perspective scale below this puts a person at infinity


@dataclass(frozen=True, slots=True)
class Parameters:
    """rotations (N, 24, 3, 3), local; shape (N, 10); cameras (N, 3), weak perspective; attention (N, 24, h, w)."""

    rotations: F32
    shape: F32
    cameras: F32
    attention: F32 | None = None


def pare_parameters(outputs: Outputs, mean: MeanParameters) -> Parameters:
    """PARE (Kocabas et al., ICCV 2021): its outputs; the attention, which sums to 1, is scaled to 0..1."""
    rotations, shape, cameras, attention = outputs
    peak = attention.max(axis=(2, 3), keepdims=True)
    return Parameters(rotations, shape, cameras, attention / np.maximum(peak, 1e-12))


def dct_parameters(outputs: Outputs, mean: MeanParameters) -> Parameters:
    """DCT (Rong et al., ICCV 2019): camera, axis-angle pose and shape relative to the mean parameters."""
    (output,) = outputs
    pose = output[:, 3:75].reshape(-1, JOINTS, 3) + mean.pose
    return Parameters(rotmat(pose), output[:, 75:85] + mean.shape, output[:, :3] + mean.camera)


def imphmr_parameters(outputs: Outputs, mean: MeanParameters) -> Parameters:
    """ImpHMR (Cho et al., CVPR 2023): the canonical view."""
    rotations, shape, cameras = outputs
    return Parameters(rotations, shape, cameras)


READERS: dict[str, Callable[[Outputs, MeanParameters], Parameters]] = {
    "pare": pare_parameters,
    "dct": dct_parameters,
    "dct_iuv": dct_parameters,
    "imphmr": imphmr_parameters,
}


class SmplParametersHead:
    """session maps crops (N, 3, h, w) to the outputs that the card's family reads; the body is posed with them.

    Raises ModelError for a body without SMPL's 24 joints and 10 shape directions.
    """

    def __init__(self, session: Session, card: Card, body: Body, keypoint_names: tuple[str, ...]) -> None:
        if len(body.parents) != JOINTS or body.shape_dirs.shape[2] < SHAPES:
            raise ModelError(
                f"{card.name}: the body {body.name} has {len(body.parents)} joints and {body.shape_dirs.shape[2]} "
                f"shape directions; choose a --body with SMPL's {JOINTS} and at least {SHAPES}"
            )
        self.session = session
        self.body = body
        self._skin = Skinner(body, SHAPES)
        self.joint_names = body.joint_names
        self.crops = card
        self.warning = _warning(card, body)
        self._read = READERS[card.family]
        self._mean = read_mean_parameters(card.path.with_name(card.mean)) if card.mean else MeanParameters.upright()
        self._landmarks = Landmarks(body, keypoint_names)

    def __call__(self, people: People) -> RootMesh:
        made = self._read(self._outputs(people), self._mean)
        vertices, joints = self._skin(made.rotations, made.shape)
        root = joints[:, :1]
        finite = np.isfinite(vertices).all((1, 2)) & np.isfinite(made.cameras).all(1)
        return RootMesh(
            usable=finite & (made.cameras[:, 0] > MIN_SCALE),
            landmarks=self._landmarks(vertices, joints) - root,
            joints=joints - root,
            vertices=vertices - root,
            rotations=made.rotations,
            shape=made.shape,
            cameras=made.cameras,
            root=root[:, 0],
            attention=made.attention,
        )

    def reset(self) -> None:
        """Nothing: each frame stands alone."""

    def _outputs(self, people: People) -> Outputs:
        """The outputs of the network."""
        assert people.crops is not None
        return self.session(people.crops)


class ImphmrHead(SmplParametersHead):
    """ImpHMR from the image's camera, or from an imagined one that has moved around the person.

    The rotations are then in the axes of the imagined camera, and the weak-perspective camera is the image's, so that
    the person stands at the same place, turned.

    Args:
        view_rad: How far the camera has moved to its own right, rad.
    """

    def __init__(
        self, session: Session, card: Card, body: Body, keypoint_names: tuple[str, ...], view_rad: float = 0.0
    ) -> None:
        super().__init__(session, card, body, keypoint_names)
        self._view_rad = view_rad

    def _outputs(self, people: People) -> Outputs:
        assert people.crops is not None
        angle = np.full((len(people), 1), self._view_rad, np.float32)
        rotations, shape, cameras = self.session(people.crops, angle)
        if self._view_rad:
            cameras = self.session(people.crops, np.zeros_like(angle))[2]
        return rotations, shape, cameras


class DctIuvHead(SmplParametersHead):
    """DCT with two branches: the IUV map is that of the default mesh model's mesh for the same keypoints.

    I is 1 + the joint that moves the surface over 24 and U, V are the body's texture coordinates, as in
    `meshcast train dct` with two branches; DensePose has other parts and charts.
    """

    def __init__(self, session: Session, card: Card, body: Body, keypoint_names: tuple[str, ...]) -> None:
        super().__init__(session, card, body, keypoint_names)
        mesh = load_card(DEFAULT_MESH, "mesh")
        height, width = (int(side) for side in card.input.shape[2:])
        head = Pose2MeshOpenHead(open_session(mesh, precision="fp32"), mesh, keypoint_names)
        self._iuv = LiveIuv(head, (height, width))

    def reset(self) -> None:
        """Forget the people of the default mesh model."""
        self._iuv.reset()

    def _outputs(self, people: People) -> Outputs:
        assert people.crops is not None
        return self.session(people.crops, self._iuv(people))


def _warning(card: Card, body: Body) -> str:
    warnings = []
    if is_bundled_body(body):
        warnings.append(
            f"{card.name} poses the bundled body, whose shape directions are not those of SMPL that it predicts"
        )
    if card.family in ("dct", "dct_iuv") and not card.mean:
        warnings.append(f"{card.name} has no mean parameters, poses are relative to a T-pose; import it with --mean")
    return "; ".join(warnings)
