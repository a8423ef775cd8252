"""Runs any number of samples on an engine with few batch sizes; smaller batches where memory runs out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np

from engines.errors import ModelError, OutOfMemoryError

log = logging.getLogger("meshcast.engines")

BUCKETS = (1, 2, 4, 8, 16, 32, 64)
"""Batch sizes of engines that compile each size once; a batch is padded to the next size, at most to twice its own."""

In = TypeVar("In")
Out = TypeVar("Out")


class BatchRunner:
    """Splits samples (people, images; first axis) into the batch sizes that an engine supports.

    sizes: compiled batch sizes, None for any. padded: a batch may have fewer samples than its size, and the engine pads
    it; else every batch has exactly one of the sizes. On out-of-memory the batch size is halved, down to one sample,
    before the run fails; a size that was too large is not tried again.
    """

    def __init__(self, source: str, sizes: Sequence[int] | None, *, padded: bool = False) -> None:
        self._source = source
        self._sizes = tuple(sorted(sizes)) if sizes is not None else None
        self._padded = padded
        self._most: int | None = None

    def run(
        self,
        call: Callable[[tuple[In, ...], int], Sequence[Out]],
        inputs: tuple[In, ...],
        join: Callable[[list[Any]], Any] = np.concatenate,
    ) -> tuple[Out, ...]:
        """Calls call(batch of each input, batch size) -> outputs for all samples in order; join concatenates the
        outputs.

        Raises OutOfMemoryError when a single sample does not fit.
        """
        rows: Any = inputs[0]
        done: list[Sequence[Out]] = []
        start, count = 0, len(rows)
        while start < count or not done:
            size = self.size_for(count - start)
            part: Any = tuple(x[start : start + size] for x in inputs)  # type: ignore[index]
            try:
                done.append(call(part, size))
            except OutOfMemoryError:
                if size <= self._smallest():
                    raise
                self._most = size // 2
                log.warning(
                    "%s: not enough memory for a batch of %d; continuing with batches of %d",
                    self._source,
                    size,
                    self._most,
                )
                continue
            start += size
        if len(done) == 1:
            return tuple(done[0])
        return tuple(join(list(outputs)) for outputs in zip(*done, strict=True))

    def size_for(self, rows: int) -> int:
        """The size of the next batch when `rows` samples are left."""
        rows = max(rows, 1)
        if self._sizes is None:
            return rows if self._most is None else min(rows, self._most)
        allowed = [size for size in self._sizes if self._most is None or size <= self._most] or [self._smallest()]
        if self._padded:
            return next((size for size in allowed if size >= rows), allowed[-1])
        return next((size for size in reversed(allowed) if size <= rows), allowed[0])

    def _smallest(self) -> int:
        return 1 if self._sizes is None else self._sizes[0]


def batch_sizes(firsts: Iterable[object], sizes: Sequence[int] | None, source: str) -> Sequence[int] | None:
    """The batch sizes of a model whose inputs have these first axes: a number, or anything else for a free axis.

    A model exported with a fixed batch of 1 runs samples one by one. Raises ModelError for other fixed batches.
    """
    fixed = [first for first in firsts if isinstance(first, int)]
    if any(first != 1 for first in fixed):
        raise ModelError(f"{source}: its batch is fixed at {fixed[0]}; export it with a free batch axis, or with 1")
    return (1,) if fixed else sizes
