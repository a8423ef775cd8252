"""Renderer of clothed bodies in a plain room, realistic enough for person detectors."""

from __future__ import annotations

import cv2
import numpy as np

from calibration.camera import Camera
from edge.render.meshes import soften_steps
from edge.types import F32, I32, U8
from edge_kernels import rasterize
from engines.body.body import SurfaceBody
from engines.body.vertex_normals import VertexNormals

# BGR 0..255
SKIN = ((150, 178, 224), (110, 145, 198), (84, 112, 160), (60, 82, 122))
HAIR = ((28, 32, 40), (42, 66, 98), (70, 120, 160), (30, 30, 30))
SHIRT = ((60, 62, 178), (168, 110, 48), (86, 140, 70), (58, 158, 214), (214, 214, 210))
TROUSERS = ((92, 62, 42), (58, 58, 60), (98, 118, 138), (120, 86, 62))
SHOES = ((40, 40, 42), (205, 205, 205))
WALL, FLOOR = (196, 203, 208), (118, 140, 160)
LIGHT = np.array([-0.40, -0.75, -0.53], np.float32)  # towards the lamp, in camera axes
SHADOW_PER_M = np.array([0.35, 1.0, 0.42], np.float32)  # offset of a point's shadow per meter of height above the floor
BROW_M = np.array([0, 0.024, 0], np.float32)  # from an eye, body axes
SHADOW_SCALE = 4


class Clothing:
    """Colors (V, 3) and thickness (V,) in meters of clothes, by the position of each vertex on the body at rest."""

    def __init__(self, body: SurfaceBody) -> None:
        self._body = body
        part = body.weights.argmax(1)
        rest = body.v_template
        spots = dict(zip(body.coco_names, body.coco_regressor @ rest, strict=True))
        eyes = [spots["left_eye"], spots["right_eye"]]
        hem = rest[:, 1] > 0.11
        trunk = np.isin(part, [0, 1, 2, 3, 6, 9, 12, 13, 14, 16, 17])
        collar = (rest[:, 1] < 0.595) | (np.abs(rest[:, 0]) > 0.085)
        self._trousers = np.isin(part, [0, 1, 2, 4, 5]) & ~hem
        self._shirt = trunk & hem & (np.abs(rest[:, 0]) < 0.36) & collar
        self._shoes = np.isin(part, [7, 8, 10, 11]) & (rest[:, 1] < -0.69)
        nape = spots["left_ear"][2] - 0.005
        forehead = spots["left_eye"][1] + 0.055
        self._hair = np.isin(part, [12, 15]) & (
            (rest[:, 1] > forehead) | ((rest[:, 2] < nape) & (rest[:, 1] > spots["nose"][1] - 0.06))
        )
        front = rest[:, 2] > nape + 0.03
        self._whites = np.min([_distance(rest, eye, (1.6, 0.8)) for eye in eyes], 0) < 0.009
        self._pupils = np.min([_distance(rest, eye, (1.0, 1.0)) for eye in eyes], 0) < 0.007
        self._brows = front & (np.min([_distance(rest, eye + BROW_M, (2.6, 0.8)) for eye in eyes], 0) < 0.009)
        self._lips = front & (_distance(rest, spots["nose"] - [0, 0.042, 0.01], (2.2, 1.0)) < 0.011)

    def dress(self, rng: np.random.Generator) -> tuple[F32, F32]:
        """Draw the clothes of one person: colors (V, 3) BGR 0..255 and thickness (V,) in meters."""
        skin, hair = _choose(rng, SKIN), _choose(rng, HAIR)
        colors = np.tile(skin, (len(self._body.v_template), 1))
        thickness = np.zeros(len(colors), np.float32)
        for where, color, depth_m in (
            (self._trousers, _choose(rng, TROUSERS), 0.012),
            (self._shirt, _choose(rng, SHIRT), 0.010),
            (self._shoes, _choose(rng, SHOES), 0.008),
            (self._hair, hair, 0.014),
            (self._whites, np.full(3, 190.0), 0.0),
            (self._pupils, np.full(3, 30.0), 0.0),
            (self._brows, hair, 0.001),
            (self._lips, skin * np.array([0.72, 0.68, 0.92]), 0.0),
        ):
            colors[where] = color
            thickness[where] = depth_m
        return colors.astype(np.float32), thickness


