"""Trainers on a device: every tensor of a training step is where the network is, and bfloat16 keeps the losses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.body.body import open_body
from engines.training.batch import Batch, DenseKeypoints, collate
from engines.training.methods.base import MethodConfig, Prediction, autocast, move, on_host
from engines.training.methods.dct import DctMethod
from engines.training.methods.imphmr import ImphmrMethod
from engines.training.methods.pose2mesh import Pose2MeshMethod
from engines.training.methods.registry import method
from tests.support.rendered import rendered_people

BODY = open_body()
TINY = {
    "pare": MethodConfig("tiny", bf16=True),
    "dct": MethodConfig("tiny", bf16=True),
    "decomr": MethodConfig("tiny", width=64, map_side=16, bf16=True),
    "imphmr": MethodConfig("tiny", bf16=True),
    "pose2mesh": MethodConfig(width=64, divide=16, pose_share=0.0, noise=0.0),
}
META = torch.device("meta")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of torch wait busily for each other on a machine that is shared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Usable(torch.Tensor):
    """Samples of which some are usable, although they have no values."""

    def any(self) -> bool:  # type: ignore[override]
        return True


def two() -> Batch:
    return collate([rendered_people(occluded=0.0)[number] for number in range(2)], len(BODY.v_template))


@pytest.fixture
def without_host_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tensors without values cannot be copied to NumPy: the work that runs on the host gives tensors of its shapes."""

    def dense(batch: Batch, *_: Any) -> DenseKeypoints:
        whole = torch.zeros(2, 5, 3, dtype=torch.int64, device=batch.parts.device)
        return DenseKeypoints(whole[..., :2].float(), whole, whole.float(), whole[..., 0] == 0)

    def product(matrix: torch.Tensor, dense: torch.Tensor) -> torch.Tensor:
        assert matrix.device == dense.device == META
        return dense.new_empty(matrix.shape) @ dense

    def silhouettes(self: ImphmrMethod, batch: Batch, angle: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        assert angle.device == META
        return torch.zeros(2, self._side, self._side, device=META), batch.has["vertices"]

    def keypoints(self: Pose2MeshMethod, batch: Batch, *_: Any) -> torch.Tensor:
        return torch.zeros(2, 19, 2, device=batch.points_2d.device)

    monkeypatch.setattr("engines.training.methods.dct.dense_keypoints", dense)
    monkeypatch.setattr(ImphmrMethod, "_silhouettes", silhouettes)
    monkeypatch.setattr(Pose2MeshMethod, "_keypoints", keypoints)
    monkeypatch.setattr(
        Pose2MeshMethod, "_usable", lambda self, batch: torch.Tensor.as_subclass(batch.has["vertices"], Usable)
    )
    monkeypatch.setattr("torch.sparse.mm", product)
    monkeypatch.setattr("torch.autocast", lambda *_, **__: nullcontext())  # knows no such device


@pytest.mark.parametrize("name", TINY)
@pytest.mark.usefixtures("without_host_work")
def test_method_on_another_device_mixes_no_devices(name: str) -> None:
    """On torch's device without memory, whose tensors cannot be combined with those of the CPU."""
    trainer = method(name, BODY, TINY[name])
    move(trainer, META)
    losses = trainer.losses(two().to(META), 0, 0.9)
    total = torch.stack(list(losses.values())).sum()
    assert total.device == META
    total.backward()
    assert {p.grad.device for p in trainer.net.parameters() if p.grad is not None} == {META}
    assert trainer.predict(two().to(META)).vertices.device == META


@pytest.mark.parametrize("name", ["pare", "dct", "decomr", "imphmr"])
def test_method_in_bfloat16_has_the_losses_of_float32(name: str) -> None:
    found = {}
    for bf16 in (False, True):
        torch.manual_seed(0)
        config = TINY[name]
        trainer = method(name, BODY, MethodConfig("tiny", width=config.width, map_side=config.map_side, bf16=bf16))
        losses = trainer.losses(two(), 0, 0.1)
        torch.stack(list(losses.values())).sum().backward()
        found[bf16] = {key: value.item() for key, value in losses.items()}
        grads = [p.grad for p in trainer.net.parameters() if p.grad is not None]
        assert all(grad.dtype == torch.float32 and torch.isfinite(grad).all() for grad in grads)
    for key, value in found[False].items():
        assert found[True][key] == pytest.approx(value, rel=0.1, abs=0.05), key


def test_autocast_is_of_the_device() -> None:
    assert autocast(True, torch.device("cpu")).device == "cpu"
    with autocast(True, torch.device("cpu")):
        assert torch.nn.Linear(2, 2)(torch.zeros(1, 2)).dtype == torch.bfloat16


def test_move_takes_every_tensor_of_a_trainer() -> None:
    trainer = DctMethod(BODY, TINY["dct"])
    move(trainer, torch.device("meta"))
    assert trainer._mean.device.type == "meta"
    assert {p.device.type for p in trainer.net.parameters()} == {"meta"}
    assert trainer.body.template.device.type == "meta"
    made = on_host(Prediction(torch.ones(1, 2, 3), torch.ones(1, 58, 3)))
    np.testing.assert_array_equal(made.vertices, 1)
    assert made.shape is None
