"""Poses of cameras from people: keypoints that several cameras see are triangulated, and the poses adjusted to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, linear_sum_assignment
from scipy.spatial.transform import Rotation

from calibration.camera import Camera
from calibration.intrinsics import CalibrationError
from calibration.rig.board_poses import inverse, project, rigid
from calibration.rig.bundle import POSE
from calibration.rig_file import PoseUncertainty
from calibration.world import WorldPose

F64 = NDArray[np.float64]
FACE = 5  # keypoints of the face, which cameras behind a person do not see but guess
SHOULDERS, HIPS, KNEES, ANKLES = (5, 6), (11, 12), (13, 14), (15, 16)  # of COCO's 17 keypoints
BONES = ((5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16), (5, 6), (11, 12), (5, 11), (6, 12))
MIRRORED = ((0, 2), (1, 3), (4, 6), (5, 7), (10, 11))  # bones of the left and the right side
LEAST_SCORE = 0.3
MATCH_M = 0.6  # median distance of the rays of one person's keypoints from two cameras with a rough pose
LEAST_POINTS = 200  # triangulated keypoints
MOST_FRAMES = 150
NOISE_SHARE = 0.01  # of keypoints, as a share of the person's height in the image; errors are robust beyond it
BONE_STD = 0.03  # of the length of a bone, as a share
START_STD_DEG, START_STD_M = 8.0, 0.2  # of the rough start
SEGMENTS = 0.779  # trunk, thigh and shank as a share of the stature (Winter, Biomechanics and Motor Control)


@dataclass(frozen=True, slots=True)
class Sighting:
    """People in one image: ids (N,), keypoints (N, 17, 2) px in COCO's order, scores (N, 17)."""

    ids: NDArray[np.integer]
    keypoints: NDArray[np.floating]
    scores: NDArray[np.floating]


Sightings = Mapping[str, Sequence[Sighting]]  # by camera, one for each frame


@dataclass(frozen=True, slots=True)
class PeopleFit:
    """Refined poses.

    Attributes:
        cameras: with their refined poses, in the world of the start.
        uncertainty: by a jackknife over parts of the time.
        rms_px: of the reprojected keypoints that fit.
        points: (N, 17, 3) m, keypoints of one person in one frame, in the world; NaN where fewer than two cameras saw
            them.
        turned_deg, moved_m: how far each camera was from its refined pose.
    """

    cameras: dict[str, Camera]
    uncertainty: dict[str, PoseUncertainty]
    rms_px: float
    points: F64
    turned_deg: dict[str, float]
    moved_m: dict[str, float]


def matched(cameras: Mapping[str, Camera], seen: Sightings) -> F64:
    """The keypoints of each person and frame in each camera, (N, C, 17, 3): x, y px and weight; NaN where not seen.

    People are matched between the first camera that sees them and every other one by the distances of their rays.
    """
    names = list(cameras)
    count = min(len(frames) for frames in seen.values())
    chosen = np.unique(np.linspace(0, count - 1, MOST_FRAMES).astype(int))
    rows = []
    tracks = {name: _tracks(seen[name], chosen) for name in names}
    people: list[dict[int, F64]] = []  # by number of the camera: (F, 17, 3)
    for number, name in enumerate(names):
        mine = list(tracks[name].values())
        cost = np.full((len(mine), len(people)), 1e3)
        for row, track in enumerate(mine):
            for column, person in enumerate(people):
                gaps = [
                    _gap(cameras[names[other]], cameras[name], positions, track) for other, positions in person.items()
                ]
                cost[row, column] = min(gaps)
        joined = set()
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[row, column] < MATCH_M:
                people[column][number] = mine[row]
                joined.add(row)
        people.extend({number: track} for row, track in enumerate(mine) if row not in joined)
    for person in people:
        if len(person) < 2:
            continue
        stacked = np.full((len(chosen), len(names), 17, 3), np.nan)
        for number, track in person.items():
            stacked[:, number] = track
        shared = np.isfinite(stacked[..., 0]).any(axis=2).sum(axis=1) > 1
        rows.append(stacked[shared])
    if not rows:
        raise CalibrationError(
            "no person is seen by two cameras at once; check --start and that recordings are in step"
        )
    return np.concatenate(rows)


