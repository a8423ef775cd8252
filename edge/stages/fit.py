"""Fit: bodies as a rig poses them."""

from __future__ import annotations

import numpy as np

from edge.types import Bodies, BodyModel, Posed


class Fit:
    """Closed form per joint."""

    def __init__(self, model: BodyModel) -> None:
        assert model.rig is not None
        rig = model.rig
        P = len(model.parents)
        self._parents = model.parents.tolist()
        self._rest = model.rest_vertices
        self._weights = np.zeros((len(self._rest), P), np.float32)
        for joints, weights in zip(rig.joints.T, rig.weights.T, strict=True):
            np.add.at(self._weights, (np.arange(len(self._rest)), joints), weights)
        self._shapes = rig.shape_dirs.shape[2]

    def __call__(self, t_s: float, bodies: Bodies) -> Posed:
        N, P = len(bodies), len(self._parents)
        local = np.tile(np.eye(3, dtype=np.float32), (N, P, 1, 1))
        for n in range(N):
            world = np.empty((P, 3, 3))
            for k, parent in enumerate(self._parents):
                w = self._weights[:, k : k + 1] ** 2 + 1e-9
                a = self._rest - (w * self._rest).sum(0) / w.sum()
                b = bodies.vertices[n] - (w * bodies.vertices[n]).sum(0) / w.sum()
                u, _, vt = np.linalg.svd((w * b).T @ a + 1e-9 * np.eye(3))
                world[k] = u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt
                local[n, k] = world[k] if parent < 0 else world[parent].T @ world[k]
        return Posed(local, np.zeros((N, self._shapes), np.float32), np.zeros(N, np.float32))

    def reset(self) -> None:
        """Forget everybody."""
