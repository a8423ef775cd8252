"""JSON files of annotations: what is read from all of them, and their numbers checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.files.regular_file import read_file

F64 = NDArray[np.float64]
LARGEST = 1 << 31  # bytes


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises ModelError."""
    try:
        return json.loads(read_file(path, ModelError, limit_bytes=LARGEST))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not JSON ({' '.join(str(error).split())[:80]})") from None


def numbers(where: str, values: Any, shape: tuple[int, ...]) -> F64:
    """Numbers of a shape. Raises ModelError, with `where` and the shape, for anything else."""
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.shape != shape:
        expected = " x ".join(map(str, shape))
        raise ModelError(
            f"{where}: {'is missing' if values is None else 'of another layout'}; expected {expected} numbers"
        )
    return array
