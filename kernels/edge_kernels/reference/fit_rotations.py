"""fit_rotations and shape_evidence in NumPy: the reference of the native operators, and their replacement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

INFLUENCES = 4
MAX_JOINTS = 64
MAX_SHAPES = 32
STEPS = 12  # tried at most; three or four do from the frame before
TOLERANCE = 1e-4  # of the energy: a step that gains less is the last one
ENOUGH_M2 = 1e-12  # mean square distance at which nothing is left to gain
TRUST = 1e-3  # of its subtree's spread: how strongly a bone without evidence follows its parent in the first guess
ROUNDING = 1e-10  # of the mean diagonal: damping that outweighs rounding
LOOSE_M2 = 1e-6  # keeps joints which move no vertex solvable beside the shape
FLOOR_M2 = 1e-12  # damping that keeps joints which move no vertex solvable


def fit_rotations(
    joints: U8,
    weights: F32,
    parents: I32,
    rest: F32,
    rest_joints: F32,
    vertices: F32,
    prior: F32,
    stiffness: F32,
    rotations: F32,
    error: F32,
    workspace: F64 | None = None,
    stream: int = 0,
) -> None:
    """Local rotations that make linear blend skinning reproduce vertices; see fit_rotations.hpp for the contract."""
    people, count, joint_count = _check_body(joints, weights, parents, rest, rest_joints, vertices)
    _check.array(prior, "prior", np.float32, (people, joint_count, 3, 3))
    _check.array(stiffness, "stiffness", np.float32, (people,))
    _check.output(rotations, "rotations", np.float32, (people, joint_count, 3, 3))
    _check.output(error, "error", np.float32, (people,))
    dense = _dense(joints, weights, joint_count)
    for n in range(people):
        before = np.stack([_rotation_of(r) for r in np.nan_to_num(prior[n].astype(np.float64))])
        numbers = (rest[n], rest_joints[n], vertices[n], prior[n], stiffness[n])
        if not all(np.isfinite(x).all() for x in numbers):
            rotations[n] = before if np.isfinite(prior[n]).all() else np.eye(3)
            error[n] = np.nan
            continue
        moments = _Moments(dense, rest[n], vertices[n])
        local = _fit(moments, parents, rest_joints[n].astype(np.float64), before, float(stiffness[n]))
        rotations[n] = local
        transforms, _ = _pose(local, parents, rest_joints[n].astype(np.float64))
        residual = moments.vertices - np.einsum("vk,kab,vb->va", dense, transforms, moments.rest, optimize=True)
        error[n] = np.sqrt((residual**2).sum() / count)


def fit_workspace_numbers(joints: int) -> int:
    """Columns of the workspace with which fit_rotations runs on a device."""
    pairs = joints * (joints + 1) // 2
    return 138 * joints + 43 * pairs + 34 * joints**2


def shape_evidence(
    joints: U8,
    weights: F32,
    parents: I32,
    shape_dirs: F32,
    joint_shape_dirs: F32,
    rest: F32,
    rest_joints: F32,
    vertices: F32,
    rotations: F32,
    evidence: F64,
) -> None:
    """Normal equations of the shape, with the pose eliminated; see fit_rotations.hpp for the contract."""
    people, count, joint_count = _check_body(joints, weights, parents, rest, rest_joints, vertices)
    _check.array(shape_dirs, "shape_dirs", np.float32, (count, 3, None))
    shapes = shape_dirs.shape[2]
    if shapes > MAX_SHAPES:
        raise ValueError(f"shape_dirs must have at most {MAX_SHAPES} directions, not {shapes}")
    _check.array(joint_shape_dirs, "joint_shape_dirs", np.float32, (joint_count, 3, shapes))
    _check.array(rotations, "rotations", np.float32, (people, joint_count, 3, 3))
    _check.output(evidence, "evidence", np.float64, (people, shapes, shapes + 1))
    dense = _dense(joints, weights, joint_count)
    dirs, joint_dirs = shape_dirs.astype(np.float64), joint_shape_dirs.astype(np.float64)
    for n in range(people):
        local, origin = rotations[n].astype(np.float64), rest_joints[n].astype(np.float64)
        moments = _Moments(dense, rest[n], vertices[n])
        now = _PoseEnergy(moments, parents, origin, local, local, 0.0)
        transforms, _ = _pose(local, parents, origin)
        offsets = _places(now.globals, parents, joint_dirs) - now.globals @ joint_dirs
        skinned = np.einsum("kab,vb->kva", transforms, moments.rest)
        moved = np.einsum("vk,kab,vbs->vas", dense, now.globals, dirs, optimize=True)
        moved += np.einsum("vk,kas->vas", dense, offsets)
        residual = moments.vertices - np.einsum("vk,kva->va", dense, skinned)
        columns = np.concatenate([moved, residual[..., None]], -1)
        turns = _turns(dense, parents, skinned, now.places, columns)
        normal, _ = now.system(parents, LOOSE_M2)
        explained = turns[:, :shapes].T @ np.linalg.solve(normal, turns)
        evidence[n] = np.einsum("vas,vat->st", moved, columns, optimize=True) / count - explained


def _turns(dense: F64, parents: I32, skinned: F64, places: F64, columns: F64) -> F64:
    """W^T columns (3 P, C): the torque about every joint of columns (V, 3, C) on what the joint's subtree moves."""
    arms, mass = dense.T[..., None] * skinned, dense.T.copy()
    for child in range(len(parents) - 1, 0, -1):
        arms[parents[child]] += arms[child]
        mass[parents[child]] += mass[child]
    arms -= mass[..., None] * places[:, None]
    torque = np.cross(arms[:, :, None], columns.swapaxes(1, 2)[None]).sum(1) / len(columns)
    result: F64 = torque.swapaxes(1, 2).reshape(3 * len(parents), -1)
    return result


