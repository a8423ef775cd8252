"""Checks the type, shape and range of the arrays of an untrusted file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError

KINDS = {"fiu": "numbers", "iu": "integers", "U": "text"}


@dataclass(frozen=True, slots=True)
class CheckedArrays:
    """The arrays of the file at `path`. Sizes are numbers, or a letter for any size but 0.

    Every method raises ModelError, which names the file, the array and what was expected.
    """

    path: str | Path
    arrays: Mapping[str, NDArray[Any]]

    def floats(self, key: str, *sizes: int | str) -> NDArray[np.float32]:
        """Finite float32 from any numbers."""
        with np.errstate(over="ignore"):  # values beyond float32 become infinite, and are refused
            array = np.asarray(self._shaped(key, "fiu", sizes), np.float32, order="C")
        if not np.isfinite(array).all():
            raise ModelError(f"{self.path}: {key} has values that are not finite")
        return array

    def indices(self, key: str, count: int, *sizes: int | str) -> NDArray[np.int32]:
        """int32 from 0 to count - 1."""
        array = self.integers(key, *sizes)
        if array.size and not (array.min() >= 0 and array.max() < count):
            found = f"{array.min()} to {array.max()}"
            raise ModelError(f"{self.path}: {key} goes from {found}; expected 0 to {count - 1}")
        return array.astype(np.int32)

    def integers(self, key: str, *sizes: int | str) -> NDArray[np.int64]:
        return np.asarray(self._shaped(key, "iu", sizes), np.int64, order="C")

    def names(self, key: str, count: int) -> tuple[str, ...]:
        return tuple(str(name) for name in self._shaped(key, "U", (count,)))

    def _shaped(self, key: str, kinds: str, sizes: tuple[int | str, ...]) -> NDArray[Any]:
        array = self.arrays[key]
        fits = array.ndim == len(sizes) and all(
            found > 0 if isinstance(size, str) else found == size
            for size, found in zip(sizes, array.shape, strict=True)
        )
        if not fits or array.dtype.kind not in kinds:
            found = f"{array.dtype} of shape {_text(array.shape)}"
            raise ModelError(f"{self.path}: {key} is {found}; expected {KINDS[kinds]} of shape {_text(sizes)}")
        return array


def _text(sizes: tuple[int | str, ...]) -> str:
    return f"({', '.join(map(str, sizes))})"
