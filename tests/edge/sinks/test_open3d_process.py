"""Sizes of the desktop window."""

from __future__ import annotations

import pytest

from edge.sinks.open3d_process import LONGEST_PX, SMALLEST_PX, letterbox, window_size


@pytest.mark.parametrize(
    ("image", "window"),
    [((640, 480), (640, 480)), ((4000, 2000), (LONGEST_PX, LONGEST_PX // 2)), ((1000, 10), (1000, SMALLEST_PX))],
)
def test_window_size_follows_the_image(image: tuple[int, int], window: tuple[int, int]) -> None:
    assert window_size(image) == window


@pytest.mark.parametrize(
    ("area", "aspect", "inner"),
    [
        ((800, 600), 4 / 3, (0, 0, 800, 600)),
        ((1000, 600), 4 / 3, (100, 0, 800, 600)),
        ((800, 1000), 4 / 3, (0, 200, 800, 600)),
        ((0, 0), 1.0, (0, 0, 1, 1)),
    ],
)
def test_letterbox_is_in_the_middle(area: tuple[int, int], aspect: float, inner: tuple[int, int, int, int]) -> None:
    assert letterbox(*area, aspect) == inner
