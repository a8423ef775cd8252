"""Times crops and the letterbox against OpenCV with NumPy: python tests/benchmarks/bm_crop.py"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from functools import partial
from statistics import median

import cv2
import numpy as np
from metric import Metric, show

import edge_kernels

HEIGHT, WIDTH = 1088, 1920
PEOPLE, SIDE, MARGIN = 4, 256, 1.25
HEIGHTS_PX = (150, 700, 1060)
INPUT = 416
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
ROUNDS = 40
GAIN = (1 / np.array(STD)).astype(np.float32)
SHIFT = (-np.array(MEAN) / np.array(STD)).astype(np.float32)


def measure() -> list[Metric]:
    """Milliseconds, medians of single interleaved calls; the reference is OpenCV and NumPy on the same
    pixels."""
    rng = np.random.default_rng(0)
    both, image, luma, chroma = synthetic_image(rng, HEIGHT, WIDTH)
    out = np.empty((PEOPLE, 3, SIDE, SIDE), np.float32)
    half, levels, opencv = out.astype(np.float16), np.empty((PEOPLE, SIDE, SIDE, 3), np.uint8), np.empty_like(out)
    metrics = []
    for height_px in HEIGHTS_PX:
        centers = np.array([[240 + 460 * i, HEIGHT / 2] for i in range(PEOPLE)], np.float32)
        scales = np.full(PEOPLE, SIDE / (MARGIN * height_px), np.float32)
        native = partial(edge_kernels.crop, MEAN, STD)
        times = interleaved(
            partial(crop_by_opencv, image, centers, scales, levels, opencv),
            partial(native, image, centers, scales, out, swap=True),
            partial(native, image, centers, scales, half, swap=True),
            partial(native, luma, centers, scales, out, swap=True, chroma=chroma),
            partial(cv2.cvtColor, both, cv2.COLOR_YUV2BGR_NV12),
        )
        name = f"crops {PEOPLE} x {SIDE} x {SIDE}, people {height_px} px"
        metrics.append(Metric(name, times[1], "ms", times[0]))
        metrics.append(Metric(f"{name}, float16", times[2], "ms", times[0]))
        metrics.append(Metric(f"{name}, from NV12", times[3], "ms", times[0] + times[4]))
        if edge_kernels.cuda_device_count():
            metrics.append(Metric(f"{name}, cuda", on_cuda(image, centers, scales, out), "ms", times[0]))
    return metrics + letterboxes(rng)


def letterboxes(rng: np.random.Generator) -> list[Metric]:
    """The same of the detector's input."""
    padded, opencv = np.empty((INPUT, INPUT, 3), np.uint8), np.empty((1, 3, INPUT, INPUT), np.float32)
    out = np.empty_like(opencv)
    native = partial(edge_kernels.letterbox, MEAN, STD)
    metrics = []
    for height, width, block in ((HEIGHT, WIDTH, 2), (480, 640, 1)):
        both, image, luma, chroma = synthetic_image(rng, height, width)
        window = (0, 0, INPUT, round(height * INPUT / width))
        times = interleaved(
            partial(letterbox_by_opencv, image, window, block, padded, opencv),
            partial(native, image, out, window, block=block, pad=114, swap=True),
            partial(native, luma, out, window, block=block, pad=114, swap=True, chroma=chroma),
            partial(cv2.cvtColor, both, cv2.COLOR_YUV2BGR_NV12),
        )
        name = f"letterbox {height} x {width} to {INPUT}"
        metrics.append(Metric(name, times[1], "ms", times[0]))
        metrics.append(Metric(f"{name}, from NV12", times[2], "ms", times[0] + times[3]))
    return metrics


def synthetic_image(
    rng: np.random.Generator, height: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """NV12 in one piece, the same as BGR, and its luma and chroma."""
    both = rng.integers(0, 256, (height * 3 // 2, width), np.uint8)
    chroma = both[height:].reshape(height // 2, width // 2, 2)
    return both, np.asarray(cv2.cvtColor(both, cv2.COLOR_YUV2BGR_NV12)), both[:height], chroma


def interleaved(*calls: Callable[[], object]) -> list[float]:
    """Median milliseconds of each."""
    seconds = [[timeit.timeit(call, number=1) for call in calls] for _ in range(ROUNDS)]
    return [median(column) * 1e3 for column in zip(*seconds, strict=True)]


def halved(image: np.ndarray, scale: float) -> tuple[np.ndarray, int]:
    """The image, halved until a scale above 0.25 is left, and the block that one of its pixels is."""
    block = 1
    while scale * block <= 0.25:
        block *= 2
        height, width = image.shape[0] // 2, image.shape[1] // 2
        image = np.asarray(cv2.resize(image[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA))
    return image, block


def crop_by_opencv(
    image: np.ndarray, centers: np.ndarray, scales: np.ndarray, levels: np.ndarray, out: np.ndarray
) -> None:
    """What a pipeline without the operator does: a warp a person, then all colors at once."""
    for row, center, scale in zip(levels, centers, scales.tolist(), strict=True):
        reach = SIDE / (2 * scale) + 4
        low = np.clip(center - reach, 0, (WIDTH, HEIGHT)).astype(int)
        high = np.clip(center + reach, 0, (WIDTH, HEIGHT)).astype(int)
        part, block = halved(image[low[1] : high[1], low[0] : high[0]], scale)
        shift = SIDE / 2 - scale * (center - low - (block - 1) / 2)
        move = np.array([[scale * block, 0, shift[0]], [0, scale * block, shift[1]]])
        cv2.warpAffine(part, move, (SIDE, SIDE), dst=row)
    normalize(levels, out)


def letterbox_by_opencv(
    image: np.ndarray, window: tuple[int, int, int, int], block: int, padded: np.ndarray, out: np.ndarray
) -> None:
    padded[:] = 114
    x, y, width, height = window
    part, _ = halved(image, 0.5 / block if block > 1 else 1.0)
    cv2.resize(part, (width, height), dst=padded[y : y + height, x : x + width])
    normalize(padded[None], out)


def normalize(levels: np.ndarray, out: np.ndarray) -> None:
    for channel in range(3):
        np.multiply(levels[..., 2 - channel], GAIN[channel], out=out[:, channel])
        out[:, channel] += SHIFT[channel]


def on_cuda(image: np.ndarray, centers: np.ndarray, scales: np.ndarray, out: np.ndarray) -> float:
    """Milliseconds of one call on the device, the mean of 100 in a row."""
    import torch

    arrays = [torch.from_numpy(array).cuda() for array in (image, centers, scales, out)]
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    stream = torch.cuda.current_stream()
    for _ in range(10):
        edge_kernels.crop(MEAN, STD, *arrays, stream=stream.cuda_stream)
    begin.record(stream)
    for _ in range(100):
        edge_kernels.crop(MEAN, STD, *arrays, stream=stream.cuda_stream)
    end.record(stream)
    end.synchronize()
    return float(begin.elapsed_time(end)) / 100


if __name__ == "__main__":
    show(measure())
