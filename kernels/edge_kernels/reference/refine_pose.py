"""refine_pose in NumPy: the reference of the native operator, and its replacement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_kernels import _check

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

MAX_JOINTS = 64
MAX_KEYPOINTS = 64
NEAR_M = 0.05  # depth from which a keypoint counts
TRIES = 4  # dampings that a step tries
DAMPING = 1e-4  # of the diagonal, at first
MORE_DAMPING = 10.0  # where a step does not lower the energy; a good one divides by it
FAILED = 1e-2  # least damping after a step that does not
LEAST = 1e-9  # added to the diagonal: keeps what nothing determines solvable
GAIN = 1e-9  # of the energy, or of a squared standard deviation: less is rounding


def workspace_numbers(joints: int, keypoints: int, limits: int) -> int:
    """Columns that the workspace of `refine_pose` must have at least."""
    unknowns = 3 * joints + 3
    state = 25 * joints + 3 + 7 * keypoints + keypoints + joints + limits + 1
    arms = 4 * keypoints * joints + 9 * keypoints * (joints + 1)
    return 2 * state + 5 * joints + 1 + arms + 2 * unknowns * unknowns + 2 * unknowns


def refine_pose(
    parents: I32,
    zeroth: F32,
    limit_joints: I32,
    limit_axes: F32,
    limit_ranges: F32,
    first: F32,
    rest_joints: F32,
    prior: F32,
    root: F32,
    stiffness: F32,
    root_stiffness: F32,
    rays: F32,
    precision: F32,
    workspace: F64,
    rotations: F32,
    translation: F32,
    energy: F32,
    robust: float,
    limit_stiffness: float,
    steps: int,
    stream: int = 0,
) -> None:
    """Local rotations and translation of a rig, moved from a prior towards 2D keypoints or points in space.

    A keypoint is linear in the joints' transforms, by its moments `first` and `zeroth`. Minimized by damped
    Gauss-Newton steps: the robust, weighted distances of keypoints to their rays or points, the distance to the prior,
    and angles beyond the joints' limits. Sizes: N people, J joints (at most 64), K keypoints (at most 64), L limits.

    Args:
        parents: (J,), each before its joint; the root's is ignored.
        zeroth: (K, J), sums of the skinning weights of a keypoint's vertices.
        limit_joints: (L,), joints with a limited turn about an axis.
        limit_axes: (L, 3), unit axes, in the axes of the joint's parent.
        limit_ranges: (L, 2), lowest and highest turn in radians.
        first: (N, K, J, 3), sums of weights times resting vertices, m.
        rest_joints: (N, J, 3), m.
        prior: (N, J, 3, 3), local rotations at which it starts.
        root: (N, 3), the root joint's place in the camera's frame, m.
        stiffness: (N, J, 3), of the turn away from the prior, in the axes of the joint's parent, 1 / rad^2.
        root_stiffness: (N, 2), across the ray to the root and along it, 1 / m^2.
        rays: (N, K, 2), (x / z, y / z) of the keypoints as seen; or (N, K, 3), their places in space, m.
        precision: (N, K, 3), (a, b, c) of the triangular root [[a, b], [0, c]] of their information matrices, in
            standard deviations per unit of the ray; zero for keypoints without weight. For places in space (N, K, 6),
            (a, b, c, d, e, f) of [[a, b, c], [0, d, e], [0, 0, f]], in standard deviations per meter.
        workspace: (N, at least `workspace_numbers`), float64, unspecified afterwards.
        rotations: (N, J, 3, 3), the result.
        translation: (N, 3), the result, m.
        energy: (N, 2), of the prior and of the result; not-a-number for a person with numbers that are not finite, who
            keeps the prior.
        robust: distance in standard deviations at which a keypoint's weight is a quarter (Geman-McClure).
        limit_stiffness: of angles beyond a limit, 1 / rad^2.
        steps: number of Gauss-Newton steps.
        stream: ignored; a CUDA stream for arrays on a device.

    Raises:
        TypeError: an array has another type.
        ValueError: an array has another shape, or a number is out of range.
    """
    f32 = np.float32
    if not robust > 0:
        raise ValueError("robust must be positive")
    if not limit_stiffness >= 0:
        raise ValueError("limit_stiffness must not be negative")
    joints, keypoints, limits = _check_constants(parents, zeroth, limit_joints, limit_axes, limit_ranges)
    _check.array(prior, "prior", f32, (None, joints, 3, 3))
    people = len(prior)
    _check.array(first, "first", f32, (people, keypoints, joints, 3))
    _check.array(rest_joints, "rest_joints", f32, (people, joints, 3))
    _check.array(root, "root", f32, (people, 3))
    _check.array(stiffness, "stiffness", f32, (people, joints, 3))
    _check.array(root_stiffness, "root_stiffness", f32, (people, 2))
    space = np.ndim(rays) == 3 and np.shape(rays)[2] == 3
    _check.array(rays, "rays", f32, (people, keypoints, 3 if space else 2))
    _check.array(precision, "precision", f32, (people, keypoints, 6 if space else 3))
    _check.output(workspace, "workspace", np.float64, (people, None))
    needed = workspace_numbers(joints, keypoints, limits)
    if workspace.shape[1] < needed:
        raise ValueError(f"workspace must have at least {needed} columns, not {workspace.shape[1]}")
    _check.output(rotations, "rotations", f32, (people, joints, 3, 3))
    _check.output(translation, "translation", f32, (people, 3))
    _check.output(energy, "energy", f32, (people, 2))
    below = _descendants(parents)
    for n in range(people):
        rotations[n], translation[n], energy[n] = prior[n], root[n], np.nan
        if not all(np.isfinite(a[n]).all() for a in (prior, root, rest_joints, stiffness, root_stiffness)):
            continue
        with np.errstate(all="ignore"):
            problem = _Problem(
                parents,
                below,
                zeroth.astype(np.float64),
                (limit_joints, limit_axes.astype(np.float64), limit_ranges.astype(np.float64), limit_stiffness),
                first[n].astype(np.float64),
                rest_joints[n].astype(np.float64),
                np.stack([_quaternion_of(r) for r in prior[n].astype(np.float64)]),
                root[n].astype(np.float64),
                stiffness[n].astype(np.float64),
                root_stiffness[n].astype(np.float64),
                rays[n].astype(np.float64),
                precision[n].astype(np.float64),
                robust,
            )
            state, energy[n, 0], energy[n, 1] = _refine(problem, steps)
        if state is not None:
            rotations[n], translation[n] = state.local, state.root


@dataclass(frozen=True, slots=True)
class _Problem:
    """One person's inputs, in float64."""

    parents: I32
    below: NDArray[np.bool_]
    zeroth: F64
    limits: tuple[I32, F64, F64, float]
    first: F64
    rest: F64
    prior: F64
    start: F64
    stiffness: F64
    root_stiffness: F64
    rays: F64
    precision: F64
    robust: float

    @property
    def in_space(self) -> bool:
        """Whether the keypoints are places in space instead of rays."""
        return bool(self.rays.shape[1] == 3)

    def roots(self) -> F64:
        """The triangular roots (K, D, D) of the information matrices."""
        size = self.rays.shape[1]
        roots = np.zeros((len(self.rays), size, size))
        rows, columns = np.triu_indices(size)
        roots[:, rows, columns] = self.precision
        return roots

    def root_matrix(self) -> F64:
        """The stiffness of the root (3, 3), 1 / m^2."""
        length = np.linalg.norm(self.start)
        ray = self.start / length if length > 0 else np.array([0.0, 0.0, 1.0])
        across, along = self.root_stiffness
        matrix: F64 = along * np.outer(ray, ray) + across * (np.eye(3) - np.outer(ray, ray))
        return matrix


