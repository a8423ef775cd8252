"""An image of a rig: top and side view with the cameras' frusta, distances, and the places of the board."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.rig_file import Rig

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
SIDE, MARGIN = 760, 70  # px
COLORS = ((180, 60, 20), (30, 120, 220), (60, 150, 40), (150, 40, 150), (20, 30, 200), (130, 130, 0), (40, 90, 120))
GRAY, LIGHT, BLACK = (120, 120, 120), (222, 222, 222), (20, 20, 20)
FONT, SMALL = cv2.FONT_HERSHEY_SIMPLEX, 0.48
FRUSTUM = 0.18  # length, as a share of the rig's size
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


def rig_image(rig: Rig, boards: F64 | None = None, pairs: Sequence[tuple[str, str]] = ()) -> U8:
    """Top view (x to the right, y up) and side view (x to the right, z up) beside each other.

    Args:
        rig: cameras in their world.
        boards: (F, 3) m, where the board was.
        pairs: cameras that share views; lines with distances are drawn between them.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    positions = np.stack([pose.position for pose in rig.poses.values()])
    shown = positions if boards is None or not len(boards) else np.concatenate([positions, boards])
    shown = np.concatenate([shown, np.append(shown[:, :2].mean(axis=0), 0.0)[None]])
    length = FRUSTUM * max(float(np.ptp(positions, axis=0).max()), 0.3)
    low, high = shown.min(axis=0) - 1.2 * length, shown.max(axis=0) + 1.2 * length
    scale = (SIDE - 2 * MARGIN) / float((high - low).max())
    views = [
        _view(rig, boards, pairs, axes, (low, high), scale, length, title)
        for axes, title in (((0, 1), "top view"), ((0, 2), "side view"))
    ]
    return np.ascontiguousarray(np.hstack(views))


def _view(
    rig: Rig,
    boards: F64 | None,
    pairs: Sequence[tuple[str, str]],
    axes: tuple[int, int],
    bounds: tuple[F64, F64],
    scale: float,
    length: float,
    title: str,
) -> U8:
    image = np.full((SIDE, SIDE, 3), 255, np.uint8)
    middle = (bounds[0] + bounds[1]) / 2

    def at(point: F64) -> tuple[int, int]:
        x, y = (point - middle)[list(axes)] * scale
        return round(SIDE / 2 + x), round(SIDE / 2 - y)

    _grid(image, middle, axes, scale, at)
    if boards is not None:
        for board in boards:
            cv2.circle(image, at(board), 3, (170, 190, 150), -1, cv2.LINE_AA)
    poses = rig.poses
    for first, second in pairs:
        one, other = poses[first].position, poses[second].position
        cv2.line(image, at(one), at(other), (200, 200, 200), 1, cv2.LINE_AA)
        if axes == (0, 1):
            _text(image, f"{np.linalg.norm(one - other):.2f} m", at((one + other) / 2), GRAY)
    for number, (name, camera) in enumerate(rig.cameras.items()):
        color = COLORS[number % len(COLORS)]
        pose = poses[name]
        width, height = camera.size
        edges = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        rays = np.column_stack([(edges - camera.K[:2, 2]) / np.diag(camera.K)[:2], np.ones(4)])
        ends = pose.position + length * (rays / np.linalg.norm(rays, axis=1, keepdims=True)) @ pose.rotation
        outline = np.array([at(end) for end in ends], np.int32)
        shade = image.copy()
        hull = cv2.convexHull(np.vstack([outline, [at(pose.position)]]).astype(np.int32))
        cv2.fillConvexPoly(shade, hull, color, cv2.LINE_AA)
        image[:] = cv2.addWeighted(shade, 0.15, image, 0.85, 0)
        for end in outline:
            cv2.line(image, at(pose.position), tuple(int(value) for value in end), color, 1, cv2.LINE_AA)
        cv2.polylines(image, [outline], True, color, 1, cv2.LINE_AA)
        cv2.circle(image, at(pose.position), 5, color, -1, cv2.LINE_AA)
        label = name if axes == (0, 1) else f"{name} {pose.position[2]:.2f} m"
        x, y = at(pose.position)
        _text(image, label, (x, y + 20), color)
    _text(image, title, (SIDE // 2, 24), BLACK)
    return image


def _grid(image: U8, middle: F64, axes: tuple[int, int], scale: float, at: Callable[[F64], tuple[int, int]]) -> None:
    """Lines at round distances, the floor, the axes of the world, and the distance of the lines."""
    half = SIDE / 2 / scale
    step = next((step for step in STEPS if step * scale >= 60), STEPS[-1])
    for axis, other in (axes, axes[::-1]):
        first = np.ceil((middle[axis] - half) / step) * step
        for value in np.arange(first, middle[axis] + half, step):
            begin, end = middle.copy(), middle.copy()
            begin[axis] = end[axis] = value
            begin[other], end[other] = middle[other] - half, middle[other] + half
            floor = axis == 2 and abs(value) < 1e-9
            cv2.line(image, at(begin), at(end), BLACK if floor else LIGHT, 1)
    origin = np.zeros(3)
    for axis, name in zip(axes, ("x", "y" if axes[1] == 1 else "z"), strict=True):
        end = origin.copy()
        end[axis] = step
        cv2.arrowedLine(image, at(origin), at(end), BLACK, 2, cv2.LINE_AA, tipLength=0.15)
        _text(image, name, at(end * 1.15), BLACK)
    _text(image, f"grid {step:g} m", (SIDE - 60, SIDE - 16), GRAY)


def _text(image: U8, text: str, center: tuple[int, int], color: tuple[int, int, int]) -> None:
    (width, height), _ = cv2.getTextSize(text, FONT, SMALL, 1)
    x = int(np.clip(center[0] - width // 2, 2, SIDE - width - 2))
    y = int(np.clip(center[1] + height // 2, height + 2, SIDE - 4))
    cv2.putText(image, text, (x, y), FONT, SMALL, (255, 255, 255), 4, cv2.LINE_AA)
    cv2.putText(image, text, (x, y), FONT, SMALL, color, 1, cv2.LINE_AA)
