"""Rigs and people for the tests of refine_pose: a pose, a prior beside it and the keypoints of the pose."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation


@dataclass(frozen=True)
class Scene:
    """N people of one rig: the operator's inputs, in its order."""

    parents: np.ndarray
    zeroth: np.ndarray
    limit_joints: np.ndarray
    limit_axes: np.ndarray
    limit_ranges: np.ndarray
    first: np.ndarray
    rest_joints: np.ndarray
    prior: np.ndarray
    root: np.ndarray
    stiffness: np.ndarray
    root_stiffness: np.ndarray
    rays: np.ndarray
    precision: np.ndarray

    def arrays(self) -> tuple[np.ndarray, ...]:
        return tuple(getattr(self, name) for name in self.__dataclass_fields__)


def matrices(rotvec: np.ndarray) -> np.ndarray:
    shape = rotvec.shape[:-1]
    return Rotation.from_rotvec(rotvec.reshape(-1, 3)).as_matrix().reshape(*shape, 3, 3).astype(np.float32)


def a_scene(
    rng: np.random.Generator,
    people: int = 1,
    joints: int = 12,
    keypoints: int = 48,
    *,
    limits: int = 0,
    off: float = 0.1,
    stiffness: float = 1e-3,
    sigma: float = 1e-3,
) -> tuple[Scene, np.ndarray, np.ndarray]:
    """A scene whose prior is `off` rad beside the truth, with perfect keypoints; and the true rotations and roots."""
    parents = np.array([-1, *(int(rng.integers(max(0, k - 4), k)) for k in range(1, joints))], np.int32)
    rest = np.zeros((people, joints, 3))
    for k in range(1, joints):
        rest[:, k] = rest[:, parents[k]] + rng.normal(0, 0.2, (people, 3))
    zeroth = np.zeros((keypoints, joints), np.float32)
    for k in range(keypoints):
        own = k % joints
        share = rng.uniform(0.0, 0.3) if own else 0.0
        zeroth[k, own] = 1 - share
        zeroth[k, parents[own] if own else 0] += share
    spot = rest[:, np.arange(keypoints) % joints] + rng.normal(0, 0.12, (people, keypoints, 3))
    first = zeroth[..., None] * spot[:, :, None]
    truth = matrices(rng.normal(0, 0.4, (people, joints, 3)))
    root = np.stack([rng.normal(0, 0.5, people), rng.normal(0, 0.5, people), rng.uniform(3, 5, people)], -1)
    prior = matrices(rng.normal(0, off, (people, joints, 3))) @ truth
    axes = rng.normal(0, 1, (limits, 3))
    f32 = np.float32
    scene = Scene(
        parents,
        zeroth,
        rng.integers(0, joints, limits).astype(np.int32),
        (axes / np.linalg.norm(axes, axis=-1, keepdims=True)).astype(f32),
        np.tile(np.array([-0.2, 0.1], f32), (limits, 1)),
        first.astype(f32),
        rest.astype(f32),
        prior.astype(f32),
        (root + rng.normal(0, 0.3 * off, root.shape)).astype(f32),
        np.full((people, joints, 3), stiffness, f32),
        np.full((people, 2), stiffness, f32),
        np.zeros((people, keypoints, 2), f32),
        np.tile(np.array([1 / sigma, 0, 1 / sigma], f32), (people, keypoints, 1)),
    )
    seen = points(scene, truth, root)
    return replace(scene, rays=(seen[..., :2] / seen[..., 2:]).astype(f32)), truth, root


def points(scene: Scene, rotations: np.ndarray, root: np.ndarray) -> np.ndarray:
    """The definition, in float64: keypoints (N, K, 3)."""
    rest, out = scene.rest_joints.astype(np.float64), []
    for n, local in enumerate(rotations.astype(np.float64)):
        world, place = [local[0]], [np.zeros(3)]
        for k in range(1, len(scene.parents)):
            parent = scene.parents[k]
            place.append(place[parent] + world[parent] @ (rest[n, k] - rest[n, parent]))
            world.append(world[parent] @ local[k])
        arms = scene.first[n] - scene.zeroth[..., None].astype(np.float64) * rest[n]
        out.append(root[n] + np.einsum("jab,kjb->ka", np.array(world), arms) + scene.zeroth @ np.array(place))
    return np.array(out).reshape(len(rotations), len(scene.zeroth), 3)
