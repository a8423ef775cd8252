"""Model cards: TOML files beside the weights that describe a model, its origin and its files; checked on load.

Cards are in three folders: the zoo has the bundled models, its folder `networks` the known networks without weights,
and the user's data folder the imported models. An imported card that can be used has precedence over one of the same
name.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from engines.cards.reader import NETWORKS, ZOO, NotACardError, read_card
from engines.cards.types import FITS, PRECISIONS, REFINEMENTS, TASKS, Card, Decode, Input, Variant
from engines.cards.weights import is_onnx, read_weights
from engines.errors import ModelError, UnknownNameError
from engines.files.folders import needed_user_folder, user_folder
from engines.files.suggestions import unknown

__all__ = [
    "FITS",
    "NETWORKS",
    "PRECISIONS",
    "REFINEMENTS",
    "TASKS",
    "ZOO",
    "Card",
    "Decode",
    "Input",
    "Variant",
    "cards",
    "load_card",
    "needed_user_models",
    "read_weights",
    "user_models",
]

log = logging.getLogger("meshcast.engines")

CHECKPOINTS = (".pth", ".pt", ".ckpt", ".tar", ".safetensors", ".pkl", ".npz", ".bin")
_warned: set[tuple[Path, str]] = set()


def user_models() -> Path | None:
    """The folder of imported models, which need not exist; None for a user without a home folder."""
    folder = user_folder("data")
    return folder / "models" if folder is not None else None


def needed_user_models() -> Path:
    """The folder to import models into. Raises ModelError for a user without a home folder."""
    return needed_user_folder("data") / "models"


def cards(task: str | None = None) -> tuple[Card, ...]:
    """All cards by name, or only those for one task; an imported card replaces the one without weights.

    A card in the user's folder that cannot be used is skipped with a warning.
    """
    everything = (_usable(paths) for _, paths in sorted(_paths().items()))
    return tuple(card for card in everything if card is not None and (task is None or card.task == task))


def load_card(name: str | Path, task: str | None = None) -> Card:
    """The card with this name or alias, the one in this `.toml` file, or the one beside this `.onnx` file.

    Raises UnknownNameError, listing the models that exist (for the task, if given), when there is none, and ModelError
    when the card cannot be used or is for another task.
    """
    path = Path(name)
    if is_onnx(path):
        if not _is_file(path):
            raise UnknownNameError(f"{path}: no such file")
        path = path.with_suffix(".toml")
        if not _is_file(path):
            raise ModelError(
                f"{name}: its card {path.name} is missing beside it; docs/how-to/onnx-models.md shows how to write one"
            )
    if path.suffix.lower() == ".toml" and _is_file(path):
        card: Card | None = read_card(path.resolve())
    else:
        card = _named(str(name))
    if card is None:
        raise _unknown(str(name), task)
    if task is not None and card.task != task:
        raise UnknownNameError(f"{card.name} is a {card.task} model, not a {task} model; there are: {_names(task)}")
    return card


def _named(name: str) -> Card | None:
    """The card with a name or alias. Raises ModelError for an invalid one: another model never replaces it. A file that
    is not a card is skipped where a bundled model has that name."""
    paths = _paths().get(name)
    if paths is None:
        return next((card for card in cards() if name in card.aliases), None)
    try:
        return read_card(paths[-1])
    except NotACardError:
        card = _usable(paths)
        if card is None or card.untrained:
            raise
        return card


def _unknown(name: str, task: str | None) -> UnknownNameError:
    known = [entry for card in cards(task) for entry in (card.name, *card.aliases)]
    if Path(name).suffix.lower() in CHECKPOINTS and _is_file(Path(name)):
        return UnknownNameError(f"{name}: a file, not the name of a model; import it first (meshcast models import)")
    return unknown(task or "model", name, known, _names(task))


def _is_file(path: Path) -> bool:
    """Whether the file exists; False for a name that the system does not allow."""
    try:
        return path.is_file()
    except OSError:
        return False


def _paths() -> dict[str, list[Path]]:
    """The files of each card by name, the one with precedence last."""
    found: dict[str, list[Path]] = {}
    for folder in filter(None, (NETWORKS, ZOO, user_models())):
        for path in sorted(_listed(folder)):
            found.setdefault(path.stem, []).append(path)
    return found


def _listed(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.glob("*.toml")
    except OSError as error:
        _warn(folder, f"{folder}: cannot be read ({error.strerror})")


def _usable(paths: list[Path]) -> Card | None:
    """The last card that can be used. Only the user's cards may be invalid: an invalid bundled one raises."""
    *others, path = paths
    try:
        return read_card(path)
    except ModelError as error:
        if path.parent in (ZOO, NETWORKS):
            raise
        _warn(path, str(error))
    return _usable(others) if others else None


def _warn(path: Path, reason: str) -> None:
    """Logs once why a card is skipped."""
    if (path, reason) not in _warned:
        _warned.add((path, reason))
        log.warning("%s; the card is skipped", reason)


def _names(task: str | None) -> str:
    """Names to choose from, those with weights first."""
    return ", ".join(card.name for card in sorted(cards(task), key=lambda card: card.untrained)) or "none"
