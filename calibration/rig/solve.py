"""Poses of cameras from views of one board: pairs that agree, a chain of pairs, and bundle adjustment over all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.camera import Camera
from calibration.intrinsics import CalibrationError
from calibration.rig.board_poses import FrameViews, all_board_poses, inverse, moved
from calibration.rig.bundle import Bundle, Observations, adjust
from calibration.rig.pairs import AGREES, Pair, Poses, chained_poses, find_pairs, groups_of, view_error

F64 = NDArray[np.float64]
OUTLIER_FACTOR = 3.0  # rms error of a view against the median of its camera
LEAST_OUTLIER_PX = 0.7  # a view with a smaller error is no outlier, px at 1000 px image width
WRONG_CORNER = 5.0  # error of a corner against the median of its camera
MOST_WRONG = 0.3  # share of wrong corners of a view that is used
LEAST_CORNERS = 4  # of a view
ROUNDS = 3  # of adjustment and removal of views that do not fit


@dataclass(frozen=True, slots=True)
class DroppedView:
    """A view that is not used."""

    camera: str
    frame: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Solution:
    """Cameras that are connected by common views.

    Attributes:
        names: of the cameras, in the order of `bundle`.
        bundle: intrinsics, poses of the cameras in the first one's frame, and of the board in each frame.
        seen: the corners that were used; points are those of the board, as it lies in `bundle.boards`.
        frames: numbers of the frames, in the order of `bundle.boards`.
        pairs: of all cameras that were given.
        dropped: views that were left out.
    """

    names: tuple[str, ...]
    bundle: Bundle
    seen: Observations
    frames: tuple[int, ...]
    pairs: tuple[Pair, ...]
    dropped: tuple[DroppedView, ...]

    @property
    def errors(self) -> F64:
        """Distances (N,) between the corners and where they are projected, px."""
        return np.asarray(np.linalg.norm(self.bundle.residuals(self.seen), axis=1))

    def rms_px(self, camera: str | None = None) -> float:
        """The rms reprojection error of one camera, or of all, px."""
        errors = self.errors if camera is None else self.errors[self.seen.camera == self.names.index(camera)]
        return float(np.sqrt(np.square(errors).mean())) if len(errors) else float("nan")

    def frames_of(self, camera: str) -> list[int]:
        """The frames whose view of a camera is used."""
        return sorted({self.frames[frame] for frame in self.seen.frame[self.seen.camera == self.names.index(camera)]})


def solve(
    cameras: Mapping[str, Camera],
    views: FrameViews,
    turns: Sequence[F64],
    refine: Sequence[str] = (),
    velocities: Mapping[tuple[int, str], F64] | None = None,
    delay_std_s: float = 0.0,
) -> tuple[Solution, list[list[str]], dict[tuple[str, str], int]]:
    """The poses of the largest group of cameras that are connected by common views.

    Args:
        cameras: intrinsics by name; poses in them are not used.
        views: of the board, by frame and camera; those of one frame are of one moment.
        turns: the board's symmetries (board_poses.symmetries).
        refine: names of cameras whose intrinsics are estimated too.
        velocities: of the corners (N, 2) of views, px per second, by frame and camera; 0 for those that are not in it.
        delay_std_s: standard deviation of the moments at which cameras take the images of one frame, s.

    Returns:
        The solution, all groups of connected cameras (the first is that of the solution), and pairs of cameras that
        share views which contradict each other, with the number of these.

    Raises:
        CalibrationError: No two cameras are connected.
    """
    poses = all_board_poses(views, cameras)
    pairs, contradicting = find_pairs(views, cameras, poses, turns)
    groups = groups_of(pairs, list(cameras))
    names = groups[0]
    if len(names) < 2:
        raise CalibrationError(_unconnected(views, cameras, contradicting))
    initial = Bundle(
        tuple(cameras[name] for name in names), chained_poses(pairs, names), np.zeros((0, 4, 4)), np.zeros(0)
    )
    placed, dropped = _place_boards(initial, names, views, poses, turns, set(refine), velocities or {})
    bundle, seen, frames = placed
    flags = [name in refine for name in names]
    for turn in range(ROUNDS):
        bundle = adjust(bundle, seen, refine=flags, delay_std_s=delay_std_s)
        wrong = _wrong_corners(bundle, seen)
        bad = _bad_views(bundle, seen, names, wrong)
        if turn == ROUNDS - 1 or not (bad or wrong.any()):
            break
        dropped.extend(
            DroppedView(
                names[camera],
                frames[frame],
                views[frames[frame]][names[camera]].name,
                f"its reprojection error is {error:.1f} px",
            )
            for (frame, camera), error in bad.items()
        )
        bundle, seen, frames = _without(bundle, seen, frames, set(bad), wrong, flags)
    return Solution(tuple(names), bundle, seen, tuple(frames), tuple(pairs), tuple(dropped)), groups, contradicting


def _unconnected(views: FrameViews, cameras: Mapping[str, Camera], contradicting: Mapping[tuple[str, str], int]) -> str:
    if contradicting:
        (first, second), count = max(contradicting.items(), key=lambda entry: entry[1])
        return (
            f"cameras {first} and {second} see the board together in {count} frames, but these contradict each other; "
            "check that the recordings start at the same time, and the board's size"
        )
    alone = [f"{name} in {sum(name in seen for seen in views.values())}" for name in cameras]
    return (
        f"no two cameras see the board in the same frame ({', '.join(alone):.200} frames); show it to pairs of cameras"
    )


def _place_boards(
    bundle: Bundle,
    names: Sequence[str],
    views: FrameViews,
    poses: Poses,
    turns: Sequence[F64],
    refine: set[str],
    velocities: Mapping[tuple[int, str], F64],
) -> tuple[tuple[Bundle, Observations, list[int]], list[DroppedView]]:
    """The board of each frame where most cameras agree, with the corners of those that agree.

    Frames that one camera alone sees say nothing about poses; they are used where its intrinsics are estimated.
    """
    boards: list[F64] = []
    frames: list[int] = []
    dropped: list[DroppedView] = []
    camera_part, frame_part, points, pixels, velocity = [], [], [], [], []
    for frame, seen in views.items():
        here = [(index, name) for index, name in enumerate(names) if (frame, name) in poses]
        if len(here) < 2 and not (here and here[0][1] in refine):
            continue
        best, best_cost, best_fits = None, np.inf, {}
        for index, name in here:
            for pose in poses[frame, name]:
                board = inverse(bundle.poses[index]) @ pose.transform
                fits, cost = {}, 0.0
                for other, other_name in here:
                    camera = bundle.cameras[other]
                    errors = [
                        view_error(seen[other_name], camera, bundle.poses[other] @ board @ turn)
                        / camera.size[0]
                        / AGREES
                        for turn in turns
                    ]
                    nearest = int(np.argmin(errors))
                    cost += min(errors[nearest], 1.0) ** 2
                    if errors[nearest] < 1:
                        fits[other] = nearest
                if cost < best_cost:
                    best, best_cost, best_fits = board, cost, fits
        for index, name in here:
            if index not in best_fits or (len(best_fits) < 2 and name not in refine):
                reason = (
                    "it contradicts the other cameras" if len(here) > 2 else "the two cameras contradict each other"
                )
                dropped.append(DroppedView(name, frame, seen[name].name, reason))
        kept = {index: turn for index, turn in best_fits.items() if len(best_fits) > 1 or names[index] in refine}
        if best is None or not kept:
            continue
        for index, turn in kept.items():
            view = seen[names[index]]
            points.append(moved(turns[turn], view.points.astype(np.float64)))
            pixels.append(view.corners.astype(np.float64))
            velocity.append(velocities.get((frame, names[index]), np.zeros_like(view.corners, np.float64)))
            camera_part.append(np.full(len(view.corners), index))
            frame_part.append(np.full(len(view.corners), len(frames)))
        boards.append(best)
        frames.append(frame)
    if not frames:
        raise CalibrationError("no frame in which two cameras agree about the board")
    corners = Observations(*(np.concatenate(part) for part in (camera_part, frame_part, points, pixels, velocity)))
    delays = np.zeros(len(corners.views[1]))
    return (Bundle(bundle.cameras, bundle.poses, np.stack(boards), delays), corners, frames), dropped


def _wrong_corners(bundle: Bundle, seen: Observations) -> NDArray[np.bool_]:
    """Corners (N,) that are far off although their views may be good."""
    errors = np.linalg.norm(bundle.residuals(seen), axis=1)
    limits = np.zeros(len(bundle.cameras))
    for camera, described in enumerate(bundle.cameras):
        mine = errors[seen.camera == camera]
        least = LEAST_OUTLIER_PX * described.size[0] / 1000
        limits[camera] = max(WRONG_CORNER * float(np.median(mine)), least) if len(mine) else np.inf
    return np.asarray(errors > limits[seen.camera])


def _bad_views(
    bundle: Bundle, seen: Observations, names: Sequence[str], wrong: NDArray[np.bool_]
) -> dict[tuple[int, int], float]:
    """Views (frame, camera) that fit much worse than the others of their camera, with their rms errors, px: those with
    many wrong corners, and those whose other corners are far off."""
    square = np.square(bundle.residuals(seen)).sum(axis=1)
    view, count = seen.views
    keys = np.zeros((len(count), 2), np.intp)
    keys[view] = np.stack([seen.frame, seen.camera], axis=1)
    right = np.bincount(view, ~wrong, minlength=len(count))
    rms = np.sqrt(np.bincount(view, np.where(wrong, 0, square), minlength=len(count)) / np.maximum(right, 1))
    all_rms = np.sqrt(np.bincount(view, square, minlength=len(count)) / count)
    spoiled = (right < LEAST_CORNERS) | (right < (1 - MOST_WRONG) * count)
    bad = {}
    for camera in range(len(names)):
        mine = keys[:, 1] == camera
        if not mine.any():
            continue
        least = LEAST_OUTLIER_PX * bundle.cameras[camera].size[0] / 1000
        limit = max(OUTLIER_FACTOR * float(np.median(rms[mine])), least)
        for index in np.flatnonzero(mine & (spoiled | (rms > limit))):
            bad[int(keys[index, 0]), camera] = float(all_rms[index])
    return bad


def _without(
    bundle: Bundle,
    seen: Observations,
    frames: Sequence[int],
    bad: set[tuple[int, int]],
    wrong: NDArray[np.bool_],
    refine: Sequence[bool],
) -> tuple[Bundle, Observations, list[int]]:
    """The same without wrong corners and some views (frame, camera), and without frames that one camera alone sees
    then."""
    pairs = set(zip(seen.frame.tolist(), seen.camera.tolist(), strict=True)) - bad
    count = np.bincount([frame for frame, _ in pairs], minlength=len(frames))
    kept = {(frame, camera) for frame, camera in pairs if count[frame] > 1 or refine[camera]}
    rows = np.array([key in kept for key in zip(seen.frame.tolist(), seen.camera.tolist(), strict=True)]) & ~wrong
    left = sorted({frame for frame, _ in kept})
    number = np.full(len(frames), -1)
    number[left] = np.arange(len(left))
    corners = Observations(
        seen.camera[rows], number[seen.frame[rows]], seen.points[rows], seen.pixels[rows], seen.velocity[rows]
    )
    delays = bundle.delays_s[np.unique(seen.views[0][rows])]
    return Bundle(bundle.cameras, bundle.poses, bundle.boards[left], delays), corners, [frames[index] for index in left]