class _State:
    """A pose, its energy and what a step from it needs."""

    def __init__(self, problem: _Problem, quaternions: F64, root: F64, used: NDArray[np.bool_] | None) -> None:
        self.problem, self.quaternions, self.root = problem, quaternions, root
        self.local = _matrices_of(quaternions)
        parents, rest = problem.parents, problem.rest
        self.world, self.places = self.local.copy(), np.zeros_like(rest)
        for j in range(1, len(parents)):
            up = self.world[parents[j]]
            self.world[j] = up @ self.local[j]
            self.places[j] = self.places[parents[j]] + up @ (rest[j] - rest[parents[j]])
        from_joint = problem.first - problem.zeroth[..., None] * rest  # (K, J, 3)
        self.arms = np.einsum("jab,kjb->kja", self.world, from_joint) + problem.zeroth[..., None] * self.places
        self.seen = root + self.arms.sum(1)
        if problem.in_space:
            self.ahead = np.ones(len(self.seen), bool)
            away = self.seen - problem.rays
        else:
            self.ahead = self.seen[:, 2] >= NEAR_M
            away = self.seen[:, :2] / self.seen[:, 2:] - problem.rays
        self.residual = np.einsum("krc,kc->kr", problem.roots(), away)
        square = (self.residual**2).sum(1)
        self.ratio = 1 / (1 + square / problem.robust**2)
        terms = np.where(self.ahead, square * self.ratio, np.inf)
        if used is None:
            known = np.isfinite(problem.rays).all(1) & np.isfinite(problem.precision).all(1)
            used = known & problem.precision.any(1) & np.isfinite(terms)
        self.used = used
        self.away = _relative(quaternions, problem.prior)
        self.beyond, self.slopes = _beyond(problem, quaternions)
        pull = problem.root_matrix() @ (root - problem.start)
        self.energy = float(
            terms[used].sum()
            + (problem.stiffness * 4 * self.away[:, 1:] ** 2).sum()
            + problem.limits[3] * (self.beyond**2).sum()
            + pull @ (root - problem.start)
        )

    def system(self) -> tuple[F64, F64]:
        """Gauss-Newton's equations (n, n) and gradient (n,): turns of joints in the camera's axes, then the root."""
        problem, parents = self.problem, self.problem.parents
        count = len(parents)
        jacobian = self._keypoint_rows()
        normal = np.einsum("kri,krj->ij", jacobian, jacobian)
        gradient = np.einsum("kri,kr->i", jacobian, (self.ratio[:, None] * self.residual)[self.used])
        for j in range(count):
            up = np.eye(3) if j == 0 else self.world[parents[j]]
            w, x, y, z = self.away[j]
            rate = np.array([[w, z, -y], [-z, w, x], [y, -x, w]]) @ up.T
            part = slice(3 * j, 3 * j + 3)
            normal[part, part] += rate.T @ (problem.stiffness[j][:, None] * rate)
            gradient[part] += rate.T @ (problem.stiffness[j] * 2 * self.away[j, 1:])
            for limit in np.flatnonzero((problem.limits[0] == j) & (self.beyond != 0)):
                slope = up @ self.slopes[limit]
                normal[part, part] += problem.limits[3] * np.outer(slope, slope)
                gradient[part] += problem.limits[3] * self.beyond[limit] * slope
        matrix = problem.root_matrix()
        normal[3 * count :, 3 * count :] += matrix
        gradient[3 * count :] += matrix @ (self.root - problem.start)
        return normal, gradient

    def _keypoint_rows(self) -> F64:
        """Derivatives (used keypoints, D, n) of the residuals, times the square root of their robust weights."""
        problem, used = self.problem, self.used
        roots = problem.roots()[used]
        by_place = np.broadcast_to(np.eye(3), (len(roots), 3, 3))
        if not problem.in_space:
            x, y, z = self.seen[used].T
            zero = np.zeros_like(z)
            by_place = np.stack([1 / z, zero, -x / z**2, zero, 1 / z, -y / z**2], -1).reshape(-1, 2, 3)
        rows = self.ratio[used, None, None] * (roots @ by_place)
        arms = np.einsum("dj,kdc->kjc", problem.below, self.arms[used])
        mass = np.einsum("dj,kd->kj", problem.below, problem.zeroth[used])
        arms = arms - mass[..., None] * self.places
        turns = np.cross(arms[:, None], rows[:, :, None])  # (K, D, J, 3)
        return np.concatenate([turns.reshape(len(rows), rows.shape[1], 3 * len(self.places)), rows], -1)

    def after(self, step: F64) -> _State:
        turns = step[:-3].reshape(-1, 3)
        up = np.concatenate([np.eye(3)[None], self.world[self.problem.parents[1:]]])
        own = np.einsum("jab,ja->jb", up, turns)
        turned = _product(_exponential(own), self.quaternions)
        turned /= np.linalg.norm(turned, axis=1, keepdims=True)
        return _State(self.problem, turned, self.root + step[-3:], self.used)


