"""The source `synthetic:`: rendered people who walk in a room, with known bodies and camera."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl

import numpy as np

from calibration.camera import Camera
from edge.errors import SourceError
from edge.sources.base import Source
from edge.sources.clock import FileClock
from edge.sources.synthetic.renderer import Clothing, SceneRenderer
from edge.sources.synthetic.walk_cycle import Walker, WalkPath
from edge.types import F32, Bodies, Frame
from engines.body.body import open_body
from engines.body.skinning import Skinner
from engines.files.suggestions import did_you_mean

T = TypeVar("T", int, float)

EYE_LEVEL_M = 1.05  # height of the horizontal camera, a little over half a person's height
REACH_M = 1.12  # from eye level to the head of the tallest person, or to the floor, with margin
STRIDE_M = 0.5  # reach of an arm or a foot to the side
# Height of a person in the image relative to its longer side, at the nearest and the farthest point. Detectors with
# fixed scales find people of these sizes reliably; NanoDet-g scores narrow people between 0.28 and 0.43 lower.
TALL, SMALL = 0.28, 0.20
PERSON_M = 1.7
MAX_AXES_M = (1.6, 0.9)


@dataclass(frozen=True, slots=True)
class Scene:
    """The options of a `synthetic:` URI. size: (width, height) in pixels; fov: horizontal, in degrees."""

    people: int = 1
    frames: int = 100
    size: tuple[int, int] = (640, 480)
    fps: float = 30.0
    seed: int = 0
    fov: float = 60.0


class SyntheticSource(Source):
    """Frames of people who walk along an ellipse in front of the camera; equal URIs give equal images.

    uri: `synthetic:?people=2&frames=100&size=640x480&fps=30&seed=0&fov=60` (the defaults, except people=1). loop: walk
    without end. camera: name of the stream (default: "synthetic"). `true_camera` is the Camera of the renderer. Raises
    SourceError for an invalid URI.
    """

    def __init__(self, uri: str, *, loop: bool = False, camera: str | None = None) -> None:
        scene = parse_scene(uri)
        super().__init__(
            camera or "synthetic",
            live=False,
            size=scene.size,
            frame_count=None if loop else scene.frames,
            fps=scene.fps,
        )
        self._scene = scene
        self._body = open_body()
        self._skin = Skinner(self._body)
        self.true_camera = Camera.from_fov(scene.size, scene.fov)
        center_z, axes = _ellipse(self.true_camera)
        path = WalkPath((0.0, center_z), axes)
        rng = np.random.default_rng(scene.seed)
        self._walkers = [self._walker(rng, i, path) for i in range(scene.people)]
        # The same speed for all, so that people do not collide.
        self._speed = float(np.mean([w.speed() for w in self._walkers])) if self._walkers else 0.0
        clothing = Clothing(self._body)
        self._clothes = [clothing.dress(rng) for _ in self._walkers]
        vertex_count, wall = len(self._body.v_template), center_z + axes[1] + 1.5
        self._renderer = SceneRenderer(self.true_camera, self._body.faces, vertex_count, EYE_LEVEL_M, wall, scene.seed)

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order from the first; `t_s` is index / fps."""
        clock = FileClock(self._scene.fps)
        index = 0
        while not self._stop.is_set() and (self.frame_count is None or index < self.frame_count):
            people = [vertices for vertices, _, _ in self._poses(index)]
            image = self._renderer.render(people, self._clothes)
            yield Frame(self.name, index, time.monotonic_ns(), clock.stamp(index / self._scene.fps), image)
            index += 1

    def truth(self, index: int) -> Bodies:
        """Return the ground truth of a frame: ids 0, 1, ..., joints of the bundled body, COCO keypoints with score 1.

        Keypoints are projections of the 3D keypoints, including occluded ones.
        """
        poses = self._poses(index)
        n = len(poses)
        vertices = _stack([p[0] for p in poses], (len(self._body.v_template), 3))
        joints = _stack([p[1] for p in poses], (24, 3))
        spots = np.einsum("kv,nvc->nkc", self._body.coco_regressor, vertices)
        ones = np.ones((n, len(self._body.coco_names), 1), np.float32)
        return Bodies(
            ids=np.arange(n, dtype=np.int32),
            scores=np.ones(n, np.float32),
            keypoints=np.concatenate([self.true_camera.project(spots), ones], 2),
            joints=joints,
            vertices=vertices,
            translation=joints[:, 0].copy(),
            rotations=_stack([p[2] for p in poses], (24, 3, 3)),
            shape=_stack([w.shape for w in self._walkers], (self._body.shape_dirs.shape[2],)),
        )

    def _poses(self, index: int) -> list[tuple[F32, F32, F32]]:
        return [walker.pose(index / self._scene.fps, self._speed) for walker in self._walkers]

    def _walker(self, rng: np.random.Generator, i: int, path: WalkPath) -> Walker:
        shape = np.zeros(self._body.shape_dirs.shape[2], np.float32)
        shape[:4] = np.clip(rng.normal(0, 0.6, 4), -1.2, 1.2)
        period_s = 1.1 + 0.06 * float(np.clip(rng.normal(), -1, 1))
        start_m = path.length_m * (i / self._scene.people - 1 / 8)
        return Walker(self._skin, shape, period_s, EYE_LEVEL_M, path, start_m)


