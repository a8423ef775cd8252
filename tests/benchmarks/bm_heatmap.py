"""Times peaks of heatmaps and suppression against NumPy and OpenCV: python tests/benchmarks/bm_heatmap.py"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from functools import partial
from statistics import median

import cv2
import numpy as np
from metric import Metric, show

import edge_kernels
from edge_kernels import reference

SHAPES = [(1, 17, 64, 48), (4, 17, 64, 48), (16, 17, 64, 48), (4, 17, 96, 72)]
BOXES = (10, 50, 300)
ROUNDS = 30


def measure() -> list[Metric]:
    """Milliseconds, medians of single interleaved calls."""
    rng = np.random.default_rng(0)
    metrics = []
    for shape in SHAPES:
        maps = blobs(rng, shape)
        places, scores = np.empty((*shape[:2], 2), np.float32), np.empty(shape[:2], np.float32)
        blur = int(11 * shape[2] / 64) | 1
        for refine in ("none", "quarter", "dark"):
            plain = dark_by_numpy if refine == "dark" else partial(reference.heatmap, refine=refine)
            times = interleaved(
                partial(plain, maps, places, scores, blur=blur),
                partial(edge_kernels.heatmap, maps, places, scores, refine, blur),
            )
            name = f"heatmap {refine} {' x '.join(map(str, shape))}"
            metrics.append(Metric(name, times[1], "ms", times[0]))
            if edge_kernels.cuda_device_count():
                metrics.append(Metric(f"{name}, cuda", on_cuda(maps, places, scores, refine, blur), "ms", times[0]))
    return metrics + [suppression(rng, count) for count in BOXES]


def suppression(rng: np.random.Generator, count: int) -> Metric:
    """Five boxes a person, best first."""
    people = rng.uniform(0, 1000, (count // 5, 2)).repeat(5, axis=0) + rng.normal(0, 3, (count, 2))
    boxes = np.concatenate([people, people + rng.uniform(90, 110, (count, 2))], axis=1).astype(np.float32)
    scores, kept = np.sort(rng.random(count))[::-1].astype(np.float32), np.empty(count, np.int32)
    times = interleaved(
        partial(reference.nms, boxes, scores, kept, 0.6), partial(edge_kernels.nms, boxes, scores, kept, 0.6)
    )
    return Metric(f"nms {count} boxes of {count // 5} people", times[1], "ms", times[0])


def interleaved(*calls: Callable[[], None]) -> list[float]:
    """Median milliseconds of each."""
    seconds = [[timeit.timeit(call, number=1) for call in calls] for _ in range(ROUNDS)]
    return [median(column) * 1e3 for column in zip(*seconds, strict=True)]


def blobs(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> np.ndarray:
    """Gaussians away from the border, the peaks of sure keypoints."""
    _, _, height, width = shape
    y, x = rng.uniform(8, height - 8, shape[:2]), rng.uniform(8, width - 8, shape[:2])
    across = np.exp(-((np.arange(width) - x[..., None]) ** 2) / 8)
    down = np.exp(-((np.arange(height) - y[..., None]) ** 2) / 8)
    return (down[..., None] * across[..., None, :]).astype(np.float32)


def dark_by_numpy(maps: np.ndarray, places: np.ndarray, scores: np.ndarray, blur: int) -> None:
    """What a pipeline without the operator does: OpenCV's blur and a Newton step, map by map."""
    _, _, height, width = maps.shape
    flat = maps.reshape(-1, height * width)
    peaks = flat.argmax(axis=1)
    scores[:] = np.take_along_axis(flat, peaks[:, None], axis=1).reshape(scores.shape)
    y, x = np.divmod(peaks, width)
    found = np.stack([x, y], axis=1).astype(np.float32)
    for row, heatmap in enumerate(maps.reshape(-1, height, width)):
        smooth = cv2.GaussianBlur(heatmap, (blur, blur), 0, borderType=cv2.BORDER_CONSTANT)
        smooth *= heatmap.max() / smooth.max()
        at = np.log(np.maximum(smooth[y[row] - 2 : y[row] + 3, x[row] - 2 : x[row] + 3], 1e-10))
        gradient = np.array([at[2, 3] - at[2, 1], at[3, 2] - at[1, 2]]) / 2
        xx, yy = (at[2, 4] - 2 * at[2, 2] + at[2, 0]) / 4, (at[4, 2] - 2 * at[2, 2] + at[0, 2]) / 4
        xy = (at[3, 3] - at[1, 3] - at[3, 1] + at[1, 1]) / 4
        found[row] -= np.array([[yy, -xy], [-xy, xx]]) @ gradient / (xx * yy - xy * xy)
    places[:] = (found / np.array([width, height], np.float32)).reshape(places.shape)


def on_cuda(maps: np.ndarray, places: np.ndarray, scores: np.ndarray, refine: str, blur: int) -> float:
    """Milliseconds of one call on the device, the mean of 100 in a row."""
    import torch

    arrays = [torch.from_numpy(array).cuda() for array in (maps, places, scores)]
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    stream = torch.cuda.current_stream()
    for _ in range(10):
        edge_kernels.heatmap(*arrays, refine, blur, stream.cuda_stream)
    begin.record(stream)
    for _ in range(100):
        edge_kernels.heatmap(*arrays, refine, blur, stream.cuda_stream)
    end.record(stream)
    end.synchronize()
    return float(begin.elapsed_time(end)) / 100


if __name__ == "__main__":
    show(measure())
