"""Giving a model INT8 weights: a card of its own in the user's data folder, with what its float weights are."""

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
    """Write an INT8 file and a card that has it beside the model's float weights; returns the new card.

    The card lies in the user's data folder and hides one of the same name that ships; what it names is copied there.
    `engines.importing.import_model.remove` takes all of it away again. Raises ModelError when the gate was not passed
    or the folder cannot be written; then the card that was there stays.
    """
    if gate.failures:
        raise ModelError(f"{card.name}: the accuracy gate was not passed, {gate.failures[0]}")
    floats = card.variant("fp32")
    if floats is None:
        raise ModelError(f"{card.name} has no fp32 weights, which INT8 is judged by")
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
        raise ModelError(f"{error.filename}: cannot be written ({error.strerror}); is there room?") from None
    return load_card(folder / f"{name}.toml")


def _named(name: str, content: bytes, suffix: str) -> str:
    return f"{name}-{hashlib.sha256(content).hexdigest()[:12]}{suffix}"