def _tracks(frames: Sequence[Sighting], chosen: NDArray[np.intp]) -> dict[int, F64]:
    """Keypoints (F, 17, 3) of each id in the chosen frames, NaN where it is not seen."""
    found: dict[int, F64] = {}
    for row, index in enumerate(chosen):
        sighting = frames[index]
        for identity, keypoints, scores in zip(sighting.ids.tolist(), sighting.keypoints, sighting.scores, strict=True):
            track = found.setdefault(identity, np.full((len(chosen), 17, 3), np.nan))
            good = (scores >= LEAST_SCORE) & (np.arange(17) >= FACE)
            track[row, good, :2], track[row, good, 2] = keypoints[good], scores[good]
    return found


def _gap(one: Camera, other: Camera, first: F64, second: F64) -> float:
    """The median distance of the rays of two tracks, m; large where they share too little."""
    both = np.isfinite(first[..., 0]) & np.isfinite(second[..., 0])
    if both.sum() < 30:
        return 1e3
    points, _ = triangulate((one, other), np.stack([first[both], second[both]], axis=1))
    rays = []
    for camera, pixels in ((one, first[both]), (other, second[both])):
        origin, direction = _rays(camera, pixels[:, :2])
        off = points - origin
        along = np.einsum("ni,ni->n", off, direction)
        distance = np.linalg.norm(off - along[:, None] * direction, axis=1)
        rays.append(np.where(along > 0, distance, 1e3))
    return float(np.median(np.maximum(*rays)))


def _rays(camera: Camera, pixels: F64) -> tuple[F64, F64]:
    assert camera.world is not None
    flat = camera.rays(pixels).astype(np.float64)
    direction = np.concatenate([flat, np.ones((len(flat), 1))], axis=1) @ camera.world.rotation
    return camera.world.position, direction / np.linalg.norm(direction, axis=1, keepdims=True)


def triangulate(cameras: Sequence[Camera], pixels: F64) -> tuple[F64, NDArray[np.bool_]]:
    """Points with the smallest weighted distances to their rays.

    Args:
        cameras: C of them, with poses.
        pixels: (N, C, 3): x, y px and weight; NaN where a camera does not see the point.

    Returns:
        Points (N, 3) m, and whether at least two cameras saw them (N,); others are NaN.
    """
    matrix, vector = np.zeros((len(pixels), 3, 3)), np.zeros((len(pixels), 3))
    count = np.isfinite(pixels[..., 0]).sum(axis=1)
    for number, camera in enumerate(cameras):
        seen = np.isfinite(pixels[:, number, 0])
        origin, direction = _rays(camera, pixels[seen, number, :2])
        across = (np.eye(3) - direction[:, :, None] * direction[:, None]) * pixels[seen, number, 2, None, None]
        matrix[seen] += across
        vector[seen] += across @ origin
    good = count > 1
    points = np.full((len(pixels), 3), np.nan)
    points[good] = np.linalg.solve(matrix[good] + 1e-9 * np.eye(3), vector[good][..., None])[..., 0]
    return points, good


