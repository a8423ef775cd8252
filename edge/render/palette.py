"""Colors of people: the same in overlays and exports."""

from __future__ import annotations

import numpy as np

from edge.types import F32

# Paul Tol's "light" scheme (color-blind-safe), BGR 0..255, in an order whose neighbors differ most.
PALETTE = np.array(
    [
        (221, 170, 119),
        (102, 136, 238),
        (153, 187, 68),
        (136, 221, 238),
        (187, 170, 255),
        (255, 221, 153),
        (51, 204, 187),
        (0, 170, 170),
    ],
    np.float32,
)


def color_of(track_id: int) -> F32:
    """The color (3,) BGR 0..255 of a person: the same id always has the same one."""
    return np.asarray(PALETTE[int(track_id) % len(PALETTE)], np.float32)


def linear_rgb(track_id: int) -> tuple[float, float, float]:
    """The same color as linear red, green and blue, 0..1, as the materials of 3D formats have it (sRGB's curve)."""
    srgb = color_of(track_id)[::-1].astype(np.float64) / 255
    red, green, blue = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).tolist()
    return red, green, blue
