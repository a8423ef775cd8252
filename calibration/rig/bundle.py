"""Bundle adjustment: the poses of cameras and boards, and optionally the intrinsics, that explain all corners best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.spatial.transform import Rotation

from calibration.camera import Camera
from calibration.rig.board_poses import moved, project
from calibration.rig.robust_fit import robust_fit

F64 = NDArray[np.float64]
Int = NDArray[np.intp]
POSE = 6  # parameters of a pose: a rotation vector, which is applied after the rotation, and a change of translation
LENS = 8  # parameters of a camera: relative fx, fy; cx, cy in focal lengths; four of distortion
LENS_STD = np.array([0.05, 0.05, 0.03, 0.03, 0.3, 0.3, 0.02, 0.02])  # of a start that is calibrated
STEP = 1e-6  # of numeric derivatives, relative to the distance of a point
LEAST_SCALE_PX = 0.1  # of the robust loss


@dataclass(frozen=True, slots=True)
class Observations:
    """Corners in images.

    Attributes:
        camera: (N,) number of the camera.
        frame: (N,) number of the frame.
        points: (N, 3) m, on the board.
        pixels: (N, 2) px.
        velocity: (N, 2) px per second, 0 where it is not known.
    """

    camera: Int
    frame: Int
    points: F64
    pixels: F64
    velocity: F64

    @property
    def views(self) -> tuple[Int, Int]:
        """The view of each corner (N,), and the number of corners of each view (V,)."""
        _, view, count = np.unique(
            self.frame * (self.camera.max(initial=0) + 1) + self.camera, return_inverse=True, return_counts=True
        )
        return view.ravel(), count


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is estimated.

    Attributes:
        cameras: intrinsics.
        poses: (C, 4, 4) world to camera; the first one is held.
        boards: (F, 4, 4) board to world.
        delays_s: (V,) by which each view was taken later than the moment of its frame, s; in the order of
            Observations.views.
    """

    cameras: tuple[Camera, ...]
    poses: F64
    boards: F64
    delays_s: F64

    def residuals(self, seen: Observations) -> F64:
        """Projected minus observed corners (N, 2), px; observed ones are moved to the moment of the frame."""
        view, _ = seen.views
        return _predicted(self, seen) - seen.pixels + seen.velocity * self.delays_s[view, None]