class _Moments:
    """Everything the energy needs of the vertices, with h = (v, 1): M (P, 3, 4) and S (P, P, 4, 4), and the sum of
    squares of the vertices; all are means over the vertices."""

    def __init__(self, dense: F64, rest: F32, vertices: F32) -> None:
        count = len(rest)
        self.rest: F64 = np.concatenate([rest.astype(np.float64), np.ones((count, 1))], 1)
        self.vertices: F64 = vertices.astype(np.float64)
        self.m: F64 = np.einsum("vk,va,vb->kab", dense, self.vertices, self.rest, optimize=True) / count
        weighted = (dense[..., None] * self.rest[:, None]).reshape(count, -1)
        self.s: F64 = (weighted.T @ weighted / count).reshape(dense.shape[1], 4, dense.shape[1], 4).swapaxes(1, 2)
        self.squares = float((self.vertices**2).sum()) / count


class _PoseEnergy:
    """A pose's energy and what a step from it needs."""

    def __init__(self, moments: _Moments, parents: I32, origin: F64, local: F64, before: F64, stiffness: float) -> None:
        self.local = local
        transforms, self.places = _pose(local, parents, origin)
        self.globals = transforms[:, :, :3]
        full = np.zeros((len(parents), 4, 4))
        full[:, :3], full[:, 3, 3] = transforms, 1
        self.pairs: F64 = full[:, None] @ moments.s @ full.swapaxes(1, 2)[None]
        self.along: F64 = np.einsum("kab,kcb->kac", moments.m, full)
        turned = np.einsum("kab,kcb->kac", local, before)
        self.away: F64 = np.stack([turned[:, a, b] - turned[:, b, a] for a, b in ((2, 1), (0, 2), (1, 0))], -1)
        data = moments.squares - 2 * np.einsum("kaa->", self.along[:, :, :3])
        data += np.einsum("ijaa->", self.pairs[:, :, :3, :3])
        self.energy = float(data + stiffness * (3 * len(parents) - np.einsum("kaa->", turned)))

    def system(self, parents: I32, stiffness: float) -> tuple[F64, F64]:
        """Gauss-Newton's equations (3 P, 3 P), (3 P) for turning every joint's subtree about the joint."""
        count = len(parents)
        pairs, pull = self.pairs.copy(), self.along - self.pairs[:, :, :3].sum(0)
        for child in range(count - 1, 0, -1):
            pairs[parents[child]] += pairs[child]
            pull[parents[child]] += pull[child]
        for child in range(count - 1, 0, -1):
            pairs[:, parents[child]] += pairs[:, child]
        p = self.places
        spread = pairs[..., :3, :3] + p[:, None, :, None] * p[None, :, None, :] * pairs[..., 3:, 3:]
        spread -= p[:, None, :, None] * pairs[..., 3:, :3] + pairs[..., :3, 3:] * p[None, :, None, :]
        blocks = np.einsum("klaa->kl", spread)[..., None, None] * np.eye(3) - np.swapaxes(spread, 2, 3)
        normal = blocks.swapaxes(1, 2).reshape(3 * count, 3 * count) + stiffness * np.eye(3 * count)
        z = pull[:, :, :3] - pull[:, :, 3:] * p[:, None, :]
        torque = np.stack([z[:, b, a] - z[:, a, b] for a, b in ((1, 2), (2, 0), (0, 1))], -1)
        up = np.concatenate([np.eye(3)[None], self.globals[parents[1:]]])
        torque -= 0.5 * stiffness * np.einsum("kab,kb->ka", up, self.away)
        return normal, torque.reshape(-1)

    def turned(self, step: F64, parents: I32) -> F64:
        """Local rotations after the step, which is in the axes of the vertices."""
        up = np.concatenate([np.eye(3)[None], self.globals[parents[1:]]])
        return _exp(np.einsum("kba,kb->ka", up, step.reshape(-1, 3))) @ self.local


