"""The interface of all mesh heads: their inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from engines.cards.card import Card

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class People:
    """N people of one image, as inputs of a head.

    keypoints (N, K, 2) px with scores (N, K) in 0..1, named by the pose model; rays (N, K, 2) = (x/z, y/z) are the same
    as viewing rays. crops (N, 3, h, w), normalized as the card's input specifies, for heads that use them, else None,
    and the regions (N, 4) xyxy px of the image that they show.
    """

    keypoints: F32
    scores: F32
    rays: F32
    crops: F32 | None = None
    ids: NDArray[np.int32] | None = None
    t_s: float = 0.0
    up: F32 | None = None
    regions: F32 | None = None

    def __len__(self) -> int:
        return len(self.keypoints)


@dataclass(frozen=True, slots=True)
class RootMesh:
    """Root-relative people in the camera's axes, meters; items where usable (N,) is False are not a valid person.

    landmarks (N, K, 3) are the body points of the keypoints, NaN where the body has none; joints (N, J, 3);
    vertices (N, V, 3). Where the head has them: rotations (N, 24, 3, 3), local, and shape (N, B); cameras (N, 3), the
    weak perspective (s, tx, ty) of the crop: x_crop = s (X + tx) in -1..1 for a point X of the mesh in the network's
    coordinates, whose root joint is at root (N, 3); attention (N, P, h, w), a map of each part over the crop;
    sigma (N, J), the standard deviation of each joint's position in meters; contacts (N, 2), the probability that the
    left and the right foot stand still on something.
    """

    usable: NDArray[np.bool_]
    landmarks: F32
    joints: F32
    vertices: F32
    rotations: F32 | None = None
    shape: F32 | None = None
    cameras: F32 | None = None
    root: F32 | None = None
    attention: F32 | None = None
    sigma: F32 | None = None
    contacts: F32 | None = None


class Head(Protocol):
    """A mesh head. joint_names are those of RootMesh.joints; `crops` is the card whose input describes the crops that
    it uses, None for a head on keypoints; warning is a message for the user, "" for none."""

    @property
    def body(self) -> Body: ...

    @property
    def joint_names(self) -> tuple[str, ...]: ...

    @property
    def crops(self) -> Card | None: ...

    @property
    def warning(self) -> str: ...

    def __call__(self, people: People) -> RootMesh:
        """The meshes of at least one person, in the order of the people. Frames come in order."""
        ...

    def reset(self) -> None:
        """Forget all people, as before the first frame."""
        ...
