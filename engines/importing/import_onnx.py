"""Copies an ONNX model with its card into the user's models folder, as one file with a hash."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from engines.cards.card import Card, load_card, read_weights
from engines.cards.paths import UPSAMPLING
from engines.cards.renamed_keys import read_card_table
from engines.cards.weights import is_onnx
from engines.errors import ModelError
from engines.files.memory_budget import MemoryBudget
from engines.files.regular_file import read_file
from engines.importing.model_store import file_name, store
from engines.inference.model_check import fit_to_card

LARGEST = 1 << 30  # bytes of a body or another file beside the card


def import_onnx(path: Path, name: str | None) -> Card:
    """Copies the model of an `.onnx` file, or of its `.toml` card, with all files that the card names.

    Weights in data files are embedded in the copy. Raises ModelError when the model does not fit its card, or a file is
    missing.
    """
    card = load_card(path)
    if card.network or not card.variants or not all(is_onnx(variant.file) for variant in card.variants):
        raise ModelError(f"{card.path}: not the card of an ONNX model; import the checkpoint or the body file itself")
    name = name or card.name
    raw: dict[str, Any] = read_card_table(card.path) | {"name": name}
    files: dict[str, bytes] = {}
    for variant in card.variants:
        data = read_weights(variant)
        fit_to_card(card, data, str(variant.file))  # raises for a mismatch
        file = file_name(name, data, ".onnx" if variant.precision == "fp32" else f".{variant.precision}.onnx")
        files[file] = data
        kept = {key: value for key, value in raw["variants"][variant.precision].items() if key != "data"}
        raw["variants"][variant.precision] = kept | {"file": file, "sha256": hashlib.sha256(data).hexdigest()}
    for entry in ("body", "mean"):
        if raw.get(entry):
            data = _read(card.path.parent / raw[entry])
            raw[entry] = file_name(name, data, f".{entry}.npz")
            files[raw[entry]] = data
    texts = [_read(text) for text in card.license_files]
    raw["license_files"] = [file_name(name, text, ".license.txt") for text in texts]
    files |= dict(zip(raw["license_files"], texts, strict=True))
    if card.path.with_suffix(UPSAMPLING).is_file():
        files[f"{name}{UPSAMPLING}"] = _read(card.path.with_suffix(UPSAMPLING))
    return store(raw, files)


def _read(path: Path) -> bytes:
    try:
        return read_file(path, limit_bytes=LARGEST, budget=MemoryBudget())
    except ModelError as error:
        raise ModelError(f"{error}; the card names this file") from None
