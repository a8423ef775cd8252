"""Colors of people."""

from __future__ import annotations

import pytest

from edge.render.palette import PALETTE, color_of, linear_rgb


def test_linear_rgb_is_the_color_of_the_overlay() -> None:
    for track_id in range(2 * len(PALETTE)):
        linear = linear_rgb(track_id)
        srgb = [12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in linear]
        assert [255 * c for c in srgb[::-1]] == pytest.approx(color_of(track_id).tolist(), abs=0.01)
