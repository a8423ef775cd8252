"""Intrinsics of a camera from views of a board, with their uncertainty; views that do not fit are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.boards import View, homography_of
from calibration.camera import Camera
from calibration.lens import LensModel
from calibration.world import WorldPose
from engines.errors import MeshcastError

F64 = NDArray[np.float64]
MIN_VIEWS = 3  # of a plane, which determine K
MOST_VIEWS = 40  # that are used: more cost time and add little
TRIAL_VIEWS = 4  # views of a trial calibration
TRIALS = 60
FITS_PX = 1.5  # rms error of a view that fits a trial calibration, px at 1000 px image width
OUTLIER_FACTOR = 3.0  # rms error of a view against the median of all
LEAST_OUTLIER_PX = 0.3  # a view with a smaller error is no outlier, px at 1000 px image width
# OpenCV 4 has these flags in its fisheye module, with other values.
_FLAGS = cv2 if hasattr(cv2, "CALIB_RECOMPUTE_EXTRINSIC") else cv2.fisheye
FISHEYE = _FLAGS.CALIB_RECOMPUTE_EXTRINSIC | _FLAGS.CALIB_FIX_SKEW
FEW_VIEWS = 8  # up to which all sets of views are tried
SIMPLE = (  # of trial calibrations
    cv2.CALIB_USE_INTRINSIC_GUESS
    | cv2.CALIB_ZERO_TANGENT_DIST
    | cv2.CALIB_FIX_K2
    | cv2.CALIB_FIX_PRINCIPAL_POINT
    | cv2.CALIB_FIX_ASPECT_RATIO
)
GOOD_FOCAL_PERCENT = 3.0  # standard deviation of the focal length up to which it is determined
JACKKNIFE_GROUPS = 10
SEED = 0


class CalibrationError(MeshcastError):
    """Views do not determine a camera."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A view that is not used: its name and the reason."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A calibrated camera.

    Attributes:
        camera: size, K and distortion.
        rms_px: root mean square reprojection error of all corners, px.
        focal_std_px: standard deviations of fx and fy, px: the larger of what the corners' noise makes of them and of
            what they change by when groups of views are left out (jackknife).
        views: those that were used.
        errors_px: (V,) rms reprojection error of each view, px.
        residuals_px: one (N, 2) array a view: where a corner was seen minus where it is projected, px.
        left_out: views that were not used.
        coverage: share 0..1 of the image's 8 x 8 cells in which corners were seen.
    """

    camera: Camera
    rms_px: float
    focal_std_px: tuple[float, float]
    views: tuple[View, ...]
    errors_px: F64
    residuals_px: tuple[F64, ...]
    left_out: tuple[LeftOut, ...]
    coverage: float


def calibrate(views: Sequence[View], size: tuple[int, int], model: LensModel = "pinhole") -> Intrinsics:
    """The intrinsics that explain most of the views.

    Trial calibrations of a few views each find the views that belong together, so that one bad view cannot spoil the
    result; all of those are then calibrated together, and single ones that fit badly are left out.

    Args:
        views: of one camera, at a fixed focus.
        size: of the images, (width, height) px.
        model: of the lens.

    Raises:
        CalibrationError: Too few views, or views from too similar directions.
    """
    if len(views) < MIN_VIEWS:
        raise CalibrationError(
            f"{len(views)} usable views of the board; at least {MIN_VIEWS} from different directions are needed"
        )
    chosen = [views[index] for index in _spread(views, MOST_VIEWS)]
    fits = _consensus(chosen, size) if model == "pinhole" else np.ones(len(chosen), bool)
    contradicting = "its corners contradict those of the other views"
    left_out = [LeftOut(view.name, contradicting) for view, fit in zip(chosen, fits, strict=True) if not fit]
    used = [view for view, fit in zip(chosen, fits, strict=True) if fit]
    while True:
        if len(used) < MIN_VIEWS:
            raise CalibrationError(f"only {len(used)} views of the board agree; take more, of a flat board")
        solved = _solve(used, size, model)
        worst = int(solved.errors_px.argmax())
        limit = max(OUTLIER_FACTOR * float(np.median(solved.errors_px)), LEAST_OUTLIER_PX * size[0] / 1000)
        if solved.errors_px[worst] <= limit or len(used) == MIN_VIEWS:
            break
        left_out.append(LeftOut(used[worst].name, f"its reprojection error is {solved.errors_px[worst]:.1f} px"))
        used.pop(worst)
    deviation = np.maximum(solved.focal_deviation, _jackknife(used, size, model))
    _check_determined(solved, deviation)
    return Intrinsics(
        Camera(size, solved.K, np.pad(solved.distortion, (0, 5 - len(solved.distortion))), model=model),
        solved.rms_px,
        (float(deviation[0]), float(deviation[1])),
        tuple(used),
        solved.errors_px,
        tuple(view.corners - seen for view, seen in zip(used, solved.projected, strict=True)),
        tuple(left_out),
        coverage(used, size),
    )


def coverage(views: Sequence[View], size: tuple[int, int], cells: int = 8) -> float:
    """Share 0..1 of the image's cells in which corners were seen."""
    if not views:
        return 0.0
    corners = np.concatenate([view.corners for view in views])
    column, row = (corners / np.array(size) * cells).astype(int).clip(0, cells - 1).T
    return len(set(zip(column.tolist(), row.tolist(), strict=True))) / cells**2


