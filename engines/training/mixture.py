"""Several data sets in fixed ratios, as an endless sequence of batches that is known from its seed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.training.sample import ANNOTATIONS, Sample

log = logging.getLogger("meshcast.training")

THREE_D = ("points_3d", "rotations", "shape", "vertices")  # what DCT calls 3D annotations
TRIES = 8
FEW_BROKEN = 3  # broken samples that never end a training


class BrokenSampleError(ModelError):
    """One sample of a data set cannot be read; others can."""


class Samples(Protocol):
    """Samples by number; BrokenSampleError for one that cannot be read."""

    def __getitem__(self, number: int) -> Sample: ...


class KeptSamples:
    """Samples of which the first `count` that are read stay in memory."""

    def __init__(self, samples: Samples, count: int) -> None:
        self._samples, self._count = samples, count
        self._kept: dict[int, Sample] = {}

    def __getitem__(self, number: int) -> Sample:
        sample = self._kept.get(number)
        if sample is None:
            sample = self._samples[number]
            if len(self._kept) < self._count:
                self._kept[number] = sample
        return sample


@dataclass(frozen=True, slots=True)
class Source:
    """A data set of a mixture.

    Attributes:
        name: For messages.
        samples: The data.
        length: The number of samples; None for an endless set.
        ratio: The share of each batch, relative to the other sources.
        use: The annotations that are used; the others are removed.
        share_3d: The share of the samples that keep their 3D annotations.
        vary: Augmentation of a sample with random numbers; None for none.
    """

    name: str
    samples: Samples
    length: int | None = None
    ratio: float = 1.0
    use: frozenset[str] = frozenset(ANNOTATIONS)
    share_3d: float = 1.0
    vary: Callable[[Sample, np.random.Generator], Sample] | None = None


class Mixture:
    """Batches of several sources.

    Samples that cannot be read are replaced by the next ones, counted in `broken` and reported once each.

    Args:
        sources: the data sets.
        batch: samples in a batch.
        seed: of the order.
        broken_limit: share of the samples of a source that may be broken before ModelError is raised.
    """

    def __init__(self, sources: Sequence[Source], batch: int, seed: int, broken_limit: float = 0.05) -> None:
        for source in sources:
            if source.length == 0:
                raise ModelError(f"{source.name}: an empty data set; remove it or choose another one")
        if not sources:
            raise ModelError("data: no data set is given; add --data")
        self._sources, self._seed, self._limit = tuple(sources), seed, broken_limit
        self.counts = shares([source.ratio for source in sources], batch)
        self.broken: dict[str, set[int]] = {source.name: set() for source in sources}
        self._read = dict.fromkeys(self.broken, 0)
        self._order: dict[int, tuple[int, NDArray[np.int64]]] = {}

    def __getitem__(self, number: int) -> list[Sample]:
        """The samples of batch `number`."""
        return [
            self._sample(which, number * count + place)
            for which, count in enumerate(self.counts)
            for place in range(count)
        ]

    def _sample(self, which: int, position: int) -> Sample:
        source = self._sources[which]
        for attempt in range(TRIES):
            number = self._number(which, position + attempt)
            if number in self.broken[source.name]:
                continue
            try:
                self._read[source.name] += 1
                sample = source.samples[number]
                if source.vary is not None:
                    sample = source.vary(sample, np.random.default_rng((self._seed, which, position)))
                return self._restricted(source, number, sample)
            except BrokenSampleError as error:
                self._skip(source, number, error)
        raise ModelError(f"{source.name}: {TRIES} samples in a row cannot be read; check the data set")

    def _skip(self, source: Source, number: int, error: BrokenSampleError) -> None:
        broken = self.broken[source.name]
        broken.add(number)
        log.warning("skipped: %s", error)
        if len(broken) > max(FEW_BROKEN, self._limit * (source.length or self._read[source.name])):
            raise ModelError(
                f"{source.name}: {len(broken)} samples cannot be read, more than {self._limit:.0%}; the last: {error}"
            )

    def _number(self, which: int, position: int) -> int:
        length = self._sources[which].length
        if length is None:
            return position
        epoch, place = divmod(position, length)
        if self._order.get(which, (-1,))[0] != epoch:
            order = np.random.default_rng((self._seed, which, epoch)).permutation(length)
            self._order[which] = epoch, order
        return int(self._order[which][1][place])

    def _restricted(self, source: Source, number: int, sample: Sample) -> Sample:
        removed = set(ANNOTATIONS) - source.use
        if source.share_3d < 1 and np.random.default_rng((self._seed, number)).random() >= source.share_3d:
            removed |= set(THREE_D)
        return replace(sample, **dict.fromkeys(removed)) if removed else sample  # type: ignore[arg-type]


def shares(ratios: Sequence[float], batch: int) -> tuple[int, ...]:
    """Integers that add up to `batch` and are as near to the ratios as they can be; at least 1 each.

    Raises ModelError when there are more ratios than places, or one is not positive.
    """
    if any(not ratio > 0 for ratio in ratios):
        raise ModelError(f"data: a ratio of {min(ratios):g}; ratios must be positive")
    if len(ratios) > batch:
        raise ModelError(f"data: {len(ratios)} data sets do not fit into batches of {batch}; choose a larger --batch")
    exact = np.array(ratios) / sum(ratios) * batch
    counts = np.maximum(np.floor(exact).astype(int), 1)
    while counts.sum() != batch:
        step = 1 if counts.sum() < batch else -1
        error = np.where((counts > 1) | (step > 0), step * (exact - counts), -np.inf)
        counts[int(error.argmax())] += step
    return tuple(counts.tolist())