def _fit(moments: _Moments, parents: I32, origin: F64, before: F64, stiffness: float) -> F64:
    """Levenberg-Marquardt from the better of two starts: the prior, and a closed form bone after bone."""
    starts = (before, _closed_form(moments, parents))
    now = min((_PoseEnergy(moments, parents, origin, s, before, stiffness) for s in starts), key=lambda p: p.energy)
    damping = 0.0
    normal, torque = now.system(parents, stiffness)
    for _ in range(STEPS):
        scale = np.trace(normal) / len(normal)
        step = np.linalg.solve(normal + ((damping + ROUNDING) * scale + FLOOR_M2) * np.eye(len(normal)), torque)
        tried = _PoseEnergy(moments, parents, origin, now.turned(step, parents), before, stiffness)
        if not tried.energy < now.energy:
            if damping > 1:
                break
            damping = max(10 * damping, 1e-3)
            continue
        gain = now.energy - tried.energy
        now, damping = tried, damping / 10 if damping > 1e-6 else 0.0
        if gain < TOLERANCE * now.energy or now.energy < ENOUGH_M2:
            break
        normal, torque = now.system(parents, stiffness)
    return now.local


def _closed_form(moments: _Moments, parents: I32) -> F64:
    """Local rotations (P, 3, 3), each bone's world rotation fitted to its own vertices alone."""
    count = len(parents)
    world = np.empty((count, 3, 3))
    local = np.empty((count, 3, 3))
    for k in range(count):
        up = np.eye(3) if k == 0 else world[parents[k]]
        m, s = moments.m[k], moments.s[:, k].sum(0)
        mass = s[3, 3]
        centered = m[:, :3] - np.outer(m[:, 3], s[3, :3]) / mass if mass > 0 else np.zeros((3, 3))
        spread = np.trace(s[:3, :3]) - s[3, :3] @ s[3, :3] / mass if mass > 0 else 0.0
        world[k] = _rotation_of(centered + (TRUST * spread + FLOOR_M2) * up)
        local[k] = up.T @ world[k]
    return local


