"""Imports ONNX models, with the card beside the file or in it, and the checkpoints of `meshcast train`.

Each model is first run in a child process, before anything is written.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import tomli_w

from engines.cards.card import NETWORKS, ZOO, Card, load_card
from engines.cards.names import checked_name
from engines.cards.paths import UPSAMPLING
from engines.errors import ModelError
from engines.files.memory_budget import MemoryBudget
from engines.files.regular_file import read_file
from engines.importing.import_onnx import import_onnx
from engines.importing.trial import try_card
from engines.onnx_tools.packed_model import unpack

LARGEST_ONNX = 2 << 30  # bytes, protobuf's own limit


def import_model(path: Path, name: str | None) -> tuple[Card, str]:
    """Import an `.onnx` file or its card; returns the card and the kind of the file. Raises ModelError, without
    writing anything, when a part is missing or the model does not run."""
    if path.suffix.lower() == ".toml" or path.with_suffix(".toml").is_file() or not path.is_file():
        refuse_bundled_name(name or path.stem)
        card = load_card(path)
        if path.suffix.lower() != ".toml" and all(v.file.resolve() != path.resolve() for v in card.variants):
            named = card.variants[0].file.name if card.variants else "another kind of model"
            raise ModelError(f"{path}: the card beside it is for {named}; correct its variants")
        if card.variants:
            try_card(card)
        return import_onnx(path, name), "an ONNX model with a card"
    with tempfile.TemporaryDirectory() as folder:
        return import_model(_unpacked(path, name, Path(folder)), name)[0], "an ONNX model with its card in it"


def import_training(path: Path, name: str | None) -> tuple[Card, str]:
    """Import the checkpoint of stage two of a training; see import_model."""
    from engines.training.restore import export_checkpoint

    with tempfile.TemporaryDirectory() as folder:
        card, _ = import_model(export_checkpoint(path, Path(folder)), name)
    return card, "a checkpoint of meshcast train, both stages"


def image_weights(path: Path, folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The averaged network of a training on images as a file in `folder`, and the entries of its card; None for the
    checkpoint of another training."""
    import torch

    from engines.training import checkpoint
    from engines.training.export_model import NO_LICENSE
    from engines.training.methods.registry import METHODS

    state = checkpoint.read(path)
    method, settings = str(state[checkpoint.MARK]), state.get("settings", {})
    if method not in METHODS:
        return None
    weights = folder / path.name
    torch.save(state.get("net", {}), weights)
    size = settings.get("size")
    notes = f"Trained on crops of {size} px with {settings.get('steps')} steps of {settings.get('batch')}."
    return weights, {"license": NO_LICENSE, "source": f"trained with meshcast train {method}", "notes": notes}


def _unpacked(path: Path, name: str | None, folder: Path) -> Path:
    """Unpacks a packed file into a folder; returns the path of the ONNX file."""
    data = read_file(path, limit_bytes=LARGEST_ONNX, budget=MemoryBudget())
    found = unpack(path, data)
    if found is None:
        raise ModelError(
            f"{path}: its card {path.with_suffix('.toml').name} is neither beside it nor in it; "
            "docs/how-to/onnx-models.md shows how to write one"
        )
    raw, files = found
    own = checked_name(str(raw.get("name")))
    model = folder / f"{own}.onnx"
    model.write_bytes(data)
    if "upsampling" in files:
        model.with_suffix(UPSAMPLING).write_bytes(files["upsampling"])
    if raw.get("body"):
        if "body" not in files:
            raise ModelError(f"{path}: its card names a body that the file does not hold; export it again")
        raw["body"] = "body.npz"
        (folder / raw["body"]).write_bytes(files["body"])
    variant: dict[str, Any] = {"file": model.name, "sha256": hashlib.sha256(data).hexdigest()}
    card = raw | {"name": own, "aliases": [], "license_files": [], "variants": {"fp32": variant}}
    model.with_suffix(".toml").write_text(tomli_w.dumps(card), encoding="utf-8")
    return model


def refuse_bundled_name(name: str) -> None:
    """Raises ModelError for the name of a bundled model or of a known network: an import never replaces those."""
    if any((folder / f"{name}.toml").is_file() for folder in (ZOO, NETWORKS)):
        raise ModelError(f"{name}: the name of a bundled model; choose another with --as")
