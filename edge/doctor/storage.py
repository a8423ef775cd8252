"""Checks of folders, disk space and models."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge.doctor.finding import Finding

if TYPE_CHECKING:
    from engines.cards.types import Variant

LEAST_FREE_GB = 1.0


def disk() -> Iterator[Finding]:
    """Free space where recordings and results go: the current folder and that for temporary files."""
    for topic, folder in (("disk", Path.cwd()), ("temporary files", Path(tempfile.gettempdir()))):
        free_gb = shutil.disk_usage(folder).free / 1e9
        enough = free_gb >= LEAST_FREE_GB
        yield Finding(
            topic,
            "ok" if enough else "warning",
            f"{free_gb:.1f} GB free in {folder}",
            "" if enough else f"make room in {folder}, or work in another folder",
        )


def folders() -> Iterator[Finding]:
    """Whether the folders for models and for compiled engines can be written."""
    from engines.files.folders import no_folder, user_folder

    kinds: tuple[tuple[Literal["data", "cache"], str], ...] = (("data", "models"), ("cache", "compiled engines"))
    for kind, content in kinds:
        folder = user_folder(kind)
        if folder is None:
            yield Finding(f"{kind} folder", "warning", f"none: {content} cannot be kept", no_folder(kind))
            continue
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        if os.access(there, os.W_OK) and there.is_dir():
            yield Finding(f"{kind} folder", "ok", str(folder))
        else:
            variable = "XDG_DATA_HOME" if kind == "data" else "XDG_CACHE_HOME"
            remedy = f"chown -R $USER {there}, or set {variable} to a folder that can be written"
            yield Finding(f"{kind} folder", "warning", f"{folder} cannot be written: {content} are not kept", remedy)


def models() -> Iterator[Finding]:
    """Whether the weights of all models are there and whole."""
    from engines.cards.card import cards, user_models

    own, whole = user_models(), 0
    for card in cards():
        bundled = own is None or own not in card.path.parents
        again = "pip install --force-reinstall --no-deps meshcast"
        remedy = again if bundled else f"meshcast models remove {card.name}"
        for variant in card.variants:
            problem = _problem(variant)
            if problem:
                yield Finding("models", "error" if bundled else "warning", problem, remedy)
            else:
                whole += 1
    yield Finding("models", "ok", f"{whole} weights files are whole")


def _problem(variant: Variant) -> str:
    """What is wrong with a weights file, in one line; "" for nothing."""
    from engines.cards.weights import read_weights
    from engines.errors import MeshcastError

    try:
        read_weights(variant)
    except MeshcastError as error:
        return str(error).splitlines()[0]
    return ""
