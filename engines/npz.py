"""Arrays from `.npz` files that come from outside: read whole, or refused in one line."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import MeshcastError, ModelError


def read_npz(
    path: str | Path, what: str, error: type[MeshcastError] = ModelError, only: Collection[str] | None = None
) -> dict[str, NDArray[Any]]:
    """All arrays of an `.npz` file, or those of `only` that are there; nothing pickled is loaded.

    what: what the file should be, for the message. Raises `error` when it is missing, damaged or something else.
    """
    try:
        if not zipfile.is_zipfile(path):
            Path(path).open("rb").close()  # says why, where it cannot be read at all
            raise error(f"{path}: not {what}: it is not an .npz file")
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files if only is None or key in only}
    except OSError as reason:
        raise error(f"{path}: cannot be read: {reason.strerror or reason}") from None
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as reason:
        raise error(f"{path}: not {what}, or damaged: {reason}") from None
