"""The world of a rig: z up and the floor at z = 0, from a board on the floor, from people's feet, or from a camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calibration.intrinsics import CalibrationError
from calibration.rig.board_poses import angle_deg, inverse, moved, rigid
from calibration.rig.solve import Solution
from calibration.world import WorldPose

F64 = NDArray[np.float64]
STILL_M, STILL_DEG = 0.004, 0.4  # largest change of a still board's pose
STILL_S, STILL_FRAMES = 0.8, 3  # how long it lies still at the beginning or the end
BELOW_M = 0.03  # how far the board may be below the floor at other times
ASSUMED_HEIGHT_M = 1.5  # of the first camera where nothing says where the floor is
FEET_SPREAD_M = 0.25  # least standard deviation of the places of feet along the floor


@dataclass(frozen=True, slots=True)
class WorldFrame:
    """The world of a rig.

    Attributes:
        transform: (4, 4), from the frame of the rig's first camera to the world.
        text: what it was determined from.
        assumed: whether the floor is a guess.
    """

    transform: F64
    text: str
    assumed: bool = False

    def pose(self, pose: F64) -> WorldPose:
        """The pose in this world of a camera whose pose (4, 4) is in the first camera's frame."""
        result = pose @ inverse(self.transform)
        return WorldPose(result[:3, :3], result[:3, 3])


def from_board(solution: Solution, board_center: F64, frame: int | Literal["first", "last"]) -> WorldFrame:
    """The world in which the board lies on the floor in one frame: its center is the origin.

    Raises CalibrationError when the board's pose in that frame is not known.
    """
    frames = solution.frames
    wanted = frames[0] if frame == "first" else frames[-1] if frame == "last" else frame
    if wanted not in frames:
        near = min(frames, key=lambda other: abs(other - wanted))
        raise CalibrationError(
            f"frame {wanted}: the board is not seen by two cameras in it; the nearest such frame is {near}"
        )
    board = solution.bundle.boards[frames.index(wanted)]
    return WorldFrame(_on_board(solution, board, board_center), f"board on the floor in frame {wanted}")


def still_board(solution: Solution, board_center: F64, times_s: Mapping[int, float]) -> WorldFrame | None:
    """The world of a board that lies still at the end or at the beginning, below all its other places; None without."""
    for name, order in (("end", -1), ("beginning", 1)):
        frames = solution.frames[::order]
        boards = solution.bundle.boards[::order]
        run = 1
        while run < len(frames) and _same(boards[0], boards[run], board_center):
            run += 1
        times = [times_s[frame] for frame in frames[:run] if frame in times_s]
        if run < STILL_FRAMES or run == len(frames) or len(times) < 2 or abs(times[-1] - times[0]) < STILL_S:
            continue
        transform = _on_board(solution, boards[0], board_center)
        heights = moved(transform @ boards[run:], board_center[None])[:, 0, 2]
        cameras = moved(transform, inverse(solution.bundle.poses)[:, :3, 3])[:, 2]
        if heights.min() > -BELOW_M and np.median(heights) > BELOW_M and cameras.min() > 0:
            return WorldFrame(transform, f"still board at the {name} (frame {frames[0]})")
    return None


def from_feet(feet: F64, bodies: F64, first: F64) -> WorldFrame | None:
    """The world whose floor is the lowest plane of people's feet; None where these determine none.

    Args:
        feet: (N, 3) m, places of feet in the first camera's frame.
        bodies: (N, 3) m, hips or heads of the same people.
        first: (3,), the first camera's viewing direction, along which the world's y axis points.
    """
    if len(feet) < 20:
        return None
    up = (bodies - feet).mean(axis=0)
    up /= np.linalg.norm(up)
    chosen = np.ones(len(feet), bool)
    for _ in range(8):
        center = feet[chosen].mean(axis=0)
        spread = feet[chosen] - center
        values, vectors = np.linalg.eigh(spread.T @ spread / len(spread))
        if np.sqrt(values[1]) > FEET_SPREAD_M:  # feet are all over the floor: they determine its direction, too
            up = vectors[:, 0] * np.sign(vectors[:, 0] @ up)
        height = (feet - center) @ up
        low = np.percentile(height, 30)
        chosen = np.abs(height - low) < 0.05
        if chosen.sum() < 10:
            return None
    center = feet[chosen].mean(axis=0)
    forward = first - (first @ up) * up
    return WorldFrame(_axes(center, up, forward), "people's feet")


def from_first_camera(pose: WorldPose | None) -> WorldFrame:
    """The world in which the first camera has a given pose, or is level and ASSUMED_HEIGHT_M high."""
    if pose is None:
        text = f"assumed: the first camera is level and {ASSUMED_HEIGHT_M} m above the floor"
        assumed = WorldPose.of_height(ASSUMED_HEIGHT_M)
        return WorldFrame(inverse(rigid(assumed.rotation, assumed.translation)), text, assumed=True)
    return WorldFrame(inverse(rigid(pose.rotation, pose.translation)), "pose of the first camera in its camera file")


def _same(one: F64, other: F64, center: F64) -> bool:
    distance = np.linalg.norm(moved(one, center[None]) - moved(other, center[None]))
    return bool(distance < STILL_M and angle_deg(one[:3, :3].T @ other[:3, :3]) < STILL_DEG)


def _on_board(solution: Solution, board: F64, center: F64) -> F64:
    """The transform to the world of a board; z points to the side on which most cameras are."""
    cameras = inverse(solution.bundle.poses)[:, :3, 3]
    normal = board[:3, 2]
    origin = moved(board, center[None])[0]
    if np.median((cameras - origin) @ normal) < 0:
        normal = -normal
    return _axes(origin, normal, np.cross(normal, board[:3, 0]))


def _axes(origin: F64, up: F64, forward: F64) -> F64:
    """The transform to the world with an origin, z along `up` and y along `forward`."""
    y = forward - (forward @ up) * up
    if np.linalg.norm(y) < 1e-6:
        y = np.cross(up, [1.0, 0, 0])
    y /= np.linalg.norm(y)
    rotation = np.stack([np.cross(y, up), y, up])
    return rigid(rotation, -rotation @ origin)
