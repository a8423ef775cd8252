"""Models in the user's data folder: written so that a card never names what is not there, and deleted whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from engines.atomic import write_atomically
from engines.cards import Card, load_card, user_models
from engines.errors import ModelError

UPSAMPLING = ".upsampling.npz"  # beside the card, under its name


def checked_name(name: str) -> str:
    """A name that a model's files may have; it never leaves their folder. Raises ModelError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", name):
        raise ModelError(f"{name[:100]!r} cannot be a model's name: use letters, digits, '_', '-' and '.'")
    return name


def store(
    raw: dict[str, Any],
    weights: Mapping[str, bytes],
    suffix: str,
    extras: Mapping[str, bytes],
    *,
    upsampling: bytes | None = None,
    folder: Path | None = None,
) -> Card:
    """Write weights by precision, extras (by the card's entry that names them) and the card, which comes last.

    folder is that of the user's models, unless given. What an earlier import of the same name left is removed.
    """
    folder, name = folder or user_models(), checked_name(str(raw["name"]))
    files, known = {}, raw.get("variants", {})
    raw["variants"] = {}
    for precision, data in weights.items():
        sha256 = hashlib.sha256(data).hexdigest()
        file = f"{name}-{sha256[:12]}{suffix}"
        files[file] = data
        raw["variants"][precision] = known.get(precision, {}) | {"file": file, "sha256": sha256}
    for entry, data in extras.items():
        files[f"{name}-{hashlib.sha256(data).hexdigest()[:12]}.{entry}.npz"] = data
        raw[entry] = list(files)[-1]
    if upsampling is not None:
        files[name + UPSAMPLING] = upsampling
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            write_atomically(folder / file, data)
        write_atomically(folder / f"{name}.toml", tomli_w.dumps(raw).encode())
        for old in folder.glob(f"{name}-*"):
            if old.name not in files and re.fullmatch(re.escape(name) + r"-[0-9a-f]{12}\..*", old.name):
                old.unlink()
    except OSError as error:
        raise ModelError(f"{folder}: cannot be written ({error.strerror}); is there room?") from None
    return load_card(folder / f"{name}.toml")
