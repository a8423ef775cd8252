"""Points of a posed rig without its surface: the skeleton's chain, and landmarks as moments of their vertices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.body.body import Body
from meshcast.protocol.body import F32, I32


class Chain:
    """The skeleton's tree, in which a parent comes before its children."""

    def __init__(self, parents: I32) -> None:
        self.parents = np.maximum(parents, 0)
        joints = len(parents)
        depth = np.zeros(joints, int)
        # ancestors[k, j]: whether the bone from the parent of j to j is on the way from the root to k.
        ancestors = np.zeros((joints, joints), np.float32)
        for joint in range(1, joints):
            depth[joint] = depth[parents[joint]] + 1
            ancestors[joint] = ancestors[parents[joint]]
            ancestors[joint, joint] = 1
        self._ancestors = ancestors
        self._levels = [np.flatnonzero(depth == level) for level in range(1, depth.max(initial=0) + 1)]
        self.children = [np.flatnonzero(parents == joint) for joint in range(joints)]

    def orientations(self, rotations: F32) -> F32:
        """Global rotations (N, P, 3, 3) of local ones."""
        turned: F32 = rotations.copy()
        for level in self._levels:
            turned[:, level] = turned[:, self.parents[level]] @ rotations[:, level]
        return turned

    def local(self, orientations: F32) -> F32:
        """Local rotations (N, P, 3, 3) of global ones."""
        rotations: F32 = orientations[:, self.parents].swapaxes(-1, -2) @ orientations
        rotations[:, 0] = orientations[:, 0]
        return rotations

    def bones(self, rest_joints: F32) -> F32:
        """Resting vectors (N, P, 3) from each joint's parent to the joint; 0 at the root."""
        bones: F32 = rest_joints - rest_joints[:, self.parents]
        return bones

    def positions(self, orientations: F32, bones: F32) -> F32:
        """Joints (N, P, 3) relative to the root joint."""
        turned = (orientations[:, self.parents] @ bones[..., None])[..., 0]
        return self.sum_along(turned)

    def sum_along(self, steps: F32) -> F32:
        """Sums (N, P, D) of the steps (N, P, D) of each joint's bones from the root."""
        sums: F32 = self._ancestors @ steps
        return sums


class RigPoints:
    """Points that are weighted means of a body's vertices, as linear blend skinning moves them (no pose blend shapes).

    A vertex is linear in the joints' transforms, so that a point needs only the moments of its vertices for each
    joint, whatever their number.

    Attributes:
        mass: (R, P) float32, sums of the vertices' shares in a point that each joint moves.
    """

    def __init__(self, body: Body, regressor: NDArray[np.floating]) -> None:
        """regressor: (R, V), rows that sum to 1."""
        weights = np.asarray(body.weights, np.float64)
        shares = np.asarray(regressor, np.float64)
        template, dirs = np.asarray(body.v_template, np.float64), np.asarray(body.shape_dirs, np.float64)
        used = np.flatnonzero(np.abs(shares).sum(0))
        joint_shares = shares[:, None, used] * weights[used].T[None]  # (R, P, U)
        self.mass = joint_shares.sum(-1).astype(np.float32)
        self._template = (joint_shares @ template[used]).astype(np.float32)
        directions = np.tensordot(joint_shares, dirs[used], 1)  # (R, P, 3, B)
        self._dirs = directions.reshape(-1, dirs.shape[2]).T.astype(np.float32)

    def __call__(self, orientations: F32, positions: F32, rest_joints: F32, shape: F32) -> F32:
        """Points (N, R, 3), in the frame of the joints' positions (N, P, 3).

        Global rotations (N, P, 3, 3), rest joints (N, P, 3) and shapes (N, B).
        """
        offsets = positions - (orientations @ rest_joints[..., None])[..., 0]
        turned = self.moments(shape).transpose(0, 2, 1, 3) @ orientations.swapaxes(-1, -2)  # (N, P, R, 3)
        posed: F32 = turned.sum(1) + self.mass @ offsets
        return posed

    def moments(self, shape: F32) -> F32:
        """Sums (N, R, P, 3) of the vertices' shares times their resting places, m, of bodies with shapes (N, B)."""
        moved = (shape @ self._dirs[: shape.shape[1]]).reshape(len(shape), *self._template.shape)
        moments: F32 = self._template + moved
        return moments
