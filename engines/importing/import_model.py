"""Imports a published file as a model with a card in the user's data folder."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.cards.card import NETWORKS, Card, load_card
from engines.cards.names import LONGEST_MODEL_NAME, checked_name
from engines.cards.renamed_keys import read_card_table
from engines.errors import ModelError, UnknownNameError
from engines.files.file_kinds import foreign_kind
from engines.files.install_hint import install_hint
from engines.importing.import_packed import (
    import_model,
    import_training,
    refuse_bundled_name,
)
from engines.importing.model_store import file_name, remove, store

if TYPE_CHECKING:
    from engines.importing.identify import Match

__all__ = ["Imported", "import_file", "remove"]

BODY_LICENSE = "non-commercial (the body model's own license)"
BODY_NOTES = "Licensed by its authors for non-commercial research, after registration; the file must not be passed on."
MIN_SIMILARITY = 0.5  # below it, a file is not taken for a network


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import: the card, what the file was identified as, and warnings for the user."""

    card: Card
    identified: str
    warnings: tuple[str, ...]


def import_file(
    path: Path,
    name: str | None = None,
    *,
    trust: bool = False,
    mean: Path | None = None,
    weights: str | None = None,
) -> Imported:
    """Identifies a checkpoint, an ONNX model or a body model, converts it and writes it with a card to the user's
    folder.

    Args:
        path: The file. An ONNX model needs its card beside it or in it; a checkpoint may be one of `meshcast train`.
        name: The card to import as (for a network of several input sizes), or else the new model's name.
        trust: Allow unsafe pickle loading, which executes code from the file.
        mean: The file with the mean parameters of DCT.
        weights: The keys of the weights to import from a checkpoint with several sets.

    Returns:
        The imported card and the warnings.

    Raises:
        ModelError: The file cannot be used; the message names the mismatch, and no file is written.
    """
    if name is not None:
        checked_name(name)
    if path.suffix.lower() in (".onnx", ".toml"):
        return Imported(*import_model(path, name), ())
    if (kind := foreign_kind(_head(path))) is not None:
        raise ModelError(f"{path}: not a checkpoint, an ONNX model or a body: it is {kind}")
    try:
        from engines.importing.checkpoint import is_checkpoint
    except ImportError as error:
        raise ModelError(f"checkpoints need torch and safetensors ({error}); {install_hint('export')}") from None
    if is_checkpoint(path):
        from engines.training.checkpoint import is_training_checkpoint

        if is_training_checkpoint(path):
            return _import_training(path, name, mean)
        return _import_network(path, name, trust, mean, weights)
    return _import_body(path, name)


def _import_training(path: Path, name: str | None, mean: Path | None) -> Imported:
    """Imports the checkpoint of `meshcast train`: of a method on images as its network, else the complete model."""
    from engines.importing.import_packed import image_weights

    with tempfile.TemporaryDirectory() as folder:
        found = image_weights(path, Path(folder))
        if found is None:
            return Imported(*import_training(path, name), ())
        weights, changes = found
        return _import_network(weights, name, False, mean, None, changes)


def _import_network(
    path: Path,
    name: str | None,
    trust: bool,
    mean: Path | None,
    where: str | None,
    changes: Mapping[str, Any] | None = None,
) -> Imported:
    """changes: entries of the card that differ from those of the published network."""
    from safetensors.torch import save

    from engines.body.select import imported_body
    from engines.importing.checkpoint import read_checkpoint, require_numbers
    from engines.importing.weight_choice import choose_weights

    checkpoint = read_checkpoint(path, trust)
    bodies = {family: imported_body(family) for family in ("smpl", "mano")}
    chosen = choose_weights(path, checkpoint, bodies, where)
    found = chosen.match
    wanted = _template(name)
    likely = found.network.name
    nearest = f"most similar to {likely}"
    if found.similarity < MIN_SIMILARITY:
        raise ModelError(
            f"{path}: not a known network; the most similar one is {likely} ({found.similarity:.0%} of the tensors)"
        )
    if wanted is not None and wanted.network != likely:
        raise ModelError(f"{path}: not {name}: {nearest}")
    if not found.complete:
        raise ModelError(f"{path}: {nearest}, but with {found.mismatch_summary()}")
    require_numbers(path, found.tensors)
    template, warnings = _choose(found, wanted, path)
    weights = save(_full(found), {"network": likely})
    raw = _raw(template) | dict(changes or {})
    raw["name"] = name if name is not None and wanted is None else template.name
    raw["aliases"] = list(template.aliases) if raw["name"] == template.name else []
    raw["imported_sha256"] = checkpoint.sha256
    extras = {}
    if mean is not None:
        from engines.body.mean_parameters import read_mean_parameters, save_mean_parameters

        extras["mean"] = save_mean_parameters(read_mean_parameters(mean))
    card = _store(raw, weights, ".safetensors", extras)
    if found.left_out:
        warnings.append(f"ignored tensors that the network does not use: {found.left_out[0]}{_more(found.left_out)}")
    if chosen.others:
        warnings.append(
            f"the file holds other weights of this network: {', '.join(chosen.others)}; choose with --weights"
        )
    return Imported(card, f"{likely}, weights {_where(chosen.where)}", tuple(warnings))


