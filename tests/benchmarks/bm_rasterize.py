"""Times `rasterize` on the open body at several heights in the image: python tests/benchmarks/bm_rasterize.py"""

from __future__ import annotations

import timeit
from functools import partial
from statistics import median

import numpy as np

from edge_kernels import rasterize
from engines.body.body import open_body

WIDTH, HEIGHT = 1080, 1920
DISTANCE_M = 4.0
HEIGHTS_PX = (250, 500, 1000, 1800)


def clear_and_draw(
    faces: np.ndarray, points: np.ndarray, colors: np.ndarray, image: np.ndarray, depth: np.ndarray
) -> None:
    depth.fill(np.inf)
    rasterize(faces, points, colors, image, depth, 0.8)


def measure() -> list[tuple[str, float]]:
    """Names with sizes, and milliseconds: the median of single calls, the depth buffer cleared in each."""
    body = open_body()
    points_m = body.v_template * np.array([1, -1, -1], np.float32) + np.array([0, 0, DISTANCE_M], np.float32)
    tall_m = np.ptp(body.v_template[:, 1])
    colors = np.full(points_m.shape, 200, np.float32)
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    depth = np.empty((HEIGHT, WIDTH), np.float32)
    table = []
    for height_px in HEIGHTS_PX:
        focal = height_px / tall_m * DISTANCE_M
        points = (focal * points_m / points_m[:, 2:] + np.array([WIDTH / 2, HEIGHT / 2, 0])).astype(np.float32)
        points[:, 2] = points_m[:, 2]
        draw = partial(clear_and_draw, body.faces, points, colors, image, depth)
        name = f"rasterize {len(body.faces)} faces, {height_px} px tall"
        table.append((name, median(timeit.repeat(draw, number=1, repeat=50)) * 1e3))
    return table


if __name__ == "__main__":
    for name, value in measure():
        print(f"{name:60s} {value:8.3f} ms")
