"""Drawing of bodies over the image: shaded meshes, ids, the frame rate, and optionally the 2D skeleton."""

from __future__ import annotations

import cv2
import numpy as np

from calibration.camera import Camera
from calibration.lens import widest_radius
from edge.render.palette import color_of
from edge.types import F32, U8, Bodies, BodyModel
from edge_kernels import rasterize
from engines.body.vertex_normals import VertexNormals

ALPHA = 0.9
NEAR_M = 0.1  # nearer points are not drawn: the projection diverges at the camera plane
FAR_M = 1e4  # replaces infinite depth
STEP_M = 0.06  # a jump in depth between neighboring pixels that is an outline
CROWN_M = 0.24  # from the head joint, at the skull's base, to just over the crown
MIN_KEYPOINT_SCORE = 0.3  # keypoints below this score are not drawn

# In camera axes (x right, y down, z forward), towards a soft key light on the upper left, behind the viewer.
KEY_LIGHT = np.array([-0.451, -0.702, -0.551], np.float32)
LIMBS = (
    ("left_shoulder", "right_shoulder"),
    ("left_hip", "right_hip"),
    *(
        (f"{side}_{a}", f"{side}_{b}")
        for side in ("left", "right")
        for a, b in (
            ("shoulder", "elbow"),
            ("elbow", "wrist"),
            ("shoulder", "hip"),
            ("hip", "knee"),
            ("knee", "ankle"),
            ("eye", "ear"),
        )
    ),
    ("nose", "left_eye"),
    ("nose", "right_eye"),
)


