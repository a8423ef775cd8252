"""Reads and writes the checkpoints of a training run."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import torch

from engines.errors import ModelError
from engines.files.atomic import write_atomically

MARK = "meshcast_training"  # the key of our checkpoints; its value is the name of the stage
VERSION = 3
LARGEST_PICKLE = 4 << 20

State = dict[str, Any]


def write(path: Path, stage: str, state: State) -> None:
    """Replaces the checkpoint of a stage atomically. Raises ModelError when it cannot be written."""
    file = io.BytesIO()
    torch.save({MARK: stage, "version": VERSION, **state}, file)
    try:
        write_atomically(path, file.getvalue())
    except OSError as error:
        kept = "; the checkpoint before it is kept" if path.exists() else ""
        raise ModelError(f"{path}: cannot be written ({error.strerror}){kept}") from None


def is_training_checkpoint(path: Path) -> bool:
    """Whether a file is a checkpoint of `meshcast train`, without reading its tensors."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = next((name for name in archive.namelist() if name.endswith("data.pkl")), None)
            if name is None or archive.getinfo(name).file_size > LARGEST_PICKLE:
                return False
            return MARK.encode() in archive.read(name)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def read(path: Path, stage: str | None = None) -> State:
    """The checkpoint of a stage, or of any. No code of the file is executed. Raises ModelError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        state = torch.load(io.BytesIO(data), "cpu", weights_only=True)
    except Exception as error:  # a damaged file can raise anything
        raise ModelError(f"{path}: not a checkpoint of a training run, or damaged ({type(error).__name__})") from None
    if not isinstance(state, dict) or MARK not in state or state.get("version") != VERSION:
        raise ModelError(f"{path}: not a checkpoint of this version of `meshcast train`; choose another --out")
    if stage is not None and state[MARK] != stage:
        raise ModelError(f"{path}: a checkpoint of the stage {state[MARK]!s:.40}, not of {stage}")
    return state
