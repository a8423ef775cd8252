"""Bones of bodies as lines."""

from __future__ import annotations

import numpy as np

from edge.types import F32, I32


def bones(parents: I32) -> I32:
    """The pairs (B, 2) of a joint's parent and the joint, without the root."""
    children = np.flatnonzero(parents >= 0).astype(np.int32)
    return np.stack([parents[children], children], 1).astype(np.int32)


def bone_lines(joints: F32, parents: I32) -> F32:
    """The ends (N, B, 2, 3) of the bones of bodies with joints (N, J, 3)."""
    return joints[:, bones(parents)]
