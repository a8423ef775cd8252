"""The calibration of a rig from views of a board: poses, their uncertainty, and what is wrong with the recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.boards import View
from calibration.camera import Camera
from calibration.intrinsics import CalibrationError
from calibration.rig.board_poses import FrameViews, angle_deg, inverse
from calibration.rig.delay_check import DelayCheck, check_delays
from calibration.rig.moves import Suspect, find_suspects
from calibration.rig.solve import Solution, solve
from calibration.rig.uncertainty import Normal, normal_equations, pose_uncertainty
from calibration.rig_file import PoseUncertainty

F64 = NDArray[np.float64]
MOST_MOVES = 3
BEFORE = " before"  # added to the name of a camera for its views before it was moved
MORE_VIEWS = 1.05  # usable views with a move, as a multiple of those without, or
LESS_ERROR = 0.995  # the error with it, as a share of that without
SAME_VIEWS = 0.99  # cameras whose move explains this share of the most views,
SAME_ERROR = 1.002  # with this multiple of the least error, explain them as well
LEAST_MOVE_DEG, LEAST_MOVE_M = 0.1, 0.002


@dataclass(frozen=True, slots=True)
class BoardViews:
    """What the cameras see of a board.

    Attributes:
        views: by frame and camera; those of one frame are of one moment.
        turns: the board's symmetries (4, 4).
        velocities: of the corners (N, 2), px per second, by frame and camera; 0 for views that are not in it.
        times_s: when frames were taken, s.
        delay_std_s: standard deviation of the moments at which cameras take the images of one frame, s, if they differ.
    """

    views: FrameViews
    turns: Sequence[F64]
    velocities: Mapping[tuple[int, str], F64]
    times_s: Mapping[int, float]
    delay_std_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Moved:
    """A camera that was moved during the recording.

    Attributes:
        cameras: its name; two names where the views do not tell which of them was moved.
        frame: the first one after the move.
        rotation_deg, distance_m: how far.
        after: whether the calibrated pose is that after the move; else that before it.
    """

    cameras: tuple[str, ...]
    frame: int
    rotation_deg: float
    distance_m: float
    after: bool


@dataclass(frozen=True, slots=True)
class RigCalibration:
    """A calibrated rig, in the frame of its first camera.

    Attributes:
        solution: cameras, poses and boards.
        uncertainty: of the poses relative to the rig as a whole, by name.
        unconnected: groups of cameras that share no usable view with those of the solution.
        contradicting: pairs whose common views contradict each other, with the number of these.
        moved: cameras that were moved.
        delays: what delays of the views explain of corners that were left out, None where no delays were tried.
    """

    solution: Solution
    uncertainty: dict[str, PoseUncertainty]
    unconnected: tuple[tuple[str, ...], ...]
    contradicting: dict[tuple[str, str], int]
    moved: tuple[Moved, ...]
    delays: DelayCheck | None = None


def calibrate_rig(cameras: Mapping[str, Camera], seen: BoardViews, refine: Sequence[str] = ()) -> RigCalibration:
    """Calibrate the poses of cameras from views of a board that pairs of them share.

    The images of one frame are taken as simultaneous unless delays predict corners that were left out significantly
    better.

    Args:
        cameras: intrinsics by name, in the order of the rig.
        seen: views of the board.
        refine: names of cameras whose intrinsics are estimated too.

    Raises:
        CalibrationError: No two cameras are connected by common views.
    """
    moved: list[Moved] = []
    delays = None
    solution, groups, contradicting = _solve(cameras, seen, refine)
    if seen.delay_std_s and np.any(solution.seen.velocity):
        flags = np.array([name in refine for name in solution.names])
        delays = check_delays(solution, flags, seen.delay_std_s)
        if not delays.real:
            seen = replace(seen, delay_std_s=0.0)
            solution, groups, contradicting = _solve(cameras, seen, refine)
    for _ in range(MOST_MOVES):
        normal = _normal(solution, seen, refine)
        found = _with_move(cameras, seen, refine, find_suspects(solution, normal), solution)
        if found is None:
            break
        seen, move, (solution, groups, contradicting) = found
        moved.append(move)
    normal = _normal(solution, seen, refine)
    spread = pose_uncertainty(solution.bundle, normal.covariance())
    return RigCalibration(
        solution,
        dict(zip(solution.names, spread, strict=True)),
        tuple(tuple(group) for group in groups[1:]),
        contradicting,
        tuple(moved),
        delays,
    )


_Solved = tuple[Solution, list[list[str]], dict[tuple[str, str], int]]


def _solve(cameras: Mapping[str, Camera], seen: BoardViews, refine: Sequence[str]) -> _Solved:
    return solve(cameras, seen.views, seen.turns, refine, seen.velocities, seen.delay_std_s)


def _normal(solution: Solution, seen: BoardViews, refine: Sequence[str]) -> Normal:
    flags = [name in refine for name in solution.names]
    return normal_equations(solution.bundle, solution.seen, flags, seen.delay_std_s)


def _with_move(
    cameras: Mapping[str, Camera],
    seen: BoardViews,
    refine: Sequence[str],
    suspects: Sequence[Suspect],
    without: Solution,
) -> tuple[BoardViews, Moved, _Solved] | None:
    """The solution in which one of the suspects was moved, if it explains more views, or the same ones better."""
    tried: list[tuple[int, float, Suspect, float, float]] = []
    for suspect in suspects:
        past = f"{suspect.camera}{BEFORE}"
        split = {**cameras, past: cameras[suspect.camera]}
        names = [*refine, *([past] if suspect.camera in refine else [])]
        velocities = {
            (frame, past if name == suspect.camera and frame < suspect.frame else name): velocity
            for (frame, name), velocity in seen.velocities.items()
        }
        renamed = replace(seen, views=_renamed(seen.views, suspect, past), velocities=velocities)
        both, _, _ = _solve(split, renamed, names)
        used = len(both.seen.views[1])
        if suspect.camera not in both.names or past not in both.names:
            continue
        before = both.bundle.poses[both.names.index(past)]
        after = both.bundle.poses[both.names.index(suspect.camera)]
        turn = angle_deg(after[:3, :3] @ before[:3, :3].T)
        distance = float(np.linalg.norm(inverse(after)[:3, 3] - inverse(before)[:3, 3]))
        usable = len(without.seen.views[1])
        better = used > MORE_VIEWS * usable or (
            both.rms_px() < LESS_ERROR * without.rms_px() and used >= SAME_VIEWS * usable
        )
        if better and (turn >= LEAST_MOVE_DEG or distance >= LEAST_MOVE_M):
            tried.append((used, both.rms_px(), suspect, turn, distance))
    if not tried:
        return None
    most = max(entry[0] for entry in tried)
    tried = sorted((entry for entry in tried if entry[0] >= SAME_VIEWS * most), key=lambda entry: entry[1])
    _, best, suspect, turn, distance = tried[0]
    alike = tuple(dict.fromkeys(entry[2].camera for entry in tried if entry[1] <= SAME_ERROR * best))
    for later in (True, False):  # the pose after the move is of use for what follows, if it can be known
        kept = {
            frame: {
                camera: view
                for camera, view in entry.items()
                if camera != suspect.camera or (frame >= suspect.frame) is later
            }
            for frame, entry in seen.views.items()
        }
        final = replace(seen, views=kept)
        try:
            solved = _solve(cameras, final, refine)
        except CalibrationError:
            continue
        if len(solved[0].names) >= len(without.names):
            return final, Moved(alike, suspect.frame, turn, distance, later), solved
    return None


def _renamed(views: FrameViews, suspect: Suspect, past: str) -> dict[int, dict[str, View]]:
    """The views with another name for the suspect's before the change."""
    return {
        frame: {
            past if name == suspect.camera and frame < suspect.frame else name: view for name, view in entry.items()
        }
        for frame, entry in views.items()
    }
