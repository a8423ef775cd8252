"""The head of the bundled mesh model: 2D keypoints as rays to root-relative 3D points and vertices."""

from __future__ import annotations

from dataclasses import dataclass, field

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
from engines.pose2mesh.virtual_camera import UP_FEATURES, VIEW_FEATURES, VirtualCamera, up_features, virtual_camera_of

F32 = NDArray[np.float32]
JOINTS, KEYPOINTS = 24, 17  # the points are the joints, then the COCO keypoints, then the feet
SINGLE_FRAME = 3 * KEYPOINTS + VIEW_FEATURES  # columns of the input of a model without a state
BESIDE_STATE = SINGLE_FRAME + UP_FEATURES + 1  # of one with a state: these, the up vector, the elapsed time, the state
FORGET_S = 0.5  # a longer gap than those in training starts a person again


class Pose2MeshOpenHead:
    """Lifter and coarse mesh through an engine, then the fixed sparse upsampling to every vertex of the body.

    `session` maps inputs (N, F) to points (N, P, 3) and coarse vertices (N, C, 3). A model whose input is wider than
    the features of a single frame also takes and returns a state, which the head keeps for each id, and returns
    the points' standard deviations (N, P) and the contacts (N, 2). Joints are the body's 24 in SMPL's order, then the
    points of the face and the feet. Raises ModelError for files that do not fit and for a pose model without COCO's
    keypoints.
    """

    crops = None
    warning = ""

    def __init__(self, session: Session, card: Card, keypoint_names: tuple[str, ...]) -> None:
        self.session = session
        points = gather_points(keypoint_names, COCO17.joint_names, card.name)
        self._coco = None if keypoint_names == COCO17.joint_names else points.argmax(1)
        self._names = len(keypoint_names)
        self._states = States(state_size(card))
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
        points, coarse, sigma, contacts = self._run(people, view)
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
        return RootMesh(
            usable=view.usable & finite,
            landmarks=landmarks,
            joints=points[:, self.joint_index],
            vertices=vertices,
            sigma=None if sigma is None else sigma[:, self.joint_index],
            contacts=contacts,
        )

    def reset(self) -> None:
        """Forget all people, as before the first frame."""
        self._states.reset()

    def _run(self, people: People, view: VirtualCamera) -> tuple[F32, F32, F32 | None, F32 | None]:
        """Points, coarse vertices, sigma and contacts of all people, and their new states."""
        if not self._states.size:
            points, coarse = self.session(view.features)
            return points, coarse, None, None
        up = np.full(3, np.nan) if people.up is None else people.up
        elapsed_s, states = self._states.before(people.ids, people.t_s, len(people))
        inputs = np.concatenate([view.features, up_features(up, view), elapsed_s[:, None], states], 1)
        points, coarse, sigma, contacts, states = self.session(inputs.astype(np.float32, copy=False))
        self._states.keep(people.ids, people.t_s, states)
        return points, coarse, sigma, contacts


def state_size(card: Card) -> int:
    """The columns of the state in the input of a pose2mesh_open model, 0 for a model of single frames."""
    columns = card.input.shape[1]
    return columns - BESIDE_STATE if isinstance(columns, int) and columns > BESIDE_STATE else 0


@dataclass(slots=True)
class States:
    """The states of people: what the lifter remembers of their earlier frames.

    Attributes:
        size: columns of a state.
    """

    size: int
    _of: dict[int, tuple[float, F32]] = field(default_factory=dict)

    def before(self, ids: NDArray[np.int32] | None, t_s: float, count: int) -> tuple[F32, F32]:
        """Time since the last frame (N,) in seconds and state (N, S) of each person; zeros for a new one."""
        elapsed_s, states = np.zeros(count, np.float32), np.zeros((count, self.size), np.float32)
        for row, identity in enumerate([] if ids is None else ids.tolist()):
            last_s, state = self._of.get(identity, (t_s, states[row]))
            if 0 < t_s - last_s <= FORGET_S:
                elapsed_s[row], states[row] = t_s - last_s, state
        return elapsed_s, states

    def keep(self, ids: NDArray[np.int32] | None, t_s: float, states: F32) -> None:
        """Keep the states (N, S) of the people of this frame; one that is not finite starts again."""
        self._of = {identity: kept for identity, kept in self._of.items() if 0 <= t_s - kept[0] <= FORGET_S}
        for identity, state in zip([] if ids is None else ids.tolist(), states, strict=ids is not None):
            if np.isfinite(state).all():
                self._of[identity] = (t_s, state)
            else:
                self._of.pop(identity, None)

    def reset(self) -> None:
        """Forget all people."""
        self._of = {}
