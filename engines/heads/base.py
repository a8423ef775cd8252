"""The one contract of all mesh heads: what they may look at, and what they make of it."""

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
    """N people of one picture, as far as a head may look at them.

    keypoints (N, K, 2) px with scores (N, K) in 0..1, named by the pose model; rays (N, K, 2) = (x/z, y/z) are the same
    seen by the camera. crops (N, 3, h, w), normalized as the card's input says, for heads that want them, else None.
    """

    keypoints: F32
    scores: F32
    rays: F32
    crops: F32 | None = None

    def __len__(self) -> int:
        return len(self.keypoints)


@dataclass(frozen=True, slots=True)
class RootMesh:
    """Root-relative people in the camera's axes, meters; rows where usable (N,) is False hold no person.

    landmarks (N, K, 3) are the points that the keypoints show, NaN where the body has no such point; joints (N, J, 3);
    vertices (N, V, 3). Where the head has them: rotations (N, 24, 3, 3), local, and shape (N, B); cameras (N, 3), the
    weak perspective (s, tx, ty) of the crop: x_crop = s (X + tx) in -1..1 for a point X of the mesh as the network
    places it, whose root joint is at root (N, 3); attention (N, P, h, w), a map of each part over the crop.
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


class Head(Protocol):
    """A mesh head. joint_names are those of RootMesh.joints; `crops` is the card whose input describes the crops that
    it wants, None for a head that looks at keypoints; remark is what its user should know, "" for nothing."""

    @property
    def body(self) -> Body: ...

    @property
    def joint_names(self) -> tuple[str, ...]: ...

    @property
    def crops(self) -> Card | None: ...

    @property
    def warning(self) -> str: ...

    def __call__(self, people: People) -> RootMesh:
        """The people, at least one, as meshes, row for row."""
        ...