@dataclass(frozen=True, slots=True)
class _Solution:
    """A calibration: focal_deviation (2,) px of fx and fy by the corners' noise, 0 where it is not known; errors_px
    (V,); projected (N, 2) px for each view; tilts_deg (V,) between the optical axis and the boards' normals."""

    K: F64
    distortion: F64
    rms_px: float
    focal_deviation: F64
    errors_px: F64
    projected: tuple[F64, ...]
    tilts_deg: F64


def _solve(views: Sequence[View], size: tuple[int, int], model: LensModel, *, simple: bool = False) -> _Solution:
    """Zhang's calibration (2000) by OpenCV; `simple` leaves out tangential and higher distortion."""
    start = np.array([[size[0], 0, (size[0] - 1) / 2], [0, size[0], (size[1] - 1) / 2], [0, 0, 1]], np.float64)
    turns: Any
    moves: Any
    points: Any
    corners: Any
    try:
        if model == "fisheye":
            points = [view.points[None].astype(np.float64) for view in views]
            corners = [view.corners[None].astype(np.float64) for view in views]
            _, K, distortion, turns, moves = cv2.fisheye.calibrate(
                points, corners, size, start, np.zeros(4), flags=FISHEYE
            )
            deviation = np.zeros(2)
        else:
            points = [view.points for view in views]
            corners = [view.corners.reshape(-1, 1, 2) for view in views]
            flags = cv2.CALIB_FIX_K3 | (SIMPLE if simple else 0)
            _, K, distortion, turns, moves, deviations, _, _ = cv2.calibrateCameraExtended(
                points, corners, size, start, np.zeros(5), flags=flags
            )
            deviation = np.asarray(deviations, np.float64).ravel()[:2]
    except cv2.error as error:
        reason = " ".join(str(error).split())[-80:]
        raise CalibrationError(f"the views do not determine the camera ({reason})") from None
    camera = Camera(size, np.asarray(K, np.float64), _five(distortion), model=model)
    projected, errors, tilts = [], [], []
    for view, turn, move in zip(views, turns, moves, strict=True):
        rotation = np.asarray(cv2.Rodrigues(np.asarray(turn, np.float64).reshape(3, 1))[0], np.float64)
        seen = camera.project(view.points @ rotation.T + np.asarray(move, np.float64).reshape(3)).astype(np.float64)
        projected.append(seen)
        errors.append(np.sqrt(np.square(seen - view.corners).sum(axis=1).mean()))
        tilts.append(np.degrees(np.arccos(min(abs(float(rotation[2, 2])), 1.0))))
    total = np.concatenate([seen - view.corners for seen, view in zip(projected, views, strict=True)])
    rms = float(np.sqrt(np.square(total).sum(axis=1).mean()))
    return _Solution(camera.K, camera.distortion, rms, deviation, np.array(errors), tuple(projected), np.array(tilts))


def _five(distortion: Any) -> F64:
    numbers = np.asarray(distortion, np.float64).ravel()[:5]
    padded: F64 = np.pad(numbers, (0, 5 - len(numbers)))
    return padded


