"""Simulated rigs: cameras around a room, a board that is carried through it, and its corners in the images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from calibration.boards import View
from calibration.camera import Camera
from calibration.rig.board_poses import inverse, moved, project, rigid
from calibration.world import WorldPose

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scene:
    """A simulated rig: cameras with their true poses, the board's true poses (4, 4) by frame, and what cameras see."""

    cameras: dict[str, Camera]
    boards: dict[int, F64]
    views: dict[int, dict[str, View]]
    times_s: dict[int, float]


def ring(
    count: int, radius_m: float = 2.5, seed: int = 0, *, sizes: tuple[tuple[int, int], ...] = ((1280, 720),)
) -> dict[str, Camera]:
    """Cameras c0, c1, ... on a circle, 1.6 to 2.4 m high, that look at a point above its center."""
    rng = np.random.default_rng(seed)
    cameras = {}
    for index in range(count):
        angle = 2 * np.pi * index / count + rng.uniform(-0.1, 0.1)
        position = np.array([radius_m * np.cos(angle), radius_m * np.sin(angle), rng.uniform(1.6, 2.4)])
        size = sizes[index % len(sizes)]
        f = size[0] * rng.uniform(0.6, 0.75)
        K = np.array([[f, 0, size[0] / 2 + rng.uniform(-9, 9)], [0, f, size[1] / 2 + rng.uniform(-9, 9)], [0, 0, 1]])
        distortion = np.array([rng.uniform(-0.1, 0.0), 0.02, 0.0005, -0.0005, 0.0])
        pose = looking(position, np.array([0, 0, 0.9]) + rng.normal(0, 0.05, 3))
        cameras[f"c{index}"] = Camera(size, K, distortion, world=pose)
    return cameras


def looking(position: F64, target: F64, roll_deg: float = 0.0) -> WorldPose:
    """The pose of a camera at a position that looks at a target."""
    forward = (target - position) / np.linalg.norm(target - position)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    rotation = Rotation.from_euler("z", roll_deg, degrees=True).as_matrix() @ rotation
    return WorldPose(rotation, -rotation @ position)


def corners(columns: int = 4, rows: int = 5, square_m: float = 0.1) -> F64:
    """Corners (N, 3) m of a board."""
    points = np.zeros((columns * rows, 3))
    points[:, :2] = np.mgrid[:columns, :rows].T.reshape(-1, 2) * square_m
    return points


