"""The constants of a graph convolution: sparse matrices and the rows that a skip connection adds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class CsrMatrix(NamedTuple):
    """A sparse matrix in compressed sparse row form.

    Row v has the value data[e] in column indices[e] for each e in indptr[v]..indptr[v + 1] - 1.

    Attributes:
        indptr: (rows + 1,) int32, rising from 0 to the number of entries.
        indices: (entries,) int32, columns. One column may occur several times in a row: its values add up.
        data: (entries,) float32.
    """

    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    data: NDArray[np.float32]


class SkipRows(NamedTuple):
    """What a graph convolution with a skip connection adds to each row of its result.

    Attributes:
        rows: (rows of the result,) int32, rows of the skip features.
        sources: How many rows the skip features have.
        channels: How many channels the skip features have, at least 1.
    """

    rows: NDArray[np.int32]
    sources: int
    channels: int
