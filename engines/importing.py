"""From a file that somebody published to a model with a card in the user's data folder."""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.cards import NETWORKS, Card, cards, load_card, user_models
from engines.errors import ModelError, UnknownNameError
from engines.install_hint import install_hint
from engines.storing import UPSAMPLING, checked_name, store

if TYPE_CHECKING:
    from engines.recognise import Match

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BODY_LICENCE = "non-commercial (the body model's own licence)"
BODY_NOTES = "Licensed by its authors for non-commercial research, after registration; the file must not be passed on."
ALIKE = 0.5  # a file less like every network than this is something else


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made: the card, what the file was recognised as, and remarks that its user should read."""

    card: Card
    recognised: str
    remarks: tuple[str, ...]


def import_file(path: Path, name: str | None = None, *, trust: bool = False, mean: Path | None = None) -> Imported:
    """Recognise a model, a checkpoint or a body model, convert it and write it with a card to the user's data folder.

    A model is an ONNX file with its card beside it or in it, or that card; our own training's checkpoints are models.

    name is the card to import as (for a network of several input sizes), or else what to call the model. Raises
    ModelError, naming what does not fit, and leaves nothing behind.
    """
    if name is not None:
        checked_name(name)
    if path.suffix.lower() in (".onnx", ".toml"):
        from engines.importing_onnx import import_onnx

        return Imported(*import_onnx(path, name), ())
    try:
        from engines.checkpoint import is_checkpoint
    except ImportError as error:
        raise ModelError(f"checkpoints need torch and safetensors ({error}); {install_hint('export')}") from None
    if is_checkpoint(path):
        from engines.training.checkpoint import is_training_checkpoint

        if is_training_checkpoint(path):
            from engines.importing_onnx import import_training

            return Imported(*import_training(path, name), ())
        return _import_network(path, name, trust, mean)
    return _import_body(path, name)


def _import_network(path: Path, name: str | None, trust: bool, mean: Path | None) -> Imported:
    from safetensors.torch import save

    from engines.bodies import imported_body
    from engines.checkpoint import read_checkpoint
    from engines.recognise import recognise

    checkpoint = read_checkpoint(path, trust)
    found = recognise(checkpoint.tensors, {family: imported_body(family) for family in ("smpl", "mano")})
    wanted = _template(name)
    likely = found.network.name
    nearest = f"it looks like {likely}"
    if found.likeness < ALIKE:
        raise ModelError(
            f"{path}: not a network that is known here; the nearest is {likely} ({found.likeness:.0%} alike)"
        )
    if wanted is not None and wanted.network != likely:
        raise ModelError(f"{path}: not {name}: {nearest}")
    if not found.whole:
        raise ModelError(f"{path}: {nearest}, but has {found.complaint()}")
    template, remarks = _choose(found, wanted, path)
    weights = save(_full(found), {"network": likely})
    raw = _raw(template)
    raw["name"] = name if name is not None and wanted is None else template.name
    raw["aliases"] = list(template.aliases) if raw["name"] == template.name else []
    raw["imported_sha256"] = checkpoint.sha256
    extras = {}
    if mean is not None:
        from engines.mean_parameters import read_mean_parameters, save_mean_parameters

        extras["mean"] = save_mean_parameters(read_mean_parameters(mean))
    card = store(raw, {"fp32": weights}, ".safetensors", extras)
    if found.left_out:
        remarks.append(f"left out what the network does not need: {found.left_out[0]}{_more(found.left_out)}")
    return Imported(card, f"{likely}, weights {_where(checkpoint.wrapping)}", tuple(remarks))


def _import_body(path: Path, name: str | None) -> Imported:
    from engines.body_files import body_bytes, read_body
    from engines.lod import lod_of

    body = read_body(path)
    body = replace(body, lod=lod_of(body))
    data = path.read_bytes()
    stem = name if name is not None else re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")
    raw: dict[str, Any] = {
        "name": stem,
        "task": "body",
        "family": body.family,
        "title": f"{path.name}: {len(body.v_template)} vertices, {len(body.parents)} joints",
        "licence": BODY_LICENCE,
        "source": f"imported from {path.name}",
        "notes": BODY_NOTES,
        "imported_sha256": hashlib.sha256(data).hexdigest(),
    }
    card = store(raw, {"fp32": body_bytes(body)}, ".npz", {})
    return Imported(card, f"a body model of the {body.family} family", ())


def _template(name: str | None) -> Card | None:
    """The card of the network that is asked for, or None where the name is just a name."""
    if name is None:
        return None
    try:
        card = load_card(name)
    except UnknownNameError:
        return None
    if not card.network:
        raise ModelError(f"{name} is the name of a model that ships with the program; choose another")
    shipped = NETWORKS / f"{card.name}.toml"
    return load_card(shipped) if shipped.is_file() else None


def _choose(found: Match, wanted: Card | None, path: Path) -> tuple[Card, list[str]]:
    """The card for a network; where input sizes share their weights, the file's name decides, or the first."""
    if wanted is not None:
        return wanted, []
    same = [card for card in _shipped() if card.network == found.network.name]
    if not same:
        raise ModelError(f"{path}: it is {found.network.name}, a part of a model; import the file of the whole")
    if len(same) == 1:
        return same[0], []
    named = [card for card in same if card.name.rsplit("_", 1)[1] in path.name]
    card = named[0] if named else same[0]
    others = ", ".join(other.name for other in same if other is not card)
    return card, [f"the same weights also fit {others}: choose with --as"]


def _shipped() -> list[Card]:
    return [load_card(path) for path in sorted(NETWORKS.glob("*.toml"))]


def _full(found: Match) -> dict[str, Any]:
    """The network's whole state_dict, contiguous float32; absent batch counters are zero."""
    import torch

    from engines.recognise import shapes

    wanted = found.tensors.keys() | {key for key in shapes(found.network) if key not in found.tensors}
    return {
        key: (value.float() if value.is_floating_point() else value).contiguous().clone()
        for key in sorted(wanted)
        for value in [found.tensors.get(key, torch.zeros((), dtype=torch.int64))]
    }


def _raw(card: Card) -> dict[str, Any]:
    raw: dict[str, Any] = tomllib.loads(card.path.read_text(encoding="utf-8"))
    return raw


def remove(name: str) -> list[Path]:
    """Delete an imported model; returns the files that are gone. Raises UnknownNameError when it was not imported."""
    folder = user_models()
    card = next((card for card in cards() if card.name == name and card.path.parent == folder), None)
    if card is None:
        raise UnknownNameError(f"{name} is not an imported model; see: meshcast models")
    gone = [card.path, *(variant.file for variant in card.variants), *([folder / card.mean] if card.mean else [])]
    gone += [path for path in card.licence_files if path.parent == folder]
    # What a mesh model has beside its network; what an import did not write under the model's name is not its own.
    beside = [
        folder / (card.name + UPSAMPLING),
        *([folder / card.body] if card.body.startswith(f"{card.name}-") else []),
    ]
    gone += [path for path in beside if path.is_file() and path.parent == folder]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def _more(names: tuple[str, ...]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _where(wrapping: str) -> str:
    return "at the top of the file" if wrapping == "bare" else f"under {wrapping!r}"