def simulate(
    cameras: Mapping[str, Camera],
    *,
    frames: int = 60,
    seed: int = 0,
    noise_px: float = 0.3,
    outliers: float = 0.0,
    spread_m: float = 0.7,
    two_sided: bool = False,
    rate: float = 6.0,
    jitter_s: float = 0.0,
    board: F64 | None = None,
    pose_of: Callable[[int, str], WorldPose] | None = None,
    relabel: Callable[[np.random.Generator, F64], F64] | None = None,
    floor_frames: int = 0,
    wobble_m: float = 0.0,
) -> Scene:
    """A board that is carried smoothly through the middle of the cameras.

    Args:
        cameras: with their poses.
        frames: how many.
        seed: of everything.
        noise_px: of corners.
        outliers: share of corners that are off by 5 to 30 px.
        spread_m: how far from the center the board goes.
        two_sided: cameras behind the board see it, too.
        rate: frames per second.
        jitter_s: standard deviation of the moments at which cameras take the images of a frame.
        board: its corners.
        pose_of: the pose of a camera in a frame, where it is not always the same.
        relabel: what a corner finder makes of the board's points (N, 3), for a board whose corners have no identity.
        wobble_m: amplitude of faster motion.
        floor_frames: how many of the last frames show the board flat on the floor.
    """
    rng = np.random.default_rng(seed)
    points = corners() if board is None else board
    middle = points.mean(axis=0)
    phases, rates = rng.uniform(0, 2 * np.pi, 8), rng.uniform(0.05, 0.25, 8)
    shake = np.random.default_rng(seed + 1)
    shakes, fast = shake.uniform(0, 2 * np.pi, (3, 6)), shake.uniform(0.3, 1.8, (3, 6))

    def board_at(time: float, frame: int) -> F64:
        if frame >= frames - floor_frames:
            turn = Rotation.from_euler("z", 0.3).as_matrix()
            return rigid(turn, np.array([0.1, -0.2, 0.0]) - turn @ middle)
        wave = np.sin(phases + 2 * np.pi * rates * time)
        facing = 2 * np.pi * time * rate / frames + 0.5 * wave[0]
        turn = Rotation.from_euler("ZYX", [facing, 0.5 * wave[1], np.pi / 2 + 0.5 * wave[2]]).as_matrix()
        turn = turn @ Rotation.from_euler("z", 0.8 * wave[6]).as_matrix()
        center = np.array([spread_m * wave[3], spread_m * wave[4], 0.9 + 0.3 * wave[5]])
        center = center + wobble_m * np.sin(shakes + 2 * np.pi * fast * time).sum(axis=1)
        return rigid(turn, center - turn @ middle)

    boards: dict[int, F64] = {}
    views: dict[int, dict[str, View]] = {}
    times = {frame: frame / rate for frame in range(frames)}
    for frame in range(frames):
        boards[frame] = board_at(times[frame], frame)
        views[frame] = {}
        for name, camera in cameras.items():
            world = camera.world if pose_of is None else pose_of(frame, name)
            assert world is not None
            to_camera = rigid(world.rotation, world.translation) @ board_at(
                times[frame] + rng.normal(0, 1) * jitter_s, frame
            )
            at = moved(to_camera, points)
            center = at.mean(axis=0)
            facing = -to_camera[:3, 2] @ center / np.linalg.norm(center)
            if at[:, 2].min() < 0.2 or (facing < 0.35 and not (two_sided and facing < -0.35)):
                continue
            pixels = project(camera, at)
            inside = ((pixels > 5) & (pixels < np.array(camera.size) - 5)).all(axis=1)
            if not inside.all() and (relabel is not None or inside.sum() < 10):
                continue
            pixels = pixels + rng.normal(0, noise_px, pixels.shape)
            wrong = rng.random(len(pixels)) < outliers
            angle = rng.uniform(0, 2 * np.pi, len(pixels))
            pixels += (wrong * rng.uniform(5, 30, len(pixels)))[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
            labels = points if relabel is None else relabel(rng, points)
            view = View(f"frame {frame}", labels[inside].astype(np.float32), pixels[inside].astype(np.float32))
            views[frame][name] = view
    return Scene(dict(cameras), boards, {frame: seen for frame, seen in views.items() if seen}, times)


def without_poses(cameras: Mapping[str, Camera]) -> dict[str, Camera]:
    """The same cameras without their poses."""
    return {name: replace(camera, world=None) for name, camera in cameras.items()}


def pose_errors(cameras: Mapping[str, Camera], names: tuple[str, ...], poses: F64) -> tuple[F64, F64]:
    """Errors of poses (C, 4, 4), world to camera, after the best rigid motion: rotations, degrees, and positions, m."""
    true = np.stack([_matrix(cameras[name]) for name in names])
    return aligned_errors(true, poses)


def aligned_errors(true: F64, poses: F64) -> tuple[F64, F64]:
    """As pose_errors, for true poses (C, 4, 4)."""
    relative = [inverse(one) @ other for one, other in zip(true, poses, strict=True)]  # found world to true world
    turn = Rotation.from_matrix(np.stack([entry[:3, :3] for entry in relative])).mean().as_matrix()
    found, expected = inverse(poses)[:, :3, 3], inverse(true)[:, :3, 3]
    shift = (expected - found @ turn.T).mean(axis=0)
    position = np.linalg.norm(found @ turn.T + shift - expected, axis=1)
    rotation = np.array(
        [
            np.degrees(Rotation.from_matrix(a[:3, :3].T @ b[:3, :3] @ turn.T).magnitude())
            for a, b in zip(true, poses, strict=True)
        ]
    )
    return rotation, position


def _matrix(camera: Camera) -> F64:
    assert camera.world is not None
    return rigid(camera.world.rotation, camera.world.translation)
