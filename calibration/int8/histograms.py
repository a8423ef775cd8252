"""Histograms of activation magnitudes, and the clipping range that each method chooses from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

F32: TypeAlias = NDArray[np.float32]
F64: TypeAlias = NDArray[np.float64]

BINS = 2048
LEVELS = 128  # magnitudes that a signed 8-bit number can have
KEPT = 0.9999  # share of the values that the percentile method does not clip
STEP = 16  # bins between two candidates of the entropy method


class Histogram:
    """Magnitudes of a tensor over many inputs, in BINS bins from 0; the bin width doubles when larger values occur."""

    def __init__(self) -> None:
        self.counts: F64 = np.zeros(BINS)
        self.end = 0.0
        self.largest = 0.0

    def add(self, values: F32) -> None:
        magnitudes = np.abs(values).ravel()
        largest = float(magnitudes.max(initial=0.0))
        self.largest = max(self.largest, largest)
        if largest == 0:
            return
        if self.end == 0:
            self.end = largest
        while self.end < largest:
            self.counts = np.concatenate([self.counts.reshape(-1, 2).sum(axis=1), np.zeros(BINS // 2)])
            self.end *= 2
        bins = (magnitudes[magnitudes > 0] * np.float32(BINS / self.end)).astype(np.int64)
        self.counts += np.bincount(np.minimum(bins, BINS - 1), minlength=BINS)


def minmax(histogram: Histogram) -> float:
    """The largest magnitude."""
    return histogram.largest


def percentile(histogram: Histogram) -> float:
    """The magnitude below which 99.99 % of the nonzero values are."""
    total = np.cumsum(histogram.counts)
    if total[-1] == 0:
        return histogram.largest
    bin_ = int(np.searchsorted(total, KEPT * total[-1]))
    return min((bin_ + 1) * histogram.end / BINS, histogram.largest)


def entropy(histogram: Histogram) -> float:
    """The range whose quantization to 128 levels has the smallest Kullback-Leibler divergence from the distribution of
    the clipped values (Migacz, "8-bit inference with
    TensorRT", 2017)."""
    counts = histogram.counts
    if not counts.any():
        return histogram.largest
    cuts = np.arange(LEVELS, BINS + 1, STEP)
    divergences = [_divergence(counts, int(cut)) for cut in cuts]
    return min(float(cuts[int(np.argmin(divergences))]) * histogram.end / BINS, histogram.largest)


def _divergence(counts: F64, cut: int) -> float:
    inside = counts[:cut]
    real = inside.copy()
    real[-1] += counts[cut:].sum()
    level = np.arange(cut) * LEVELS // cut
    filled = (inside > 0).astype(np.float64)
    mass, width = np.bincount(level, inside, LEVELS), np.bincount(level, filled, LEVELS)
    quantized = (mass / np.maximum(width, 1))[level] * filled
    if not quantized.any():
        return float("inf")
    p, q = real / real.sum(), quantized / quantized.sum()
    occupied = p > 0
    return float((p[occupied] * np.log(p[occupied] / np.maximum(q[occupied], 1e-12))).sum())


METHODS: dict[str, Callable[[Histogram], float]] = {"minmax": minmax, "percentile": percentile, "entropy": entropy}


def collect(activations: Callable[[F32], Mapping[str, F32]], inputs: Iterable[F32]) -> dict[str, Histogram]:
    """Histograms of every tensor that `activations` returns, over all inputs."""
    found: dict[str, Histogram] = {}
    for x in inputs:
        for name, values in activations(x).items():
            found.setdefault(name, Histogram()).add(values)
    return found
