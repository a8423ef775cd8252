"""FreiHAND (Zimmermann et al., ICCV 2019): hands with 21 joints, the vertices of MANO and the camera.

A folder with `SET_xyz.json`, `SET_K.json` and optionally `SET_verts.json`, lists with an entry for each hand, and
images `SET/rgb/00000000.jpg`; SET is training or evaluation. Results are `pred.json`: [joints, vertices] in the same
order.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelError
from engines.training.readers.json_list import read_json

F32 = NDArray[np.float32]
SETS = ("evaluation", "training")
JOINTS = 21


@dataclass(frozen=True, slots=True, eq=False)
class Hands:
    """N hands in camera axes: joints (N, 21, 3) m in the order of MANO21, K (N, 3, 3) px, vertices (N, V, 3) m or None,
    and the image of each."""

    joints: F32
    K: F32
    vertices: F32 | None
    images: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.joints)


def is_freihand(folder: Path) -> bool:
    """Whether a folder has the lists of FreiHAND."""
    return any((folder / f"{name}_xyz.json").is_file() for name in SETS)


def read_freihand(folder: Path, name: str | None = None) -> Hands:
    """The set with a name, or the evaluation set of a folder, else its training set.

    Raises ModelError, in one line, with the list that is missing or of another layout.
    """
    wanted = SETS if name is None else (name,)
    name = next((each for each in wanted if (folder / f"{each}_xyz.json").is_file()), None)
    if name is None:
        raise ModelError(f"{folder}: not FreiHAND: {' or '.join(f'{each}_xyz.json' for each in wanted)} is missing")
    joints = _numbers(folder / f"{name}_xyz.json", read_json(folder / f"{name}_xyz.json"), (None, JOINTS, 3))
    count = len(joints)
    if not count:
        raise ModelError(f"{folder}: an empty data set; {name}_xyz.json has no entry")
    K = _numbers(folder / f"{name}_K.json", read_json(folder / f"{name}_K.json"), (count, 3, 3))
    path = folder / f"{name}_verts.json"
    vertices = _numbers(path, read_json(path), (count, None, 3)) if path.is_file() else None
    return Hands(joints, K, vertices, tuple(folder / name / "rgb" / f"{n:08d}.jpg" for n in range(count)))


def read_hand_predictions(path: Path, hands: Hands) -> tuple[F32, F32 | None]:
    """Predicted joints (N, 21, 3) and vertices (N, V, 3) m of the hands: FreiHAND's pred.json. Raises ModelError."""
    lists = read_json(path)
    if not isinstance(lists, list) or len(lists) != 2:
        raise ModelError(f"{path}: not results of FreiHAND: a list of joints and vertices is expected")
    joints = _numbers(path, lists[0], (len(hands), JOINTS, 3), "joints")
    shape = None if hands.vertices is None else hands.vertices.shape
    return joints, None if shape is None else _numbers(path, lists[1], shape, "vertices")


def _numbers(path: Path, values: Any, shape: tuple[int | None, ...], name: str = "") -> F32:
    expected = ", ".join("N" if n is None else str(n) for n in shape)
    where = f"{path}: {name}" if name else str(path)
    try:
        array = np.asarray(values, np.float32)
    except (TypeError, ValueError):
        raise ModelError(f"{where}: not numbers ({expected}); entries differ in length or type") from None
    if array.size == 0 and array.ndim == 1 and shape[0] is None:
        return np.zeros([n or 0 for n in shape], np.float32)
    fits = array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    if not fits:
        raise ModelError(f"{where}: {array.shape}; expected numbers ({expected})")
    wrong = ~np.isfinite(array).all(axis=tuple(range(1, array.ndim)))
    if wrong.any():
        raise ModelError(f"{where}: entry {int(wrong.argmax())} is not finite")
    return array