def _rotation_of(matrix: F64) -> F64:
    """The proper rotation R that makes tr(R^T matrix) largest (Horn, 1987), the identity for a matrix of zeros."""
    a = matrix
    k = np.array(
        [
            [a[0, 0] + a[1, 1] + a[2, 2], a[2, 1] - a[1, 2], a[0, 2] - a[2, 0], a[1, 0] - a[0, 1]],
            [a[2, 1] - a[1, 2], a[0, 0] - a[1, 1] - a[2, 2], a[0, 1] + a[1, 0], a[0, 2] + a[2, 0]],
            [a[0, 2] - a[2, 0], a[0, 1] + a[1, 0], a[1, 1] - a[0, 0] - a[2, 2], a[1, 2] + a[2, 1]],
            [a[1, 0] - a[0, 1], a[0, 2] + a[2, 0], a[1, 2] + a[2, 1], a[2, 2] - a[0, 0] - a[1, 1]],
        ]
    )
    if not k.any():
        return np.eye(3)
    w, x, y, z = np.linalg.eigh(k)[1][:, 3]
    return np.array(
        [
            [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
        ]
    )


def _exp(rotvec: F64) -> F64:
    """Rotation matrices (P, 3, 3) of rotation vectors, by unit quaternions."""
    angle = np.sqrt((rotvec**2).sum(1))
    half = 0.5 * np.where(angle > 1e-8, np.sin(angle / 2) / np.where(angle > 1e-8, angle / 2, 1), 1.0)
    w, (x, y, z) = np.cos(angle / 2), (half[:, None] * rotvec).T
    rows = [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)]
    rows += [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)]
    rows += [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]
    return np.stack(rows, -1).reshape(-1, 3, 3)


def _pose(local: F64, parents: I32, origin: F64) -> tuple[F64, F64]:
    """Transforms (P, 3, 4) from resting to posed points and the joints' places (P, 3), the root's at zero."""
    world = local.copy()
    for k in range(1, len(parents)):
        world[k] = world[parents[k]] @ local[k]
    places = _places(world, parents, origin[..., None])[..., 0]
    offset = places - np.einsum("kab,kb->ka", world, origin)
    return np.concatenate([world, offset[..., None]], -1), places


def _places(world: F64, parents: I32, origin: F64) -> F64:
    """Posed joints (P, 3, B), linear in the resting ones, the root's at zero."""
    places = np.zeros_like(origin)
    for k in range(1, len(parents)):
        parent = parents[k]
        places[k] = places[parent] + world[parent] @ (origin[k] - origin[parent])
    return places


def _dense(joints: U8, weights: F32, joint_count: int) -> F64:
    """Weights (V, P)."""
    dense = np.zeros((len(joints), joint_count))
    np.add.at(dense, (np.arange(len(joints))[:, None], joints), weights)
    return dense


def _check_body(
    joints: U8, weights: F32, parents: I32, rest: F32, rest_joints: F32, vertices: F32
) -> tuple[int, int, int]:
    """People, vertices and joints, or the errors that the native operators raise."""
    _check.array(joints, "joints", np.uint8, (None, INFLUENCES))
    _check.array(weights, "weights", np.float32, (len(joints), INFLUENCES))
    _check.array(parents, "parents", np.int32, (None,))
    _check.array(rest, "rest", np.float32, (None, len(joints), 3))
    _check.array(rest_joints, "rest_joints", np.float32, (len(rest), len(parents), 3))
    _check.array(vertices, "vertices", np.float32, (len(rest), len(joints), 3))
    if not 1 <= len(parents) <= MAX_JOINTS:
        raise ValueError(f"a body must have 1 to {MAX_JOINTS} joints")
    if not len(joints):
        raise ValueError("a body must have vertices")
    if joints.max() >= len(parents):
        raise ValueError("joints points at joints that do not exist")
    if (parents[1:] < 0).any() or (parents[1:] >= np.arange(1, len(parents))).any():
        raise ValueError("parents must come before their joints")
    return len(rest), len(joints), len(parents)
