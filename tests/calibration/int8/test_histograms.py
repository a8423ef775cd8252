"""Histograms of magnitudes and the cuts that calibrators make."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.int8.histograms import BINS, LEVELS, METHODS, Histogram, collect, entropy, minmax, percentile


def histogram(*parts: np.ndarray) -> Histogram:
    made = Histogram()
    for part in parts:
        made.add(part.astype(np.float32))
    return made


def test_histogram_growth_keeps_all_values(rng: np.random.Generator) -> None:
    parts = [rng.standard_normal(1000) * scale for scale in (0.01, 1.0, 30.0)]
    made = histogram(*parts)
    everything = np.abs(np.concatenate(parts))
    assert made.counts.sum() == np.count_nonzero(everything)
    assert made.largest == pytest.approx(everything.max(), rel=1e-6)
    assert made.end >= made.largest
    edges = np.linspace(0, made.end, BINS + 1)
    below = np.searchsorted(np.sort(everything), edges[1:-1])
    # A value may fall into the neighboring bin where bins were joined.
    assert np.abs(np.cumsum(made.counts)[:-1] - below).max() <= 3


def test_percentile_ignores_outliers(rng: np.random.Generator) -> None:
    values = np.append(rng.uniform(-1, 1, 100_000), [50.0])
    made = histogram(values)
    assert minmax(made) == 50
    assert 0.99 < percentile(made) < 1.1


def test_entropy_clips_long_tail_only(rng: np.random.Generator) -> None:
    normal = rng.standard_normal(200_000)
    tailed = histogram(np.append(normal, rng.uniform(-80, 80, 20)))
    assert 2 < entropy(tailed) < 20
    assert entropy(histogram(rng.uniform(-1, 1, 200_000))) > 0.9


@pytest.mark.parametrize("method", METHODS.values())
def test_methods_zero_tensor_has_no_range(method: object) -> None:
    assert callable(method)
    assert method(histogram(np.zeros(10))) == 0


@pytest.mark.parametrize("method", METHODS.values())
def test_methods_range_is_at_most_largest_magnitude(method: object, rng: np.random.Generator) -> None:
    assert callable(method)
    values = rng.standard_normal(5000) * rng.uniform(0.1, 100)
    assert 0 < method(histogram(values)) <= np.abs(values.astype(np.float32)).max()


def test_collect_covers_every_tensor_of_every_input() -> None:
    found = collect(lambda x: {"a": x, "b": 2 * x}, [np.full(3, value, np.float32) for value in (1, -4, 2)])
    assert {name: made.largest for name, made in found.items()} == {"a": 4, "b": 8}
    assert LEVELS == 128
