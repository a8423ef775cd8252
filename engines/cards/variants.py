"""Adds INT8 weights to a model, as a card in the user's data folder with a copy of the float weights."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import tomli_w

from engines.cards.accuracy_gate import Gate
from engines.cards.card import Card, load_card, needed_user_models, read_weights
from engines.cards.renamed_keys import read_card_table
from engines.errors import ModelError
from engines.files.atomic import write_atomically


def add_int8(card: Card, data: bytes, gate: Gate) -> Card:
    """Writes an INT8 file and a card with it and the model's float weights; returns the new card.

    The card is in the user's data folder and hides a bundled one of the same name; the files that it names are copied
    there. `engines.importing.import_model.remove` deletes all of them. Raises ModelError when the accuracy gate was not
    passed or the folder cannot be written; an existing card is kept then.
    """
    if gate.failures:
        raise ModelError(
            f"{card.name}: the accuracy gate was not passed, {gate.failures[0]}; keep more layers in float"
        )
    floats = card.variant("fp32")
    if floats is None:
        raise ModelError(f"{card.name}: has no fp32 weights to compare INT8 with; choose a model that has")
    raw: dict[str, Any] = read_card_table(card.path)
    name, weights = card.name, read_weights(floats)
    raw["name"] = name
    files = {_named(name, weights, floats.file.suffix): weights, _named(name, data, ".int8.onnx"): data}
    raw["variants"] = {
        precision: {"file": file, "sha256": hashlib.sha256(content).hexdigest()}
        for precision, (file, content) in zip(("fp32", "int8"), files.items(), strict=True)
    }
    raw["variants"]["int8"]["gate"] = gate.raw()
    try:
        licenses = [path.read_bytes() for path in card.license_files]
        copies = {_named(name, text, ".license.txt"): text for text in licenses}
        raw["license_files"] = list(copies)
        files |= copies
        folder = needed_user_models()
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            write_atomically(folder / file, content)
        write_atomically(folder / f"{name}.toml", tomli_w.dumps(raw).encode())
        for old in folder.glob(f"{name}-*"):
            if old.name not in files and re.fullmatch(re.escape(name) + r"-[0-9a-f]{12}\..*", old.name):
                old.unlink()
    except OSError as error:
        raise ModelError(f"{error.filename}: cannot be written ({error.strerror}); check the free space") from None
    return load_card(folder / f"{name}.toml")


def _named(name: str, content: bytes, suffix: str) -> str:
    return f"{name}-{hashlib.sha256(content).hexdigest()[:12]}{suffix}"
