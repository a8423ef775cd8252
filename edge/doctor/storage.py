"""Checks of folders, disk space and models."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge.doctor.finding import Finding

if TYPE_CHECKING:
    from engines.cards.types import Variant

LEAST_FREE_GB = 1.0
PROBE_BYTES = 65536  # an empty file may fit on a full disk


def disk() -> Iterator[Finding]:
    """Free space where files are written: the current folder, temporary files, models and compiled engines."""
    from engines.files.folders import user_folder

    places = {"disk": Path.cwd(), "temporary files": Path(tempfile.gettempdir())}
    for topic, folder in (("disk of models", user_folder("data")), ("disk of the cache", user_folder("cache"))):
        if folder is not None:
            places[topic] = _existing(folder)
    seen = set()
    for topic, folder in places.items():
        device = folder.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        usage = shutil.disk_usage(folder)
        if not usage.total:  # not a disk: folders() says that nothing can be written there
            continue
        free_gb = usage.free / 1e9
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
        there = _existing(folder)
        problem = _write_problem(there)
        if problem is None:
            yield Finding(f"{kind} folder", "ok", str(folder))
        else:
            variable = "XDG_DATA_HOME" if kind == "data" else "XDG_CACHE_HOME"
            reason = problem.strerror or type(problem).__name__
            text = f"{folder} cannot be written ({reason}): {content} are not kept"
            mends = {"EACCES": f"chown -R $USER {there}, or ", "ENOSPC": f"make room in {there}, or "}
            mend = mends.get(errno.errorcode.get(problem.errno or 0, ""), "")
            remedy = f"{mend}set {variable} to a folder that can be written"
            yield Finding(f"{kind} folder", "warning", text, remedy)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def _write_problem(folder: Path) -> OSError | None:
    """Why no file can be written in a folder, None if one can: permissions alone say nothing about file systems."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".meshcast-doctor-") as file:
            file.write(bytes(PROBE_BYTES))
            file.flush()
            return None
    except OSError as error:
        return error


def models() -> Iterator[Finding]:
    """Whether the weights of all models are there and whole."""
    from engines.cards.card import cards, user_models

    own, whole = user_models(), 0
    for path in sorted(own.glob("*.toml")) if own is not None else ():
        problem = _card_problem(path)  # such a card is left out of cards()
        if problem:
            yield Finding("models", "warning", problem, f"meshcast models remove {path.stem}")
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


def _card_problem(path: Path) -> str:
    """What is wrong with a model card, in one line; "" for nothing."""
    from engines.cards.card import load_card
    from engines.errors import MeshcastError

    try:
        load_card(path)
    except MeshcastError as error:
        return str(error).splitlines()[0]
    return ""


def _problem(variant: Variant) -> str:
    """What is wrong with a weights file, in one line; "" for nothing."""
    from engines.cards.weights import read_weights
    from engines.errors import MeshcastError

    try:
        read_weights(variant)
    except MeshcastError as error:
        return str(error).splitlines()[0]
    return ""
