"""Untrusted checkpoints are read without executing code."""

from __future__ import annotations

import os
import pickle
import random
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402

from engines.errors import ModelError  # noqa: E402
from engines.importing.checkpoint import is_checkpoint, read_checkpoint  # noqa: E402

WEIGHTS = {"conv.weight": torch.arange(6.0).reshape(2, 3), "bn.num_batches_tracked": torch.tensor(7)}


class Bomb:
    """Runs code when it is unpickled: makes an empty file."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.canary),)


def save(content: object, path: Path, *, legacy: bool = False) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    ("content", "wrapping"),
    [
        (WEIGHTS, "bare"),
        (OrderedDict(WEIGHTS), "bare"),
        ({"epoch": 3, "state_dict": WEIGHTS, "optimizer": {"lr": 0.1}}, "state_dict"),
        ({"model": "pose_hrnet", "state_dict": WEIGHTS, "best_state_dict": WEIGHTS}, "state_dict"),
        ({"model_state_dict": WEIGHTS, "train_log": [0.5, np.float64(0.25)], "test_log": []}, "model_state_dict"),
        ({"start_epoch": 300, "model": WEIGHTS, "optimizer": {}}, "model"),
        ({"state_dict": WEIGHTS, "lr_schedulers": [{"milestones": Counter({3: 1})}]}, "state_dict"),
    ],
)
def test_read_checkpoint_each_wrapping_returns_the_weights(
    tmp_path: Path, content: object, wrapping: str, legacy: bool
) -> None:
    path = save(content, tmp_path / "file.pth", legacy=legacy)
    assert is_checkpoint(path)
    found = read_checkpoint(path)
    assert found.wrapping == wrapping
    assert found.tensors.keys() == WEIGHTS.keys()
    assert torch.equal(found.tensors["conv.weight"], WEIGHTS["conv.weight"])
    assert len(found.sha256) == 64


def test_read_checkpoint_two_networks_are_prefixed(tmp_path: Path) -> None:
    found = read_checkpoint(save({"CNet": WEIGHTS, "LNet": WEIGHTS, "epoch": 30}, tmp_path / "file.pt"))
    assert set(found.tensors) == {f"{part}.{key}" for part in ("CNet", "LNet") for key in WEIGHTS}


def test_read_checkpoint_safetensors_is_recognized_by_content(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"  # told by what it holds, not by its name
    save_file(WEIGHTS, path)
    assert is_checkpoint(path)
    assert torch.equal(read_checkpoint(path).tensors["conv.weight"], WEIGHTS["conv.weight"])


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_read_checkpoint_code_raises_without_executing(tmp_path: Path, legacy: bool) -> None:
    canary = tmp_path / "canary"
    path = save({"state_dict": WEIGHTS, "hyper_parameters": Bomb(canary)}, tmp_path / "evil.ckpt", legacy=legacy)
    with pytest.raises(ModelError, match=r"evil\.ckpt: refused: it holds (os|posix)\.mkdir.*--trust"):
        read_checkpoint(path)
    assert not canary.exists()


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_read_checkpoint_trusted_code_is_executed(tmp_path: Path, legacy: bool) -> None:
    canary = tmp_path / "canary"
    path = save({"state_dict": WEIGHTS, "hyper_parameters": Bomb(canary)}, tmp_path / "evil.ckpt", legacy=legacy)
    assert read_checkpoint(path, trust=True).tensors
    assert canary.exists()


def test_read_checkpoint_bare_pickle_with_code_raises_without_executing(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Bomb(canary), protocol=2))
    with pytest.raises(ModelError):
        read_checkpoint(path)
    assert not canary.exists()


def test_read_checkpoint_trusted_file_replaces_classes_of_absent_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Lightning file holds its own classes beside the weights; without the package they become empty stand-ins."""
    import sys
    import types

    class AttributeDict(dict):  # type: ignore[type-arg]
        pass

    module = types.ModuleType("absent_lightning")
    AttributeDict.__module__, AttributeDict.__qualname__ = "absent_lightning", "AttributeDict"
    module.AttributeDict = AttributeDict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "absent_lightning", module)
    settings = AttributeDict(lr=1e-4)
    path = save({"state_dict": WEIGHTS, "hyper_parameters": settings}, tmp_path / "file.ckpt")
    monkeypatch.delitem(sys.modules, "absent_lightning")
    with pytest.raises(ModelError, match=r"absent_lightning\.AttributeDict"):
        read_checkpoint(path)
    assert read_checkpoint(path, trust=True).tensors.keys() == WEIGHTS.keys()


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_read_checkpoint_truncated_or_flipped_file_raises_or_is_read(tmp_path: Path, kind: str) -> None:
    """A cut file is refused; a flipped bit is, too, or does no harm; without checksums it may change a number."""
    path = tmp_path / "file"
    big = {"weight": torch.ones(300, 10), "bias": torch.zeros(10)}
    if kind == "safetensors":
        save_file(big, path)
    else:
        save({"state_dict": big}, path, legacy=kind == "legacy")
    complete = path.read_bytes()
    draw = random.Random(5)
    for cut in [0, 1, 7, 8, 9, *(draw.randrange(10, len(complete)) for _ in range(30))]:
        path.write_bytes(complete[:cut])
        with pytest.raises(ModelError, match="file"):
            read_checkpoint(path)
    for _ in range(150):
        flipped = bytearray(complete)
        flipped[draw.randrange(len(complete))] ^= 1 << draw.randrange(8)
        path.write_bytes(flipped)
        try:
            found = read_checkpoint(path).tensors
        except ModelError:
            continue
        if kind == "zip":
            assert all(torch.equal(found[key], big[key]) for key in found if key in big)


@pytest.mark.parametrize(
    ("content", "said"),
    [([1, 2], "holds a list"), ({"epoch": 3}, "no tensors found; its entries are: epoch")],
)
def test_read_checkpoint_other_content_raises(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        read_checkpoint(save(content, tmp_path / "file.pth"))


def test_read_checkpoint_non_finite_weights_raise(tmp_path: Path) -> None:
    broken = {"layer.weight": torch.tensor([1.0, float("nan")])}
    with pytest.raises(ModelError, match=r"layer\.weight holds numbers that are not finite"):
        read_checkpoint(save(broken, tmp_path / "file.pth"))


def test_read_checkpoint_missing_file_raises(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_checkpoint(tmp_path / "none.pth")