class SceneRenderer:
    """Renders people, given as vertices in the camera frame, in a room whose floor is `floor_m` below the camera."""

    def __init__(self, camera: Camera, faces: I32, vertex_count: int, floor_m: float, wall_m: float, seed: int) -> None:
        self._camera = camera
        self._faces = faces
        self._floor_m = floor_m
        self._normals = VertexNormals(faces, vertex_count)
        self._room = _room(camera, floor_m, wall_m, np.random.default_rng(seed))

    def render(self, people: list[F32], clothes: list[tuple[F32, F32]]) -> U8:
        """Render an image (H, W, 3) uint8 BGR; people are (V, 3) in meters, completely in front of the camera."""
        if not people:
            return np.array(self._room)
        image = self._cast_shadows(people)
        depth = np.full(image.shape[:2], np.inf, np.float32)
        for vertices, (colors, thickness) in zip(people, clothes, strict=True):
            normals = self._normals(vertices)
            dressed = vertices + thickness[:, None] * normals
            rasterize(self._faces, self._to_image(dressed), _lit(normals, colors), image, depth)
        soften_steps(image, depth)
        return image

    def _to_image(self, points: F32) -> F32:
        return np.concatenate([self._camera.project(points), points[:, 2:]], 1)

    def _cast_shadows(self, people: list[F32]) -> U8:
        """Draw soft shadows on the floor of the room, computed at a quarter of the resolution."""
        height, width = self._room.shape[:2]
        small = np.zeros((-(-height // SHADOW_SCALE), -(-width // SHADOW_SCALE), 3), np.uint8)
        white = np.full((len(people[0]), 3), 255, np.float32)
        for vertices in people:
            height_m = self._floor_m - vertices[:, 1:2]
            points = self._to_image(vertices + height_m * SHADOW_PER_M)
            points[:, :2] = (points[:, :2] + 0.5) / SHADOW_SCALE - 0.5
            rasterize(self._faces, points, white, small, np.full(small.shape[:2], np.inf, np.float32), 1.0, False)
        spread = max(1.0, 0.012 * small.shape[1])
        soft = cv2.GaussianBlur(small, (0, 0), spread)
        shade = 255 - cv2.convertScaleAbs(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), alpha=0.45)
        return np.asarray(cv2.multiply(self._room, shade, scale=1 / 255), np.uint8)


def _lit(normals: F32, colors: F32) -> F32:
    """Shade colors (V, 3) by a lamp, ambient light and light reflected by the floor."""
    lamp = np.clip(0.2 + 0.8 * (normals @ LIGHT), 0, 1)
    up = 0.5 - 0.5 * normals[:, 1]
    return np.asarray(np.clip(colors * (0.34 + 0.22 * up + 0.58 * lamp)[:, None], 0, 255), np.float32)


def _room(camera: Camera, floor_m: float, wall_m: float, rng: np.random.Generator) -> U8:
    """Render a wall and a floor that meet at depth `wall_m`, with skirting board, light gradient and fine grain."""
    width, height = camera.size
    y, x = np.indices((height, width), np.float32)
    corner = camera.K[1, 1] * floor_m / wall_m + camera.K[1, 2]
    skirting = camera.K[1, 1] * (floor_m - 0.09) / wall_m + camera.K[1, 2]
    room = np.where((y < corner)[..., None], np.array(WALL, np.float32), np.array(FLOOR, np.float32))
    room[(y >= skirting) & (y < corner)] = (225, 228, 230)
    nearness = np.clip((y - corner) / max(height - corner, 1), 0, 1)
    glow = np.exp(-(((x / width - 0.35) / 0.6) ** 2) - ((y / height - 0.2) / 0.8) ** 2)
    room *= (0.80 + 0.22 * glow + 0.12 * nearness)[..., None]
    # Floorboards: lines towards the vanishing point.
    depth = camera.K[1, 1] * floor_m / np.maximum(y - camera.K[1, 2], 1)
    across = (x - camera.K[0, 2]) / camera.K[0, 0] * depth / 0.18
    board = np.floor(across)
    tint = 1 + 0.05 * np.sin(board * 12.9898) - 0.10 * (across - board < 0.03)
    room[y >= corner] *= tint[y >= corner][:, None]
    room += rng.normal(0, 1.5, room.shape).astype(np.float32)
    return np.asarray(np.clip(room, 0, 255), np.uint8)


def _distance(points: F32, center: F32, stretch: tuple[float, float]) -> F32:
    """Distance (V,) in m of points (V, 3) from a center, x and y divided by `stretch`; infinite beyond 3 cm in z."""
    offset = np.abs(points - center)
    near = np.hypot(offset[:, 0] / stretch[0], offset[:, 1] / stretch[1])
    return np.asarray(np.where(offset[:, 2] < 0.03, near, np.inf), np.float32)


def _choose(rng: np.random.Generator, colors: tuple[tuple[int, int, int], ...]) -> F32:
    return np.asarray(colors[int(rng.integers(len(colors)))], np.float32)