def refine(cameras: Mapping[str, Camera], seen: Sightings, stature_m: float | None = None) -> PeopleFit:
    """Refine rough poses of cameras by the keypoints of people whom several of them see.

    The reprojection errors of triangulated keypoints are minimized robustly, with bones of constant length, equal on
    both sides. The scale is that of the distances between the cameras of the start, or of the stature of the people.

    Args:
        cameras: with rough poses.
        seen: keypoints, of frames that are in step.
        stature_m: of the people, m.

    Raises:
        CalibrationError: Too few keypoints are seen by two cameras.
    """
    names = list(cameras)
    pixels = matched(cameras, seen)
    if (np.isfinite(pixels[..., 0]).sum(axis=1) > 1).sum() < LEAST_POINTS:
        raise CalibrationError("too few keypoints are seen by two cameras at once; record more people, or longer")
    start = [cameras[name] for name in names]
    fit = _adjusted(start, pixels)
    pixels = matched(dict(zip(names, fit, strict=True)), seen)  # with better poses, people are told apart better
    fit = _adjusted(fit, pixels, start)
    parts = np.array_split(np.arange(len(pixels)), 6)
    without = [
        _aligned(_adjusted(fit, np.delete(pixels, part, axis=0), start), fit)
        for part in parts
        if len(part) < len(pixels)
    ]
    scale = 1.0 if stature_m is None else stature_m / stature(_points(fit, pixels))
    if not 0.5 < scale < 2.0:
        raise CalibrationError(
            f"people are {stature(_points(fit, pixels)):.2f} m tall by the distances of the start; check --height"
        )
    final = _aligned([_scaled(camera, scale) for camera in fit], start)
    turned, shifted = _differences(final, start)
    spread = [_differences(other, fit) for other in without]
    factor = np.sqrt((len(parts) - 1) / len(parts))
    uncertainty = {
        name: PoseUncertainty(
            float(factor * np.sqrt(sum(np.square(turn[number]) for turn, _ in spread))),
            float(factor * np.sqrt(sum(np.square(move[number]) for _, move in spread))),
        )
        for number, name in enumerate(names)
    }
    errors = np.linalg.norm(_errors(final, pixels)[0], axis=-1)
    used = errors[np.isfinite(errors)]
    fits = used[used < 4 * np.median(used)]
    return PeopleFit(
        dict(zip(names, final, strict=True)),
        uncertainty,
        float(np.sqrt(np.square(fits).mean())),
        _points(final, pixels),
        dict(zip(names, turned, strict=True)),
        dict(zip(names, shifted, strict=True)),
    )


def stature(points: F64) -> float:
    """The stature of people, m, by the median lengths of trunk, thighs and shanks of (N, 17, 3)."""
    middle = {name: points[:, list(pair)].mean(axis=1) for name, pair in (("hip", HIPS), ("shoulder", SHOULDERS))}
    trunk = np.nanmedian(np.linalg.norm(middle["shoulder"] - middle["hip"], axis=-1))
    legs = 0.0
    for one, other in (*zip(HIPS, KNEES, strict=True), *zip(KNEES, ANKLES, strict=True)):
        legs += float(np.nanmedian(np.linalg.norm(points[:, one] - points[:, other], axis=-1))) / 2
    return float(trunk + legs) / SEGMENTS


def _points(cameras: Sequence[Camera], pixels: F64) -> F64:
    flat = pixels.transpose(0, 2, 1, 3).reshape(-1, len(cameras), 3)
    return triangulate(cameras, flat)[0].reshape(-1, 17, 3)


def _errors(cameras: Sequence[Camera], pixels: F64) -> tuple[F64, F64]:
    """Reprojection errors (N, C, 17, 2) px, NaN where not seen, and the points (N, 17, 3)."""
    points = _points(cameras, pixels)
    errors = np.full((*pixels.shape[:3], 2), np.nan)
    for number, camera in enumerate(cameras):
        assert camera.world is not None
        at = points @ camera.world.rotation.T + camera.world.translation
        errors[:, number] = np.clip(project(camera, np.nan_to_num(at, nan=-1.0)), -1e4, 1e4) - pixels[:, number, :, :2]
        errors[:, number][np.isnan(points[..., 0])] = np.nan
    return errors, points


