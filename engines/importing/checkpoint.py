"""Reads the tensors of untrusted checkpoint files without executing their code."""

from __future__ import annotations

import collections
import hashlib
import importlib
import io
import pickle
import re
import types
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

from engines.errors import ModelError
from engines.files.memory_budget import MemoryBudget, MemoryBudgetError, current_budget
from engines.files.regular_file import open_file, read_file
from engines.files.safetensors_header import is_safetensors, parse_safetensors
from engines.files.toml_file import one_line
from engines.files.zip_limits import open_zip
from engines.importing.checkpoint_scan import LEGACY_PICKLES, ScanError, scan
from engines.importing.unwrapping import WeightSet, weight_sets

_TORCH_LEGACY = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the magic number that opens files older than torch 1.6
_TAR, _TAR_AT = b"ustar", 257
_REFUSED = re.compile(r"GLOBAL (\S+) (?:was not an allowed global|whose module)")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The sets of weights in a file, at least one and the preferred one first, and the file's SHA-256."""

    sets: tuple[WeightSet, ...]
    sha256: str

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The tensors of the preferred set by name."""
        return self.sets[0].tensors

    @property
    def wrapping(self) -> str:
        """The location of the preferred set in the file: keys joined by dots, or "bare" for the top."""
        return self.sets[0].where or "bare"


def is_checkpoint(path: Path) -> bool:
    """Whether a file is a torch or safetensors checkpoint, by its first bytes. Raises ModelError if unreadable."""
    with open_file(path) as file:
        head = file.read(64)
    if head[:4] == b"PK\x03\x04":
        try:
            with open_file(path) as file, open_zip(file) as archive:
                return any(name.endswith("data.pkl") for name in archive.namelist())
        except zipfile.BadZipFile:
            return True  # a truncated archive: read_checkpoint raises
    return is_safetensors(head) or _TORCH_LEGACY in head


def read_checkpoint(path: Path, trust: bool = False, budget: MemoryBudget | None = None) -> Checkpoint:
    """The tensors of a checkpoint: torch's (zip or legacy) or safetensors, without the wrappings of trainers.

    No code of the file is executed: objects other than tensors, numbers, texts and plain containers are refused, unless
    trust is set, which allows the file to execute any code. budget: None takes the job's. Raises ModelError for files
    that cannot be used.
    """
    budget = budget or current_budget()
    data = read_file(path, budget=budget)
    if is_safetensors(data[:64]):
        budget.reserve(len(data), str(path))
        content: object = parse_safetensors(load_safetensors, data, path)
    else:
        content = _load_torch(path, data, trust, budget)
    if isinstance(content, nn.Module):  # a module, which only a trusted file can hold
        content = content.state_dict()
    if not isinstance(content, dict):
        raise ModelError(
            f"{path}: holds a {type(content).__name__} instead of a dictionary of tensors; save the state_dict"
        )
    sets = weight_sets(content)
    if not sets:
        raise ModelError(
            f"{path}: no tensors found; its entries are: {one_line(', '.join(sorted(map(str, content))[:8]))}"
        )
    if not any(_finite(made) for made in sets):
        require_numbers(path, sets[0].tensors)
    return Checkpoint(sets, hashlib.sha256(data).hexdigest())


def _finite(made: WeightSet) -> bool:
    return all(value.float().isfinite().all() for value in made.tensors.values() if _plain(value))


def _plain(value: Tensor) -> bool:
    dense = value.layout is torch.strided and not value.is_meta
    return dense and value.is_floating_point() and not value.is_quantized


def require_numbers(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Raises ModelError for weights that a network cannot be loaded with: not finite, sparse, quantized or complex."""
    for name, value in tensors.items():
        if value.is_quantized or value.is_complex() or value.is_meta or value.layout is not torch.strided:
            kind = "sparse" if value.layout is not torch.strided else str(value.dtype).removeprefix("torch.")
            raise ModelError(f"{path}: {name} is {kind}; import the checkpoint with dense floating point weights")
        if _plain(value) and not value.float().isfinite().all():
            raise ModelError(
                f"{path}: {name} holds numbers that are not finite; the file is damaged, download it again"
            )


def _load_torch(path: Path, data: bytes, trust: bool, budget: MemoryBudget) -> object:
    if data[:4] == b"PK\x03\x04":
        # torch does not verify the checksums of the archive.
        try:
            with open_zip(io.BytesIO(data)) as archive:
                budget.reserve(sum(member.file_size for member in archive.infolist()), str(path))
                damaged = archive.testzip()
                pickles = [archive.read(name) for name in archive.namelist() if name.endswith(".pkl")]
                scripted = any(name.endswith("/constants.pkl") for name in archive.namelist())
        except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, OSError) as error:
            raise ModelError(f"{path}: damaged or truncated archive ({error}); download it again") from None
        if damaged:
            raise ModelError(f"{path}: damaged: {damaged} fails its checksum; download it again")
        if scripted and not trust:
            raise ModelError(f"{path}: is a TorchScript program; import the network's state_dict, or add --trust")
        count = 1
    elif data[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        raise ModelError(f"{path}: not a checkpoint: it is a tar archive, as torch wrote before version 0.1.10")
    else:
        budget.reserve(len(data), str(path))
        pickles, count = [data], LEGACY_PICKLES
    try:
        if not trust:
            for content in pickles:
                scan(content, len(data), budget, str(path), count)
        if trust:
            return torch.load(io.BytesIO(data), "cpu", pickle_module=_trusting_pickle(), weights_only=False)
        with torch.serialization.safe_globals(_plain_globals()):
            return torch.load(io.BytesIO(data), "cpu", weights_only=True)
    except MemoryBudgetError:
        raise
    except Exception as error:  # a damaged pickle can raise anything
        refused = _REFUSED.search(str(error))
        if refused and not trust:
            raise ModelError(
                f"{path}: refused: it holds {refused[1]}, which could execute any code when loaded; if you trust the "
                "source of the file, add --trust"
            ) from None
        text = str(error).rpartition("WeightsUnpickler error:")[2] if not isinstance(error, ScanError) else str(error)
        reason = " ".join(text.split())[:120] or type(error).__name__
        raise ModelError(f"{path}: not a checkpoint, or damaged ({reason})") from None


def _plain_globals() -> list[Any]:
    """Harmless globals that trainers store beside tensors: numpy's numbers and arrays, under old and new names."""
    from numpy._core import multiarray

    names = [value for value in vars(np.dtypes).values() if isinstance(value, type)]
    rebuild = [
        (getattr(multiarray, name), f"numpy.{core}.multiarray.{name}")
        for core in ("core", "_core")
        for name in ("scalar", "_reconstruct")
    ]
    return [np.dtype, np.ndarray, *names, *rebuild, collections.Counter, collections.defaultdict, collections.deque]


def _trusting_pickle() -> types.ModuleType:
    """The pickle module, except that classes of packages that are not installed become empty stand-ins."""

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            try:
                return super().find_class(module, name)
            except (ImportError, AttributeError):
                return type(name, (_StandIn,), {"__module__": module})

    trusting = types.ModuleType("pickle")
    trusting.__dict__.update(vars(importlib.import_module("pickle")))
    trusting.__dict__["Unpickler"] = Unpickler
    return trusting


class _StandIn(dict[Any, Any]):
    """An object of a class that is not installed; its contents are ignored."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__()

    def __setstate__(self, state: object) -> None:
        pass