def adjust(
    start: Bundle,
    seen: Observations,
    *,
    refine: Sequence[bool] = (),
    delay_std_s: float = 0.0,
    scale_px: float | None = None,
    steps: int = 25,
) -> Bundle:
    """Minimize the robust (soft L1) reprojection error.

    Args:
        start: initial values.
        seen: the corners.
        refine: for each camera, whether its intrinsics are estimated too; they stay near those of the start as far as
            the corners do not determine them.
        delay_std_s: standard deviation of the moments at which cameras take the images of one frame, s; 0: they are
            synchronized.
        scale_px: error from which on a corner counts less, px; None: three times the median error.
        steps: largest number of steps.
    """
    chosen = np.flatnonzero(refine) if len(refine) else np.zeros(0, np.intp)
    views = len(start.delays_s) if delay_std_s else 0
    layout = Layout(len(start.poses), len(start.boards), tuple(chosen.tolist()), views, delay_std_s)
    if scale_px is None:
        scale_px = 3 * max(float(np.median(np.abs(start.residuals(seen)))), LEAST_SCALE_PX)
    current = start
    weight = 1 / scale_px
    prior_weight = 1.0 / scale_px  # a deviation of one standard deviation costs like an error of one pixel

    def values(parameters: F64) -> F64:
        changed = layout.apply(current, parameters)
        prior = layout.lens(parameters) / LENS_STD * prior_weight
        late = layout.delays(parameters) * prior_weight  # in standard deviations
        return np.concatenate([changed.residuals(seen).ravel() * weight, prior.ravel(), late])

    def derivative(parameters: F64) -> csr_matrix:
        return layout.jacobian(current, parameters, seen, weight, prior_weight)

    return layout.apply(current, robust_fit(values, derivative, np.zeros(layout.size), steps))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where parameters are in the vector: poses of the cameras (but the first), boards, lenses of some cameras, and
    delays of all views or none, in standard deviations."""

    cameras: int
    frames: int
    lenses: tuple[int, ...]
    views: int = 0
    delay_std_s: float = 0.0
    hold_first: bool = True

    @property
    def poses_end(self) -> int:
        return POSE * (self.cameras - self.hold_first + self.frames)

    @property
    def lenses_end(self) -> int:
        return self.poses_end + LENS * len(self.lenses)

    @property
    def size(self) -> int:
        return self.lenses_end + self.views

    def lens(self, parameters: F64) -> F64:
        return parameters[self.poses_end : self.lenses_end].reshape(-1, LENS)

    def delays(self, parameters: F64) -> F64:
        return parameters[self.lenses_end :]

    def apply(self, bundle: Bundle, parameters: F64) -> Bundle:
        poses = parameters[: self.poses_end].reshape(-1, POSE)
        camera_part = poses[: self.cameras - self.hold_first]
        if self.hold_first:
            camera_part = np.concatenate([np.zeros((1, POSE)), camera_part])
        boards = poses[self.cameras - self.hold_first :]
        cameras = list(bundle.cameras)
        for index, change in zip(self.lenses, self.lens(parameters), strict=True):
            cameras[index] = changed_lens(cameras[index], change)
        delays = bundle.delays_s + self.delays(parameters) * self.delay_std_s if self.views else bundle.delays_s
        return Bundle(tuple(cameras), _turned(bundle.poses, camera_part), _turned(bundle.boards, boards), delays)

    def blocks(self, bundle: Bundle, seen: Observations) -> tuple[F64, F64]:
        """Derivatives (N, 2, 6) of the pixels to the pose of the camera and to that of the board, at zero changes."""
        poses, boards = bundle.poses[seen.camera], bundle.boards[seen.frame]
        turned_board = np.einsum("nij,nj->ni", boards[:, :3, :3], seen.points)
        world = turned_board + boards[:, :3, 3]
        turned = np.einsum("nij,nj->ni", poses[:, :3, :3], world)
        at = turned + poses[:, :3, 3]
        by_point = _projection_derivative(bundle.cameras, seen.camera, at)
        by_camera = np.concatenate([-_cross(turned), np.broadcast_to(np.eye(3), (len(at), 3, 3))], axis=2)
        by_board = np.concatenate([-_cross(turned_board), np.broadcast_to(np.eye(3), (len(at), 3, 3))], axis=2)
        return by_point @ by_camera, by_point @ poses[:, :3, :3] @ by_board

    def jacobian(
        self, start: Bundle, parameters: F64, seen: Observations, weight: float, prior_weight: float
    ) -> csr_matrix:
        changed = self.apply(start, parameters)
        camera_part, board_part = self.blocks(changed, seen)
        poses = parameters[: self.poses_end].reshape(-1, POSE)
        left = np.broadcast_to(np.eye(POSE), (len(poses), POSE, POSE)).copy()
        left[:, :3, :3] = _left_jacobian(poses[:, :3])
        held = int(self.hold_first)
        count = len(seen.camera)
        camera_slot, board_slot = seen.camera - held, self.cameras - held + seen.frame
        camera_part = camera_part @ left[np.maximum(camera_slot, 0)]
        board_part = board_part @ left[board_slot]
        rows = np.arange(2 * count).reshape(count, 2, 1)
        free = camera_slot >= 0
        parts = [
            (rows[free], camera_slot[free], camera_part[free], POSE, 0),
            (rows, board_slot, board_part, POSE, 0),
        ]
        for number, index in enumerate(self.lenses):
            mine = np.flatnonzero(seen.camera == index)
            by_lens = lens_derivative(changed, seen, mine, start.cameras[index], self.lens(parameters)[number])
            slot = np.full(len(mine), number)
            parts.append((rows[mine], slot, by_lens, LENS, self.poses_end))
        if self.views:
            view, _ = seen.views
            parts.append((rows, view, seen.velocity[..., None] * self.delay_std_s, 1, self.lenses_end))
        row, column, value = [], [], []
        for at_rows, slot, block, width, offset in parts:
            columns = offset + width * slot[:, None, None] + np.arange(width)
            row.append(np.broadcast_to(at_rows, block.shape).ravel())
            column.append(np.broadcast_to(columns, block.shape).ravel())
            value.append(block.ravel() * weight)
        priors = self.size - self.poses_end
        row.append(2 * count + np.arange(priors))
        column.append(self.poses_end + np.arange(priors))
        value.append(np.tile(prior_weight / LENS_STD, len(self.lenses)))
        value.append(np.full(self.views, prior_weight))
        shape = (2 * count + priors, self.size)
        return csr_matrix((np.concatenate(value), (np.concatenate(row), np.concatenate(column))), shape=shape)


def changed_lens(camera: Camera, change: F64) -> Camera:
    """A camera with changed intrinsics, as the parameters LENS describe."""
    K = camera.K.copy()
    K[0, 2] += change[2] * K[0, 0]
    K[1, 2] += change[3] * K[1, 1]
    K[0, 0] *= np.exp(change[0])
    K[1, 1] *= np.exp(change[1])
    distortion = camera.distortion.copy()
    distortion[:4] += change[4:]
    return replace(camera, K=K, distortion=distortion)


def _turned(transforms: F64, changes: F64) -> F64:
    result: F64 = transforms.copy()
    result[:, :3, :3] = Rotation.from_rotvec(changes[:, :3]).as_matrix() @ transforms[:, :3, :3]
    result[:, :3, 3] += changes[:, 3:]
    return result


def _predicted(bundle: Bundle, seen: Observations) -> F64:
    transforms = bundle.poses[seen.camera] @ bundle.boards[seen.frame]
    at = np.einsum("nij,nj->ni", transforms[:, :3, :3], seen.points) + transforms[:, :3, 3]
    return _by_camera(bundle.cameras, seen.camera, at)


def _by_camera(cameras: tuple[Camera, ...], camera: Int, at: F64) -> F64:
    pixels = np.zeros((len(at), 2))
    for index in np.unique(camera):
        mine = camera == index
        pixels[mine] = project(cameras[index], at[mine])
    return pixels


def _projection_derivative(cameras: tuple[Camera, ...], camera: Int, at: F64) -> F64:
    """(N, 2, 3) px/m."""
    derivative = np.zeros((len(at), 2, 3))
    step = STEP * np.maximum(at[:, 2:], 0.1)
    for axis in range(3):
        shift = np.zeros((len(at), 3))
        shift[:, axis] = step[:, 0]
        difference = _by_camera(cameras, camera, at + shift) - _by_camera(cameras, camera, at - shift)
        derivative[:, :, axis] = difference / (2 * step)
    return derivative


def lens_derivative(bundle: Bundle, seen: Observations, rows: Int, start: Camera, change: F64) -> F64:
    """(N, 2, 8) px."""
    index = int(seen.camera[rows[0]]) if len(rows) else 0
    board = bundle.boards[seen.frame[rows]]
    world = np.einsum("nij,nj->ni", board[:, :3, :3], seen.points[rows]) + board[:, :3, 3]
    at = moved(bundle.poses[index], world)
    derivative = np.zeros((len(rows), 2, LENS))
    for parameter in range(LENS):
        shift = np.zeros(LENS)
        shift[parameter] = STEP
        high, low = project(changed_lens(start, change + shift), at), project(changed_lens(start, change - shift), at)
        derivative[:, :, parameter] = (high - low) / (2 * STEP)
    return derivative


def _cross(vectors: F64) -> F64:
    """Matrices (N, 3, 3) of the cross product with vectors (N, 3)."""
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    return np.stack([np.stack(row, -1) for row in ((zero, -z, y), (z, zero, -x), (-y, x, zero))], -2)


def _left_jacobian(turns: F64) -> F64:
    """The left Jacobian (N, 3, 3) of rotation vectors (N, 3): how a small change of the vector turns its rotation."""
    angle = np.linalg.norm(turns, axis=1)[:, None, None]
    cross = _cross(turns)
    small = angle < 1e-4
    safe = np.where(small, 1.0, angle)
    first = np.where(small, 0.5, (1 - np.cos(safe)) / safe**2)
    second = np.where(small, 1 / 6, (safe - np.sin(safe)) / safe**3)
    return np.asarray(np.eye(3) + first * cross + second * (cross @ cross))
