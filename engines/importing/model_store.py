"""Writes imported models to the user's models folder, and removes them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from engines.cards.card import cards, load_card, needed_user_models, user_models
from engines.cards.paths import UPSAMPLING
from engines.cards.reader import read_card
from engines.cards.types import Card
from engines.cards.weights import data_beside
from engines.errors import ModelError, UnknownNameError
from engines.files.atomic import write_atomically
from engines.files.suggestions import did_you_mean


def file_name(model: str, content: bytes, suffix: str) -> str:
    """The name of a file of a model: the model's name and a hash of the content."""
    return f"{model}-{hashlib.sha256(content).hexdigest()[:12]}{suffix}"


def store(raw: Mapping[str, Any], files: Mapping[str, bytes]) -> Card:
    """Writes the files before the card, so that a card never names a missing file.

    Args:
        raw: The card as a TOML table, with its name.
        files: The contents of the files by name (see file_name). Those of an earlier import under the same name that
            are not among them are removed.

    Returns:
        The card as it is read back.

    Raises:
        ModelError: The folder cannot be written.
    """
    folder, name = needed_user_models(), raw["name"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            write_atomically(folder / file, data)
        write_atomically(folder / f"{name}.toml", tomli_w.dumps(dict(raw)).encode())
        for old in _made_by_imports(folder, name):
            if old.name not in files:
                old.unlink()
    except OSError as error:
        raise ModelError(f"{folder}: cannot be written ({error.strerror}); check the free space") from None
    return load_card(folder / f"{name}.toml")


def remove(name: str) -> list[Path]:
    """Delete an imported model: its card, also one that cannot be used, and its files in the user's models folder.

    Files that another card names too, and files outside the folder, are kept.

    Returns:
        The deleted files.

    Raises:
        UnknownNameError: There is no imported model of this name.
        ModelError: A file cannot be deleted.
    """
    folder = user_models()
    path = None if folder is None else folder / f"{name}.toml"
    if folder is None or path is None or Path(name).name != name or not os.path.lexists(path):
        imported = [card.name for card in cards() if card.path.parent == folder]
        raise UnknownNameError(
            f"{name[:80]} is not an imported model{did_you_mean(name, imported)}; list them with `meshcast models`"
        )
    if path.is_dir() and not path.is_symlink():
        raise ModelError(f"{path}: a folder, not a model card; delete it yourself")
    others = {file for card in cards() if card.path.parent == folder and card.path != path for file in _files(card)}
    try:
        own = set(_files(read_card(path)))
    except ModelError:  # its files are unknown; those that an import wrote are found by their names
        own = set()
    own |= set(_made_by_imports(folder, name))
    gone = [path, *sorted(file for file in own - others if file.suffix != ".toml" and _is_inside(file, folder))]
    try:
        for file in gone:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(f"{error.filename}: cannot be deleted ({error.strerror})") from None
    return gone


def _files(card: Card) -> Iterator[Path]:
    """The files that a card names, beside itself."""
    folder = card.path.parent
    for variant in card.variants:
        yield variant.file
        yield from (folder / name for name, _ in variant.data)
        yield from data_beside(variant.file)
    yield from card.license_files
    yield from (folder / name for name in (card.mean, card.body) if name)
    yield card.path.with_suffix(UPSAMPLING)


def _made_by_imports(folder: Path, name: str) -> Iterator[Path]:
    """The files in the folder that an import under this name wrote."""
    pattern = re.compile(re.escape(name) + r"-[0-9a-f]{12}\..*")
    return (path for path in folder.iterdir() if pattern.fullmatch(path.name))


def _is_inside(file: Path, folder: Path) -> bool:
    """Whether a file, or a link (to any place), is in the folder."""
    return (file.is_file() or file.is_symlink()) and file.parent.resolve().is_relative_to(folder.resolve())