def _refine(problem: _Problem, steps: int) -> tuple[_State | None, float, float]:
    """The refined state, None where no step lowers the energy, and the energies before and after."""
    now = _State(problem, problem.prior, problem.start, None)
    before, damping, moved = now.energy, DAMPING, False
    for _ in range(steps):
        normal, gradient = now.system()
        better = False
        for _ in range(TRIES):
            step = _solve(normal, gradient, damping)
            tried = None if step is None else now.after(step)
            enough = now.energy - GAIN * (1 + now.energy)
            if tried is not None and tried.ahead[now.used].all() and tried.energy < enough:
                now, better, moved = tried, True, True
                damping /= MORE_DAMPING
                break
            damping = max(damping * MORE_DAMPING, FAILED)
        if not better:
            break
    return (now if moved else None), before, now.energy


def _solve(normal: F64, gradient: F64, damping: float) -> F64 | None:
    damped = normal + np.diag(damping * normal.diagonal() + LEAST)
    try:
        np.linalg.cholesky(damped)
        return np.asarray(np.linalg.solve(damped, -gradient), np.float64)
    except np.linalg.LinAlgError:
        return None


def _beyond(problem: _Problem, quaternions: F64) -> tuple[F64, F64]:
    """Angles (L,) beyond the limits, signed, and their slopes (L, 3) by a turn in the axes of the joint's parent."""
    joints, axes, ranges, _ = problem.limits
    q = quaternions[joints]
    q[q[:, 0] < 0] *= -1
    w, v = q[:, 0], q[:, 1:]
    along = (v * axes).sum(1)
    angle = 2 * np.arctan2(along, w)
    low, high = ranges.T
    square = w**2 + along**2
    slopes = w[:, None] * (w[:, None] * axes + np.cross(v, axes)) + along[:, None] * v
    slopes = np.where(square[:, None] > 1e-12, slopes / square[:, None], 0)
    return np.where(angle < low, angle - low, np.where(angle > high, angle - high, 0.0)), slopes