class MeshPainter:
    """Paints the bodies of one body model over images; caches what is constant between frames."""

    def __init__(self, model: BodyModel) -> None:
        self._faces = np.ascontiguousarray(model.faces, np.int32)
        self._normals = VertexNormals(self._faces, len(model.rest_vertices))
        self._depth = np.empty(0, np.float32)
        number = {name: index for index, name in enumerate(model.keypoint_names)}
        self._head = model.joint_names.index("head") if "head" in model.joint_names else None
        self._limbs = [(number[a], number[b]) for a, b in LIMBS if a in number and b in number]

    def paint(
        self, image: U8, bodies: Bodies, camera: Camera, *, fps: float | None = None, skeleton: bool = False
    ) -> None:
        """Draw the bodies into `image` (H, W, 3) uint8 BGR, C-contiguous, in place.

        Nearer surfaces hide farther ones, also between people; what is behind the camera or outside the image is left
        out. `camera` is the camera of this image, with its distortion. fps: frame rate to write in the corner; a
        field of view that is assumed is written in another.
        skeleton: also draw the 2D keypoints and limbs.
        """
        if len(bodies):
            points = np.stack([_to_image(camera, v) for v in bodies.vertices])
            self._paint_meshes(image, points, bodies)
            if skeleton:
                self._paint_skeletons(image, bodies)
            anchors = [_above_head(v, j, self._head) for v, j in zip(bodies.vertices, bodies.joints, strict=True)]
            _paint_ids(image, _to_image(camera, np.stack(anchors)), bodies)
        if fps is not None:
            scale = text_scale(image)
            outlined_text(image, f"{fps:.1f} fps", (round(18 * scale), round(40 * scale)), scale, (255, 255, 255))
        if camera.assumed:
            _paint_assumption(image, camera)

    def _paint_meshes(self, image: U8, points: F32, bodies: Bodies) -> None:
        """All people in one pass, on the band of rows that they cover."""
        people, vertices = points.shape[:2]
        colors = np.concatenate([self._shade(v, color_of(i)) for v, i in zip(bodies.vertices, bodies.ids, strict=True)])
        faces = (self._faces + (np.arange(people, dtype=np.int32) * vertices)[:, None, None]).reshape(-1, 3)
        left, top, right, bottom = _covered(points, image)
        if top >= bottom or left >= right:
            return
        band = image[top:bottom]  # whole rows, which are contiguous
        if self._depth.size < band.size // 3:
            self._depth = np.empty(image.size // 3, np.float32)
        depth = self._depth[: band.size // 3].reshape(band.shape[:2])
        depth.fill(np.inf)
        rasterize(faces, points.reshape(-1, 3) - np.array([0, top, 0], np.float32), colors, band, depth, ALPHA)
        soften_steps(band[:, left:right], depth[:, left:right])

    def _shade(self, vertices: F32, color: F32) -> F32:
        """Colors (V, 3) of matt clay under a key light and sky light, with a rim that parts it from what is behind."""
        normals = self._normals(vertices)
        toward = -vertices / np.sqrt(np.einsum("vc,vc->v", vertices, vertices))[:, None]
        facing = np.clip(np.einsum("vc,vc->v", normals, toward), 0, 1)
        key = np.clip(0.2 + 0.8 * (normals @ KEY_LIGHT), 0, 1)  # wrapped round the edge: no hard shadow line
        sky = 0.5 - 0.5 * normals[:, 1]
        light = 0.28 + 0.70 * key + 0.14 * sky + 0.10 * facing
        rim = (1 - facing) ** 3
        white = 0.08 + 0.35 * rim * (0.3 + 0.7 * sky) + 0.20 * key**8
        clay = color * light[:, None]
        return np.asarray(np.clip(clay + (245 - clay) * white[:, None], 0, 255), np.float32)

    def _paint_skeletons(self, image: U8, bodies: Bodies) -> None:
        width = max(1, round(2 * text_scale(image)))
        for keypoints in bodies.keypoints:
            visible = (keypoints[:, 2] > MIN_KEYPOINT_SCORE) & (np.abs(keypoints[:, :2]) < 1e5).all(1)
            spots: list[tuple[int, int]] = [
                (int(x), int(y)) for x, y in np.where(visible[:, None], keypoints[:, :2], 0).round()
            ]
            for a, b in self._limbs:
                if visible[a] and visible[b]:
                    cv2.line(image, spots[a], spots[b], (40, 40, 40), width + 2, cv2.LINE_AA)
                    cv2.line(image, spots[a], spots[b], (255, 255, 255), width, cv2.LINE_AA)
            for spot in (s for s, good in zip(spots, visible, strict=True) if good):
                cv2.circle(image, spot, 2 * width, (40, 40, 40), -1, cv2.LINE_AA)
                cv2.circle(image, spot, 2 * width - 1, (255, 255, 255), -1, cv2.LINE_AA)


def _to_image(camera: Camera, vertices: F32) -> F32:
    """Points (V, 3): x px, y px, z m; NaN where the camera model is not valid: such points are not drawn."""
    good = vertices[:, 2] > NEAR_M
    z = np.where(good, vertices[:, 2], 1.0)
    if camera.distortion.any() or camera.model != "pinhole":
        widest = widest_radius(camera.distortion, camera.model)
        good &= ((vertices[:, :2] / z[:, None]) ** 2).sum(1) < widest**2
    points = np.empty(vertices.shape, np.float32)
    points[:, :2] = camera.project(np.column_stack([vertices[:, :2], z]))
    points[:, 2] = vertices[:, 2]
    if not good.all():
        points[~good] = np.nan
    return points


def _covered(points: F32, image: U8) -> tuple[int, int, int, int]:
    """The part of the image that the points (N, V, 3) reach: left, top, one past the right and the bottom, px."""
    height, width = image.shape[:2]
    low, high = np.fmin.reduce(points[..., :2], (0, 1)) - 1, np.fmax.reduce(points[..., :2], (0, 1)) + 2
    if not np.isfinite(low).all():
        return 0, 0, 0, 0
    left, right = np.clip([low[0], high[0]], 0, width).astype(int).tolist()
    top, bottom = np.clip([low[1], high[1]], 0, height).astype(int).tolist()
    return left, top, right, bottom


def soften_steps(image: U8, depth: F32) -> None:
    """Average over 3 x 3 px where the depth (m, infinite beside the bodies) has a step: outlines are not jagged then.

    Changes both: `depth` becomes finite.
    """
    np.minimum(depth, FAR_M, out=depth)
    steps = cv2.morphologyEx(depth, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    cv2.copyTo(cv2.blur(image, (3, 3)), (np.asarray(steps) > STEP_M).astype(np.uint8), image)


def _above_head(vertices: F32, joints: F32, head: int | None) -> F32:
    """Position (3,) m of the label: a hand's width above the crown, or the topmost vertex without a head joint."""
    if head is None:
        return np.asarray(vertices[vertices[:, 1].argmin()], np.float32)
    return np.asarray(joints[head] + [0.0, -CROWN_M, 0.0], np.float32)


def _paint_ids(image: U8, anchors: F32, bodies: Bodies) -> None:
    """Each id at its anchor (x px, y px, z m), kept inside the image; nothing for people outside it."""
    height, width = image.shape[:2]
    scale = text_scale(image)
    for (x, y, _), track_id in zip(anchors, bodies.ids, strict=True):
        text = str(track_id)
        (text_width, text_height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
        if not -text_width < x < width + text_width or not -height < y < height:
            continue
        left = int(np.clip(x - text_width / 2, 2, max(2, width - text_width - 2)))
        base = int(np.clip(y, text_height + 2, height - 2))
        light = tuple(float(c) for c in 0.5 * color_of(int(track_id)) + 0.5 * 255)
        outlined_text(image, text, (left, base), scale, light)


def _paint_assumption(image: U8, camera: Camera) -> None:
    """The assumed field of view, in small text in the lower left corner."""
    scale = 0.6 * text_scale(image)
    where = (round(18 * scale), image.shape[0] - 1 - round(18 * scale))
    outlined_text(image, f"{camera.fov_deg:.0f} deg field of view assumed", where, scale, (255, 255, 255))


def outlined_text(image: U8, text: str, where: tuple[int, int], scale: float, color: tuple[float, ...]) -> None:
    """Text with its lower left corner at `where` (px) and a dark outline."""
    x, y = where  # the outline is made of shifted copies: a thicker stroke is a bolder font in newer versions of OpenCV
    stroke, reach = max(1, round(2 * scale)), max(1, round(2 * scale))
    for dx in (-reach, 0, reach):
        for dy in (-reach, 0, reach):
            cv2.putText(
                image, text, (x + dx, y + dy), cv2.FONT_HERSHEY_SIMPLEX, scale, (25, 25, 25), stroke, cv2.LINE_AA
            )
    cv2.putText(image, text, where, cv2.FONT_HERSHEY_SIMPLEX, scale, color, stroke, cv2.LINE_AA)


def text_scale(image: U8) -> float:
    """Size of OpenCV's font (22 px at 1) that reads well on this image."""
    return float(np.clip(min(image.shape[:2]) / 750, 0.4, 3.0))
