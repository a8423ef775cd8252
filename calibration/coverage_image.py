"""An image of where a board was seen, and of the reprojection errors."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.intrinsics import Intrinsics

LONGER_SIDE = 1200  # px
ARROW_SCALE = 60  # length of an arrow, in lengths of the error
WORST_PX = 1.0  # an error that is drawn red
TEXT_HEIGHT = 26


def coverage_image(result: Intrinsics) -> NDArray[np.uint8]:
    """An image (H, W, 3) uint8 BGR: a dot at each corner, green to red by its error, with the error as an arrow."""
    width, height = result.camera.size
    scale = LONGER_SIDE / max(width, height)
    canvas = np.full((round(height * scale), round(width * scale), 3), 40, np.uint8)
    for cell in range(1, 8):
        x, y = round(canvas.shape[1] * cell / 8), round(canvas.shape[0] * cell / 8)
        cv2.line(canvas, (x, 0), (x, canvas.shape[0]), (60, 60, 60), 1)
        cv2.line(canvas, (0, y), (canvas.shape[1], y), (60, 60, 60), 1)
    for view, residuals in zip(result.views, result.residuals_px, strict=True):
        for corner, residual in zip(view.corners, residuals, strict=True):
            part = min(float(np.hypot(*residual)) / WORST_PX, 1.0)
            color = (0, round(255 * (1 - part)), round(255 * part))
            place = np.asarray(corner * scale)
            tip = place + residual * scale * ARROW_SCALE
            start = (round(float(place[0])), round(float(place[1])))
            cv2.line(canvas, start, (round(float(tip[0])), round(float(tip[1]))), color, 1, cv2.LINE_AA)
            cv2.circle(canvas, start, 3, color, -1, cv2.LINE_AA)
    focal, deviation = result.camera.K[0, 0], result.focal_std_px[0]
    lines = (
        f"{len(result.views)} views, {result.coverage:.0%} of the image covered, rms error {result.rms_px:.2f} px",
        f"focal length {focal:.1f} +- {deviation:.1f} px; arrows are {ARROW_SCALE} errors long",
    )
    for row, line in enumerate(lines, 1):
        cv2.putText(
            canvas, line, (12, TEXT_HEIGHT * row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (240, 240, 240), 1, cv2.LINE_AA
        )
    return canvas
