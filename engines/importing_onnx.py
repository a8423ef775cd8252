"""ONNX models with a card, beside the file or in it, and the checkpoints of `meshcast train`, to the user's models."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.cards import NETWORKS, ZOO, Card, load_card, read_weights
from engines.errors import ModelError
from engines.packed_onnx import unpack, upsampling_path
from engines.storing import checked_name, store
from engines.trial import try_card

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LARGEST_ONNX = 2 << 30  # protobuf's own limit


@dataclass(frozen=True, slots=True)
class _Model:
    """A model's card entries, its weights by precision, and the files beside it by name."""

    raw: dict[str, Any]
    weights: dict[str, bytes]
    suffix: str
    files: dict[str, bytes]
    sha256: str


def import_onnx(path: Path, name: str | None) -> tuple[Card, str]:
    """Import an `.onnx` or its card's `.toml`; returns the card and what the file was. Nothing is written, and
    ModelError raised, when a part is missing or the model does not run in a process of its own."""
    card_path = path if path.suffix.lower() == ".toml" else path.with_suffix(".toml")
    if card_path.is_file():
        model, what = _beside(path, load_card(card_path)), f"a model with the card {card_path.name}"
    else:
        model, what = _packed(path), "a model with its card in it"
    raw = model.raw | {"name": checked_name(str(name or model.raw.get("name"))), "aliases": [], "licence_files": []}
    for entry in ("body", "mean"):
        if raw.get(entry) and entry not in model.files:
            raise ModelError(f"{path}: its card names a file for {entry} that is not in it")
    raw["imported_sha256"] = model.sha256
    if any((folder / f"{raw['name']}.toml").is_file() for folder in (ZOO, NETWORKS)):
        raise ModelError(f"{raw['name']} is the name of a model that ships with the program; choose another with --as")
    extras = {key: data for key, data in model.files.items() if key != "upsampling"}
    upsampling = model.files.get("upsampling")
    with tempfile.TemporaryDirectory() as folder:
        try_card(store(raw, model.weights, model.suffix, extras, upsampling=upsampling, folder=Path(folder)))
    card = store(raw, model.weights, model.suffix, extras, upsampling=upsampling)
    return card, what


def import_training(path: Path, name: str | None) -> tuple[Card, str]:
    """Import the checkpoint of stage two of a training; see import_onnx."""
    from engines.training.restore import ship_checkpoint

    with tempfile.TemporaryDirectory() as folder:
        card, _ = import_onnx(ship_checkpoint(path, Path(folder)), name)
    return card, "a checkpoint of meshcast train, both stages"


def _beside(path: Path, card: Card) -> _Model:
    if not card.variants:
        raise ModelError(f"{path}: its card names no weights; there is nothing to import")
    onnx = path.suffix.lower() == ".onnx"
    if onnx and all(variant.file.resolve() != path.resolve() for variant in card.variants):
        raise ModelError(f"{path}: the card beside it is for {card.variants[0].file.name}")
    suffixes = {variant.file.suffix for variant in card.variants}
    if len(suffixes) > 1:
        raise ModelError(f"{card.path}: its weights are of different kinds, which cannot be imported together")
    files = {"upsampling": _read(upsampling_path(card))} if upsampling_path(card).is_file() else {}
    for entry, file in (("body", card.body), ("mean", card.mean)):
        if file and Path(file).name != file:
            raise ModelError(f"{card.path}: {entry} {file!r} is not the name of a file beside the card")
        if file:
            files[entry] = _read(card.path.with_name(file))
    weights = {variant.precision: read_weights(variant) for variant in card.variants}
    raw: dict[str, Any] = tomllib.loads(card.path.read_text(encoding="utf-8-sig"))
    raw.setdefault("name", card.name)
    first = next(iter(weights.values()))
    return _Model(raw, weights, suffixes.pop(), files, hashlib.sha256(first).hexdigest())


def _packed(path: Path) -> _Model:
    data = _read(path)
    found = unpack(path, data)
    if found is None:
        raise ModelError(
            f"{path}: its card {path.with_suffix('.toml').name} is neither beside it nor in it; "
            "docs/models.md shows how to write one"
        )
    raw, files = found
    return _Model(raw, {"fp32": data}, ".onnx", files, hashlib.sha256(data).hexdigest())


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_ONNX:
            raise ModelError(f"{path}: larger than 2 GiB, which no model here is")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