def _product(a: F64, b: F64) -> F64:
    """Products of quaternions (J, 4)."""
    scalar = a[:, :1] * b[:, :1] - (a[:, 1:] * b[:, 1:]).sum(1, keepdims=True)
    vector = a[:, :1] * b[:, 1:] + b[:, :1] * a[:, 1:] + np.cross(a[:, 1:], b[:, 1:])
    return np.concatenate([scalar, vector], 1)


def _relative(a: F64, b: F64) -> F64:
    """a b^-1 with w >= 0."""
    product = _product(a, b * [1, -1, -1, -1])
    return np.where(product[:, :1] < 0, -product, product)


def _exponential(rotvec: F64) -> F64:
    """Quaternions (J, 4) of rotation vectors (J, 3)."""
    angle = np.linalg.norm(rotvec, axis=1, keepdims=True)
    half = np.where(angle > 1e-8, np.sin(angle / 2) / np.where(angle > 1e-8, angle, 1), 0.5)
    return np.concatenate([np.cos(angle / 2), half * rotvec], 1)


def _matrices_of(q: F64) -> F64:
    w, x, y, z = q.T
    rows = [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)]
    rows += [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)]
    rows += [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]
    return np.stack(rows, -1).reshape(-1, 3, 3)


def _quaternion_of(m: F64) -> F64:
    """Of a matrix that is close to a rotation; the identity for one that is far from any."""
    xx, yy, zz = m[0, 0], m[1, 1], m[2, 2]
    x, y, z = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    xy, xz, yz = m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1]
    rows = np.array(
        [
            [1 + xx + yy + zz, x, y, z],
            [x, 1 + xx - yy - zz, xy, xz],
            [y, xy, 1 - xx + yy - zz, yz],
            [z, xz, yz, 1 - xx - yy + zz],
        ]
    )
    row = rows[int(np.argmax(rows.diagonal()))]
    square = float(row @ row)
    if not (square > 1e-12 and np.isfinite(square)):
        return np.array([1.0, 0, 0, 0])
    quaternion: F64 = (-row if row[0] < 0 else row) / np.sqrt(square)
    return quaternion


def _descendants(parents: I32) -> NDArray[np.bool_]:
    """(J, J): whether joint d is in the subtree of joint j, as [d, j]."""
    below = np.eye(len(parents), dtype=bool)
    for j in range(1, len(parents)):
        below[j] |= below[parents[j]]
    return below


def _check_constants(
    parents: I32, zeroth: F32, limit_joints: I32, limit_axes: F32, limit_ranges: F32
) -> tuple[int, int, int]:
    """Joints, keypoints and limits, or the errors that the native operator raises."""
    _check.array(parents, "parents", np.int32, (None,))
    joints = len(parents)
    if not 1 <= joints <= MAX_JOINTS:
        raise ValueError(f"a body must have 1 to {MAX_JOINTS} joints")
    _check.array(zeroth, "zeroth", np.float32, (None, joints))
    if len(zeroth) > MAX_KEYPOINTS:
        raise ValueError(f"zeroth must have at most {MAX_KEYPOINTS} keypoints, not {len(zeroth)}")
    _check.array(limit_joints, "limit_joints", np.int32, (None,))
    _check.array(limit_axes, "limit_axes", np.float32, (len(limit_joints), 3))
    _check.array(limit_ranges, "limit_ranges", np.float32, (len(limit_joints), 2))
    if (parents[1:] < 0).any() or (parents[1:] >= np.arange(1, joints)).any():
        raise ValueError("parents must come before their joints")
    if (limit_joints < 0).any() or (limit_joints >= joints).any():
        raise ValueError("limit_joints points at joints that do not exist")
    return joints, len(zeroth), len(limit_joints)
