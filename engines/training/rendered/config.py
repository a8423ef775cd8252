"""The settings of rendered people."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

SMALLEST, LARGEST = 32, 1024  # px


@dataclass(frozen=True, slots=True)
class RenderConfig:
    """What rendered people look like. Sizes in px are for a crop of 224 px and scale with it.

    Attributes:
        size: Side of the square crop, px. Default: 224.
        seed: Seed of everything. Default: 0.
        margin: Side of the crop over the longer side of the person's box, least and most. Default: 1.05 to 1.45.
        shift: Largest offset of the crop's center from the box's, as a share of the crop's side. Default: 0.08.
        distance_m: Distance of the camera, least and most, m. Default: 2.2 to 9.
        pitch_rad: How far the camera looks down, least and most, rad. Default: -0.35 to 0.8.
        yaw_rad: Largest angle, about the vertical axis, between the direction that people face and that to the camera.
            Default: pi, any.
        roll_rad: Standard deviation of the camera's roll, rad. Default: 0.08.
        shape: Standard deviation of the shape coefficients, which are cut at 2.5. Default: 1.
        occluded: Share of the crops with occluders. Default: 0.5.
        cropped: Share of the crops that show a part of the person only. Default: 0.15.
        blur_px: Largest standard deviation of the blur, px. Default: 1.4.
        motion_blur: Share of the crops with motion blur. Default: 0.15.
        noise: Largest standard deviation of the sensor's noise, of 255. Default: 9.
        jpeg: Lowest and highest quality of the JPEG coding that every crop went through. Default: 45 to 97.
        backgrounds: Folder of images, searched to the bottom; None for procedural ones.
    """

    size: int = 224
    seed: int = 0
    margin: tuple[float, float] = (1.05, 1.45)
    shift: float = 0.08
    distance_m: tuple[float, float] = (2.2, 9.0)
    pitch_rad: tuple[float, float] = (-0.35, 0.8)
    yaw_rad: float = math.pi
    roll_rad: float = 0.08
    shape: float = 1.0
    occluded: float = 0.5
    cropped: float = 0.15
    blur_px: float = 1.4
    motion_blur: float = 0.15
    noise: float = 9.0
    jpeg: tuple[int, int] = (45, 97)
    backgrounds: Path | None = None