def _import_body(path: Path, name: str | None) -> Imported:
    from engines.body.lod import lod_of
    from engines.body.units import check_units
    from engines.importing.body_file import body_bytes, read_body

    body = read_body(path)
    check_units(body, path)
    body = replace(body, lod=lod_of(body))
    data = path.read_bytes()
    stem = name if name is not None else re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")[:LONGEST_MODEL_NAME]
    if not stem:
        raise ModelError(f"{path}: no model name can be derived from the file name; choose one with --as")
    refuse_bundled_name(stem)
    raw: dict[str, Any] = {
        "name": stem,
        "task": "body",
        "family": body.family,
        "title": f"{path.name}: {len(body.v_template)} vertices, {len(body.parents)} joints",
        "license": BODY_LICENSE,
        "source": f"imported from {path.name}",
        "notes": BODY_NOTES,
        "imported_sha256": hashlib.sha256(data).hexdigest(),
    }
    card = _store(raw, body_bytes(body), ".npz", {})
    return Imported(card, f"a body model of the {body.family} family", ())


def _template(name: str | None) -> Card | None:
    """The card of the network with this name, or None for the name of a new model."""
    if name is None:
        return None
    try:
        card = load_card(name)
    except UnknownNameError:
        return None
    if not card.network:
        raise ModelError(f"{name}: the name of a bundled model; choose another with --as")
    bundled = NETWORKS / f"{card.name}.toml"
    return load_card(bundled) if bundled.is_file() else None


def _head(path: Path) -> bytes:
    """The first bytes of a file; a pipe or a device is refused."""
    try:
        if not path.is_file():
            kind = "a pipe, a device or a folder, not a file" if path.exists() else "there is no such file"
            raise ModelError(f"{path}: cannot be read ({kind})")
        with path.open("rb") as file:
            return file.read(512)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None


def _choose(found: Match, wanted: Card | None, path: Path) -> tuple[Card, list[str]]:
    """The card for a network; where the weights fit several input sizes, the file name decides, else the first."""
    if wanted is not None:
        return wanted, []
    same = [card for card in _bundled() if card.network == found.network.name]
    if not same:
        raise ModelError(
            f"{path}: holds {found.network.name}, which is only a part of a model; "
            "import the file of the complete model"
        )
    if len(same) == 1:
        return same[0], []
    named = [card for card in same if card.name.rsplit("_", 1)[1] in path.name]
    card = named[0] if named else same[0]
    others = ", ".join(other.name for other in same if other is not card)
    return card, [f"the weights fit {others} too; choose with --as"]


def _bundled() -> list[Card]:
    return [load_card(path) for path in sorted(NETWORKS.glob("*.toml"))]


def _full(found: Match) -> dict[str, Any]:
    """The network's complete state_dict, contiguous float32; absent batch counters are zero."""
    import torch

    from engines.importing.identify import shapes

    wanted = found.tensors.keys() | {key for key in shapes(found.network) if key not in found.tensors}
    return {
        key: (value.float() if value.is_floating_point() else value).contiguous().clone()
        for key in sorted(wanted)
        for value in [found.tensors.get(key, torch.zeros((), dtype=torch.int64))]
    }


def _raw(card: Card) -> dict[str, Any]:
    raw: dict[str, Any] = read_card_table(card.path)
    return raw


def _store(raw: dict[str, Any], weights: bytes, suffix: str, extras: dict[str, bytes]) -> Card:
    """Writes weights, extras (by the card entry that names them) and the card."""
    files = {file_name(raw["name"], weights, suffix): weights}
    raw["variants"] = {"fp32": {"file": next(iter(files)), "sha256": hashlib.sha256(weights).hexdigest()}}
    for entry, data in extras.items():
        raw[entry] = file_name(raw["name"], data, f".{entry}.npz")
        files[raw[entry]] = data
    return store(raw, files)


def _more(names: tuple[str, ...]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _where(location: str) -> str:
    return f"under {location!r}" if location else "at the top of the file"
