"""Arrays that grow by one row at a time, without a Python object per row."""

from __future__ import annotations

import numpy as np

from edge.types import F32

BLOCK_ROWS = 4096
FIRST_ROWS = 16


class Rows:
    """A growing float32 array of rows of equal shape."""

    def __init__(self) -> None:
        self._blocks: list[F32] = []
        self._used = 0  # rows of the last block

    def append(self, row: F32) -> None:
        """Append a copy of a row."""
        if not self._blocks or self._used == len(self._blocks[-1]):
            count = min(BLOCK_ROWS, 2 * len(self._blocks[-1])) if self._blocks else FIRST_ROWS
            self._blocks.append(np.empty((count, *row.shape), np.float32))
            self._used = 0
        self._blocks[-1][self._used] = row
        self._used += 1

    def array(self) -> F32:
        """Return all rows (T, ...); there must be at least one."""
        return np.concatenate([*self._blocks[:-1], self._blocks[-1][: self._used]])
