"""Mixtures: fixed ratios, an order that the seed determines, restricted annotations, broken samples."""

from __future__ import annotations

import numpy as np
import pytest

from engines.errors import ModelError
from engines.training.image_config import SUPERVISION
from engines.training.mixture import BrokenSampleError, Mixture, Source, shares
from engines.training.sample import Sample

IMAGE = np.zeros((4, 4, 3), np.uint8)


class Numbered:
    """Samples whose shape holds their number; some cannot be read."""

    def __init__(self, name: str, broken: frozenset[int] = frozenset()) -> None:
        self._name, self._broken = name, broken

    def __getitem__(self, number: int) -> Sample:
        if number in self._broken:
            raise BrokenSampleError(f"{self._name}: sample {number} is damaged")
        numbers = np.full(10, number, np.float32)
        points = np.zeros((58, 3), np.float32)
        return Sample(image=IMAGE, name=self._name, shape=numbers, points_2d=points, uv=np.zeros((4, 4, 2), np.float32))


def numbers(samples: list[Sample]) -> list[tuple[str, int]]:
    return [(sample.name, int(sample.shape[0])) for sample in samples]


@pytest.mark.parametrize(
    ("ratios", "batch", "expected"),
    [((50, 30, 20), 10, (5, 3, 2)), ((50, 30, 20), 64, (32, 19, 13)), ((1,), 7, (7,)), ((98, 1, 1), 4, (2, 1, 1))],
)
def test_shares_add_up_and_keep_the_ratios(ratios: tuple[float, ...], batch: int, expected: tuple[int, ...]) -> None:
    assert shares(ratios, batch) == expected


def test_mixture_visits_every_sample_once_an_epoch_in_an_order_of_its_seed() -> None:
    mixture = Mixture([Source("a", Numbered("a"), 6), Source("b", Numbered("b"), 4, ratio=0.5)], 6, seed=1)
    assert mixture.counts == (4, 2)
    seen = [entry for number in range(3) for entry in numbers(mixture[number])]
    assert sorted(n for name, n in seen[: 6 * 3] if name == "a")[0] == 0
    first_epoch = [n for number in range(2) for name, n in numbers(mixture[number]) if name == "b"]
    assert sorted(first_epoch) == [0, 1, 2, 3]
    again = Mixture([Source("a", Numbered("a"), 6), Source("b", Numbered("b"), 4, ratio=0.5)], 6, seed=1)
    assert numbers(again[2]) == numbers(mixture[2])
    other = Mixture([Source("a", Numbered("a"), 6), Source("b", Numbered("b"), 4, ratio=0.5)], 6, seed=2)
    assert [numbers(other[n]) for n in range(3)] != [numbers(mixture[n]) for n in range(3)]


def test_mixture_of_an_endless_source_counts_up() -> None:
    mixture = Mixture([Source("a", Numbered("a"))], 3, seed=0)
    assert numbers(mixture[5]) == [("a", 15), ("a", 16), ("a", 17)]


def test_mixture_removes_annotations_that_are_not_used() -> None:
    source = Source("a", Numbered("a"), use=SUPERVISION["sparse"])
    (sample, _) = Mixture([source], 2, seed=0)[0]
    assert sample.shape is None
    assert sample.uv is None
    assert sample.points_2d is not None


def test_mixture_keeps_3d_annotations_of_a_share_of_the_samples() -> None:
    source = Source("a", Numbered("a"), share_3d=0.2)
    samples = Mixture([source], 400, seed=0)[0]
    kept = [sample.shape is not None for sample in samples]
    assert 0.13 < np.mean(kept) < 0.27
    assert all(sample.uv is not None for sample in samples)
    again = Mixture([source], 400, seed=0)[0]
    assert [sample.shape is not None for sample in again] == kept


def test_mixture_replaces_and_counts_broken_samples(caplog: pytest.LogCaptureFixture) -> None:
    mixture = Mixture([Source("a", Numbered("a", frozenset({3, 7})), 100)], 10, seed=0)
    seen = [entry for number in range(10) for entry in numbers(mixture[number])]
    assert len(seen) == 100
    assert mixture.broken == {"a": {3, 7}}
    assert [record.message for record in caplog.records].count("skipped: a: sample 3 is damaged") == 1


def test_mixture_with_too_many_broken_samples_is_an_error() -> None:
    mixture = Mixture([Source("a", Numbered("a", frozenset(range(0, 100, 5))), 100)], 10, seed=0)
    with pytest.raises(ModelError, match="more than 5%; the last: a: sample"):
        numbers([sample for number in range(10) for sample in mixture[number]])


@pytest.mark.parametrize(
    ("sources", "batch", "wrong"),
    [
        ([], 4, "no data set"),
        ([Source("a", Numbered("a"), 0)], 4, "an empty data set"),
        ([Source(str(k), Numbered("a")) for k in range(5)], 4, "larger --batch"),
        ([Source("a", Numbered("a"), ratio=0.0)], 4, "must be positive"),
    ],
)
def test_mixture_that_cannot_be_made_is_one_line(sources: list[Source], batch: int, wrong: str) -> None:
    with pytest.raises(ModelError, match=wrong):
        Mixture(sources, batch, seed=0)