def _adjusted(cameras: Sequence[Camera], pixels: F64, start: Sequence[Camera] | None = None) -> list[Camera]:
    """The cameras with adjusted poses: the first is held, and so is the mean distance between cameras."""
    start = start or cameras
    heights = np.nanmax(pixels[..., 1], axis=2) - np.nanmin(pixels[..., 1], axis=2)  # (N, C)
    noise = np.maximum(NOISE_SHARE * heights, 1.0)[..., None, None]
    weight = np.nan_to_num(np.sqrt(pixels[..., 2:]))
    size = _size(start)

    def changed(parameters: F64) -> list[Camera]:
        moved = [
            cameras[0],
            *(_moved(camera, part) for camera, part in zip(cameras[1:], parameters.reshape(-1, POSE), strict=True)),
        ]
        return _about_first(moved, size / max(_size(moved), 1e-6))

    def values(parameters: F64) -> F64:
        moved = changed(parameters)
        errors, points = _errors(moved, pixels)
        reprojection = np.nan_to_num(errors / noise * weight).ravel()
        lengths = np.stack([np.linalg.norm(points[:, a] - points[:, b], axis=-1) for a, b in BONES], axis=1)
        typical = np.nanmedian(lengths, axis=0)
        bones = np.clip(np.nan_to_num((lengths / typical - 1) / BONE_STD), -5, 5).ravel()
        sides = np.array([np.log(typical[a] / typical[b]) for a, b in MIRRORED]) / BONE_STD * np.sqrt(len(points))
        turned, shifted = _differences(moved, _aligned(start, moved))
        prior = np.concatenate([turned / START_STD_DEG, shifted / START_STD_M])
        return np.concatenate([reprojection, bones, np.nan_to_num(sides), prior])

    solved = least_squares(
        values, np.zeros(POSE * (len(cameras) - 1)), loss="soft_l1", x_scale="jac", max_nfev=25, ftol=1e-5
    )
    return changed(solved.x)


def _size(cameras: Sequence[Camera]) -> float:
    positions = np.stack([camera.world.position for camera in cameras if camera.world is not None])
    return float(np.linalg.norm(positions[:, None] - positions[None], axis=-1).mean())


def _moved(camera: Camera, change: F64) -> Camera:
    """A camera that is turned about its own center and moved."""
    assert camera.world is not None
    rotation = Rotation.from_rotvec(change[:3]).as_matrix() @ camera.world.rotation
    return replace(camera, world=WorldPose(rotation, -rotation @ (camera.world.position + change[3:])))


def _about_first(cameras: Sequence[Camera], scale: float) -> list[Camera]:
    """All positions scaled about that of the first camera."""
    assert cameras[0].world is not None
    center = cameras[0].world.position
    result = []
    for camera in cameras:
        assert camera.world is not None
        position = center + scale * (camera.world.position - center)
        result.append(replace(camera, world=WorldPose(camera.world.rotation, -camera.world.rotation @ position)))
    return result


def _scaled(camera: Camera, scale: float) -> Camera:
    assert camera.world is not None
    return replace(camera, world=WorldPose(camera.world.rotation, scale * camera.world.translation))


def _aligned(cameras: Sequence[Camera], target: Sequence[Camera]) -> list[Camera]:
    """The cameras after the rigid motion of the world that brings their rotations and positions nearest to others."""
    mine, theirs = _matrices(cameras), _matrices(target)
    turn = Rotation.from_matrix((inverse(theirs) @ mine)[:, :3, :3]).mean().as_matrix()  # from this world to the other
    shift = (inverse(theirs)[:, :3, 3] - inverse(mine)[:, :3, 3] @ turn.T).mean(axis=0)
    back = inverse(rigid(turn, shift))
    result = []
    for camera, matrix in zip(cameras, mine, strict=True):
        pose = matrix @ back
        result.append(replace(camera, world=WorldPose(pose[:3, :3], pose[:3, 3])))
    return result


def _matrices(cameras: Sequence[Camera]) -> F64:
    return np.stack(
        [rigid(camera.world.rotation, camera.world.translation) for camera in cameras if camera.world is not None]
    )


def _differences(cameras: Sequence[Camera], others: Sequence[Camera]) -> tuple[F64, F64]:
    """Angles (C,) degrees and distances (C,) m between the poses of two lists of cameras."""
    mine, theirs = _matrices(cameras), _matrices(others)
    turns = Rotation.from_matrix(mine[:, :3, :3] @ theirs[:, :3, :3].transpose(0, 2, 1)).magnitude()
    return np.degrees(turns), np.linalg.norm(inverse(mine)[:, :3, 3] - inverse(theirs)[:, :3, 3], axis=1)
