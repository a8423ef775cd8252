"""Reads the weights files of a card and compares them with its hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engines.cards.paths import inside
from engines.cards.types import Variant
from engines.errors import ModelError
from engines.files.memory_budget import current_budget
from engines.files.regular_file import read_file
from engines.onnx_file.external_data import LARGEST as LARGEST_ONNX
from engines.onnx_file.external_data import data_files, embedded
from engines.onnx_file.protobuf import DamagedError

LARGEST = 16 << 30  # bytes of a weights file that is not ONNX


def read_weights(variant: Variant) -> bytes:
    """The bytes of a weights file; the data files beside an ONNX model are embedded in it.

    Raises ModelError when a file is missing, is not the one that the card describes, lies elsewhere, or did not pass
    its accuracy gate.
    """
    if variant.gate is not None and variant.gate.failures:
        raise ModelError(
            f"{variant.file}: did not pass its accuracy gate, {variant.gate.failures[0]}; "
            "calibrate it again (meshcast calibrate int8) or choose another precision"
        )
    onnx = is_onnx(variant.file)
    data = _read(variant.file, LARGEST_ONNX if onnx else LARGEST)
    _compare(variant.file, data, variant.sha256)
    if not onnx or b"location" not in data:  # the key that every tensor with a data file has
        return data
    try:
        return embedded(data, lambda name: _read_data(variant, name))
    except (DamagedError, ValueError) as error:
        raise ModelError(f"{variant.file}: {error}") from None


def is_onnx(path: Path) -> bool:
    """Whether a file is taken for an ONNX model, by its name."""
    return path.suffix.lower() == ".onnx"


def data_beside(path: Path) -> tuple[Path, ...]:
    """The data files of an ONNX model that lie in its folder; none where the model cannot be read."""
    if not is_onnx(path):
        return ()
    try:
        names = data_files(_read(path, LARGEST_ONNX))
        return tuple(inside(path.parent, name, "data") for name in names)
    except (ModelError, ValueError):
        return ()


def _read_data(variant: Variant, name: str) -> bytes:
    """A data file of an ONNX model. Raises ValueError when it lies elsewhere, ModelError for all else."""
    path = inside(variant.file.parent, name, "the data file")
    listed = dict(variant.data)
    data = _read(path, LARGEST_ONNX)
    if variant.sha256 and name not in listed:
        raise ModelError(
            f"{variant.file}: its weights are in {name}, whose SHA-256 is not in the card; add to the variant: "
            f'data = {{ "{name}" = "{hashlib.sha256(data).hexdigest()}" }}'
        )
    _compare(path, data, listed.get(name, ""))
    return data


def _read(path: Path, limit: int) -> bytes:
    budget = current_budget()
    try:
        data = read_file(path, limit_bytes=limit, budget=budget)
    except ModelError as error:
        raise ModelError(f"{error}; install the model again") from None
    budget.release(len(data))  # the bytes replace those of the file before: only one model is held at a time
    return data


def _compare(path: Path, data: bytes, sha256: str) -> None:
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError(f"{path}: damaged or replaced (not the card's SHA-256); install the model again")