def parse_scene(uri: str) -> Scene:
    """Parse a `synthetic:` URI. Raises SourceError for an invalid option."""
    head, _, query = uri.strip().partition("?")
    if head.lower() not in ("synthetic:", "synthetic://"):
        raise SourceError(
            f"{uri}: invalid address; use synthetic:?people=1&frames=100&size=640x480&fps=30&seed=0&fov=60"
        )
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError:
        raise SourceError(f"{uri}: invalid options; write them like ?people=2&frames=100") from None
    known = ("people", "frames", "size", "fps", "seed", "fov")
    for name in options:
        if name not in known:
            raise SourceError(
                f"{uri}: unknown option {name}{did_you_mean(name, known)}; choose from {', '.join(known)}"
            )
    default = Scene()

    def number(name: str, kind: Callable[[str], T], fallback: T, low: float, high: float) -> T:
        text = options.get(name)
        if text is None:
            return fallback
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise SourceError(f"{uri}: {name} must be a number from {low:g} to {high:g}, not {text!r}")
        return value

    return Scene(
        people=number("people", int, default.people, 0, 20),
        frames=number("frames", int, default.frames, 1, 10_000_000),
        size=_size(uri, options["size"]) if "size" in options else default.size,
        fps=number("fps", float, default.fps, 0.1, 1000),
        seed=number("seed", int, default.seed, 0, 2**31 - 1),
        fov=number("fov", float, default.fov, 10, 150),
    )


def _size(uri: str, text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    sides = [int(s) if s.isascii() and s.isdigit() and len(s) < 6 else 0 for s in (width, height)]
    if not all(64 <= side <= 8192 for side in sides):
        raise SourceError(f"{uri}: size must be like 640x480, each side from 64 to 8192 px, not {text!r}")
    return sides[0], sides[1]


def _ellipse(camera: Camera) -> tuple[float, tuple[float, float]]:
    """Depth of the center of the path and its half axes (x, z) in meters, which keep people completely in view."""
    width, height = camera.size
    fx, fy = camera.K[0, 0], camera.K[1, 1]
    near = max(1.2, PERSON_M * fy / (TALL * max(width, height)), REACH_M * 2 * fy / height)
    far = PERSON_M * fy / (SMALL * max(width, height))
    half_depth = float(np.clip((far - near) / 2, 0.3, MAX_AXES_M[1]))
    slope = float(0.46 * width / fx)
    half_width = slope * (near + half_depth) - STRIDE_M
    if half_width < half_depth:  # a narrow image: move the path back
        half_width = half_depth
        near = (half_width + STRIDE_M) / slope - half_depth
    return float(near + half_depth), (min(half_width, MAX_AXES_M[0]), half_depth)


def _stack(rows: list[F32], shape: tuple[int, ...]) -> F32:
    return np.stack(rows) if rows else np.zeros((0, *shape), np.float32)
