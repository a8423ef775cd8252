"""Bodies of boxes round their bones, and poses of them, for operators on rigs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation


@dataclass(frozen=True)
class Figure:
    """A body of boxes round its bones: a rig, its resting points (V, 3) and joints (P, 3), and two shapes."""

    joints: np.ndarray
    weights: np.ndarray
    parents: np.ndarray
    rest: np.ndarray
    rest_joints: np.ndarray
    shape_dirs: np.ndarray
    joint_shape_dirs: np.ndarray

    @property
    def rig(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.joints, self.weights, self.parents


def a_figure(rng: np.random.Generator, joint_count: int, around: int = 40) -> Figure:
    """Every joint has points about it; four in ten of them are shared with up to three of its neighbors."""
    parents = np.array([-1, *(int(rng.integers(max(0, k - 4), k)) for k in range(1, joint_count))], np.int32)
    rest_joints = np.zeros((joint_count, 3))
    for k in range(1, joint_count):
        rest_joints[k] = rest_joints[parents[k]] + rng.normal(0, 0.15, 3)
    owner = np.repeat(np.arange(joint_count), around)
    rest = rest_joints[owner] + rng.normal(0, 0.08, (len(owner), 3))
    joints = np.zeros((len(owner), 4), np.uint8)
    weights = np.zeros((len(owner), 4), np.float32)
    joints[:, 0], weights[:, 0] = owner, 1
    for v in np.flatnonzero(rng.random(len(owner)) < 0.4):
        above = parents[owner[v]]
        near = [k for k in (above, parents[above] if above >= 0 else -1) if k >= 0]
        share = rng.dirichlet(np.ones(len(near) + 1))
        joints[v, : len(near) + 1], weights[v, : len(near) + 1] = [owner[v], *near], share
    dirs = [np.stack([a * [0, 0.1, 0], a * [0.1, 0, 0.05]], -1) for a in (rest, rest_joints)]  # taller, wider
    f32 = (np.asarray(a, np.float32) for a in (rest, rest_joints, *dirs))
    return Figure(joints, weights, parents, *f32)


def skinned(figure: Figure, rotations: np.ndarray) -> np.ndarray:
    """The definition, in float64, point by point: vertices (N, V, 3) relative to the root joint."""
    out = np.zeros((len(rotations), *figure.rest.shape))
    for n, local in enumerate(rotations.astype(np.float64)):
        world, place = [local[0]], [np.zeros(3)]
        for k in range(1, len(figure.parents)):
            parent = figure.parents[k]
            place.append(place[parent] + world[parent] @ (figure.rest_joints[k] - figure.rest_joints[parent]))
            world.append(world[parent] @ local[k])
        for e in range(4):
            for k in range(len(figure.parents)):
                rows = figure.joints[:, e] == k
                moved = (figure.rest[rows] - figure.rest_joints[k]) @ world[k].T + place[k]
                out[n, rows] += figure.weights[rows, e, None] * moved
    return out


def poses(rng: np.random.Generator, people: int, joint_count: int, spread: float) -> np.ndarray:
    """Local rotations (N, P, 3, 3), the root's anywhere, the others' with rotation vectors of this spread."""
    rotvec = rng.normal(0, spread, (people, joint_count, 3))
    matrices = Rotation.from_rotvec(rotvec.reshape(-1, 3)).as_matrix().reshape(people, joint_count, 3, 3)
    matrices[:, 0] = Rotation.random(people, random_state=int(rng.integers(1 << 30))).as_matrix()
    return matrices.astype(np.float32)


def no_prior(people: int, joint_count: int) -> np.ndarray:
    return np.tile(np.eye(3, dtype=np.float32), (people, joint_count, 1, 1))