def _jackknife(views: Sequence[View], size: tuple[int, int], model: LensModel) -> F64:
    """Standard deviations (2,) px of fx and fy from calibrations without one group of the views each.

    The errors of the corners of one view are not independent (its board is bent, its image is blurred), so that views
    are the units that chance chooses.
    """
    groups = min(JACKKNIFE_GROUPS, len(views))
    if len(views) - -(-len(views) // groups) < MIN_VIEWS:
        return np.zeros(2)
    focal = []
    for group in range(groups):
        kept = [view for index, view in enumerate(views) if index % groups != group]
        try:
            focal.append(np.diag(_solve(kept, size, model).K)[:2])
        except CalibrationError:
            return np.full(2, np.inf)
    deviations = np.array(focal) - np.mean(focal, axis=0)
    return np.asarray(np.sqrt((groups - 1) / groups * np.square(deviations).sum(axis=0)))


def _consensus(views: Sequence[View], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which views (V,) agree with the trial calibration that most of them agree with."""
    limit = FITS_PX * max(size) / 1000
    best, best_score = np.zeros(len(views), bool), (-1, 0.0)
    for trial in _trials(len(views)):
        try:
            solved = _solve([views[index] for index in trial], size, "pinhole", simple=True)
        except CalibrationError:
            continue
        if not 0.2 * size[0] < solved.K[0, 0] < 20 * size[0]:
            continue
        errors = np.array([_pose_error(view, solved) for view in views])
        fits = errors < limit
        score = (int(fits.sum()), -float(errors[fits].mean()) if fits.any() else 0.0)
        if score > best_score:
            best, best_score = fits, score
    if best.sum() < MIN_VIEWS:
        raise CalibrationError(
            f"the {len(views)} views contradict each other; check the number of corners, and that the board is flat"
        )
    return best


def _trials(views: int) -> list[tuple[int, ...]]:
    """Sets of views for trial calibrations, all of them where there are few."""
    count = min(TRIAL_VIEWS, max(MIN_VIEWS, views - 1))
    rng = np.random.default_rng(SEED)
    if views <= FEW_VIEWS:
        every = list(combinations(range(views), count))
        return [every[index] for index in rng.permutation(len(every))[:TRIALS]]
    return [tuple(rng.choice(views, count, replace=False).tolist()) for _ in range(TRIALS)]


def _pose_error(view: View, solved: _Solution) -> float:
    """Rms reprojection error of a view, px, at its best pose under fixed intrinsics."""
    found, turn, move = cv2.solvePnP(view.points, view.corners, solved.K, solved.distortion)
    if not found:
        return float("inf")
    seen, _ = cv2.projectPoints(view.points, turn, move, solved.K, solved.distortion)
    return float(np.sqrt(np.square(np.asarray(seen).reshape(-1, 2) - view.corners).sum(axis=1).mean()))


def _check_determined(solved: _Solution, deviation: F64) -> None:
    """Raises CalibrationError where the focal length is not determined."""
    percent = float((deviation / np.diag(solved.K)[:2]).max() * 100)
    if not np.isfinite(percent) or percent > GOOD_FOCAL_PERCENT:
        raise CalibrationError(
            f"the focal length is not determined (standard deviation {percent:.0f} %); show the board large, tilted by "
            f"30 to 45 degrees in different directions (these views are tilted by up to {solved.tilts_deg.max():.0f})"
        )


def _spread(views: Sequence[View], most: int) -> list[int]:
    """Indices of at most `most` views that differ most: farthest-point sampling of their places and tilts."""
    if len(views) <= most:
        return list(range(len(views)))
    places = np.stack([_place(view) for view in views])
    places = (places - places.mean(0)) / np.maximum(places.std(0), 1e-6)
    chosen = [int(np.linalg.norm(places, axis=1).argmax())]
    distance = np.full(len(views), np.inf)
    while len(chosen) < most:
        distance = np.minimum(distance, np.linalg.norm(places - places[chosen[-1]], axis=1))
        chosen.append(int(distance.argmax()))
    return sorted(chosen)


def _place(view: View) -> F64:
    """Where the board is in the image and how it is tilted: center, extent and perspective of its homography."""
    homography = homography_of(view)
    tilt = np.zeros(2) if homography is None else homography[2, :2]
    return np.concatenate([view.corners.mean(axis=0), np.ptp(view.corners, axis=0), tilt]).astype(np.float64)


def board_pose(view: View, camera: Camera) -> WorldPose:
    """The pose of a camera that sees a board flat on the floor: the world's z points up from it.

    Raises CalibrationError where the corners determine no pose.
    """
    rays = camera.rays(view.corners).astype(np.float64)
    found, turn, move = cv2.solvePnP(view.points, rays, np.eye(3), np.zeros(4))
    if not found:
        raise CalibrationError(f"{view.name}: the board's pose is not determined")
    rotation = np.asarray(cv2.Rodrigues(turn)[0], np.float64)
    translation = np.asarray(move, np.float64).ravel()
    pose = WorldPose(rotation, translation)
    if pose.position[2] < 0:  # the board's own z points down, away from the camera: turn it about its x axis
        pose = WorldPose(rotation @ np.diag([1.0, -1.0, -1.0]), translation)
    return pose
