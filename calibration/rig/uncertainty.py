"""What every frame says about the poses of cameras: their uncertainty, and cameras that were moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.rig.bundle import LENS, LENS_STD, POSE, Bundle, Layout, Observations, lens_derivative
from calibration.rig_file import PoseUncertainty

F64 = NDArray[np.float64]
LEAST_NOISE_PX = 1e-3
GIVEN_LENS_STD = LENS_STD / 25  # of a lens that a camera file describes
TINY = 1e-9  # of the largest eigenvalue: directions that nothing determines


@dataclass(frozen=True, slots=True)
class Normal:
    """The normal equations at a solution. The board and the delays of every frame are eliminated.

    The parameters are the pose of each camera (rotation, translation), then the lens of each camera.

    Attributes:
        hessian: (F, P, P), what each frame contributes, in units of the corners' noise.
        gradient: (F, P).
        prior: (P, P), what is known of the lenses beforehand.
        cameras: number of cameras; the first 6 * cameras parameters are their poses.
    """

    hessian: F64
    gradient: F64
    prior: F64
    cameras: int

    def covariance(self) -> F64:
        """The covariance (6 C, 6 C) of the poses, relative to the rig as a whole.

        The larger of what the corners' noise makes, and what frames say by their differences (the sandwich estimator):
        the errors of the corners of one board are not independent.
        """
        information = self.hessian.sum(axis=0) + self.prior
        scale = 1 / np.sqrt(np.maximum(np.diag(information), 1e-12))
        scaled = information * scale[:, None] * scale
        values, vectors = np.linalg.eigh(scaled)
        usable = values > TINY * values[-1]
        inverse = (vectors[:, usable] / values[usable]) @ vectors[:, usable].T * scale[:, None] * scale
        frames = len(self.gradient)
        by_frames = inverse @ (self.gradient.T @ self.gradient * frames / max(frames - 1, 1)) @ inverse
        poses = POSE * self.cameras
        return np.asarray(np.maximum(np.trace(by_frames) / max(np.trace(inverse), 1e-300), 1.0) * inverse)[
            :poses, :poses
        ]


def normal_equations(
    solution: Bundle, seen: Observations, refine: Sequence[bool] = (), delay_std_s: float = 0.0
) -> Normal:
    """The contributions of the frames to the normal equations of the poses of all cameras.

    Args:
        solution: of the bundle adjustment.
        seen: its corners.
        refine: for each camera, whether its lens was estimated too; those of the others are known, but not exactly.
        delay_std_s: as it was given to the adjustment.
    """
    cameras, frames = len(solution.poses), len(solution.boards)
    size = (POSE + LENS) * cameras
    residuals = solution.residuals(seen)
    noise = max(1.4826 * float(np.median(np.abs(residuals))), LEAST_NOISE_PX)
    weight = (1 + np.square(residuals / (3 * noise)).sum(axis=1)) ** -0.25 / noise
    camera_part, board_part = Layout(cameras, frames, (), hold_first=False).blocks(solution, seen)
    full = np.zeros((len(weight), 2, size))
    rows = np.arange(len(weight))
    for parameter in range(POSE):
        full[rows, :, POSE * seen.camera + parameter] = camera_part[:, :, parameter]
    for index in range(cameras):
        mine = np.flatnonzero(seen.camera == index)
        at = POSE * cameras + LENS * index
        full[mine, :, at : at + LENS] = lens_derivative(solution, seen, mine, solution.cameras[index], np.zeros(LENS))
    full *= weight[:, None, None]
    residuals = residuals * weight[:, None]
    view, _ = seen.views
    hessian, gradient = np.zeros((frames, size, size)), np.zeros((frames, size))
    order = np.argsort(seen.frame, kind="stable")
    bounds = np.searchsorted(seen.frame[order], np.arange(frames + 1))
    for frame in range(frames):
        mine = order[bounds[frame] : bounds[frame + 1]]
        if not len(mine):
            continue
        a = full[mine].reshape(-1, size)
        b = (board_part[mine] * weight[mine, None, None]).reshape(-1, POSE)
        r = residuals[mine].ravel()
        if delay_std_s:
            here, local = np.unique(view[mine], return_inverse=True)
            late = np.zeros((len(mine), 2, len(here)))
            moving = seen.velocity[mine] * weight[mine, None] * delay_std_s
            late[np.arange(len(mine)), :, local.ravel()] = moving
            b = np.concatenate([b, late.reshape(len(b), -1)], axis=1)
            b = np.concatenate([b, np.eye(len(here), b.shape[1], POSE)])
            a = np.concatenate([a, np.zeros((len(here), size))])
            r = np.concatenate([r, solution.delays_s[here] / delay_std_s])
        basis, _ = np.linalg.qr(b)  # what board and delays can explain is projected out
        a = a - basis @ (basis.T @ a)
        hessian[frame], gradient[frame] = a.T @ a, a.T @ (r - basis @ (basis.T @ r))
    prior = np.zeros(size)
    flags = refine if len(refine) else [False] * cameras
    prior[POSE * cameras :] = np.concatenate([(LENS_STD if flag else GIVEN_LENS_STD) ** -2.0 for flag in flags])
    return Normal(hessian, gradient, np.diag(prior), cameras)


def pose_uncertainty(solution: Bundle, covariance: F64) -> list[PoseUncertainty]:
    """Standard deviations of the rotation and the position of each camera."""
    found = []
    for camera, pose in enumerate(solution.poses):
        part = slice(POSE * camera, POSE * (camera + 1))
        block = covariance[part, part]
        rotation, translation = pose[:3, :3], pose[:3, 3]
        to_position = np.hstack([-rotation.T @ _cross(translation), -rotation.T])
        spread = to_position @ block @ to_position.T
        found.append(
            PoseUncertainty(
                float(np.degrees(np.sqrt(max(np.trace(block[:3, :3]), 0)))), float(np.sqrt(max(np.trace(spread), 0)))
            )
        )
    return found


def relative_uncertainty(solution: Bundle, covariance: F64, first: int, second: int) -> PoseUncertainty:
    """Standard deviations of the second camera's pose in the first one's frame."""
    one, other = solution.poses[first], solution.poses[second]
    turn = other[:3, :3] @ one[:3, :3].T
    jacobian = np.zeros((POSE, len(covariance)))
    a, b = slice(POSE * first, POSE * first + POSE), slice(POSE * second, POSE * second + POSE)
    jacobian[:3, b.start : b.start + 3] = np.eye(3)
    jacobian[:3, a.start : a.start + 3] = -turn
    # t = t2 - exp(w2) R2 R1^T exp(-w1) t1
    jacobian[3:, b.start + 3 : b.stop] = np.eye(3)
    jacobian[3:, b.start : b.start + 3] = _cross(turn @ one[:3, 3])
    jacobian[3:, a.start + 3 : a.stop] = -turn
    jacobian[3:, a.start : a.start + 3] = -turn @ _cross(one[:3, 3])
    spread = jacobian @ covariance @ jacobian.T
    return PoseUncertainty(
        float(np.degrees(np.sqrt(np.trace(spread[:3, :3])))), float(np.sqrt(np.trace(spread[3:, 3:])))
    )


def _cross(vector: F64) -> F64:
    """The matrix (3, 3) of the cross product with a vector."""
    x, y, z = vector
    return np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
