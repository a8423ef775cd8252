"""Every trainer overfits eight samples, works with missing annotations, and keeps to its weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.body.body import open_body
from engines.errors import ModelError, UnknownNameError
from engines.training.batch import Batch, collate
from engines.training.methods.base import Method, MethodConfig
from engines.training.methods.registry import METHODS, method
from engines.training.sample import Sample
from tests.support.rendered import rendered_people

BODY = open_body()
TINY = {
    "pare": MethodConfig("tiny"),
    "global": MethodConfig("tiny", attend=False),
    "dct": MethodConfig("tiny"),
    "dct_two": MethodConfig("tiny", branches=2),
    "decomr": MethodConfig("tiny", width=64, map_side=16),
    "imphmr": MethodConfig("tiny"),
    "pose2mesh": MethodConfig(width=512, divide=16, pose_share=0.9, noise=0.0),
}
FAMILY = {"global": "pare", "dct_two": "dct"}
# Steps, learning rate, and the largest loss that is left of the first one.
GOALS = {
    "pare": (24, 3e-3, 0.6),
    "dct": (24, 3e-3, 0.4),
    "decomr": (16, 3e-3, 0.5),
    "imphmr": (24, 3e-3, 0.7),
    "pose2mesh": (90, 1e-2, 0.6),
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of torch wait busily for each other on a machine that is shared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@cache
def eight() -> Batch:
    return collate([rendered_people(occluded=0.0)[number] for number in range(8)], len(BODY.v_template))


def made(name: str, **changed: object) -> Method:
    torch.manual_seed(0)
    return method(FAMILY.get(name, name), BODY, replace(TINY[name], **changed))


def supervised(trainer: Method, name: str) -> float:
    """The loss that stays the same through the training: for Pose2Mesh that of PoseNet, as MeshNet starts later."""
    trainer.net.train()
    with torch.no_grad():
        losses = trainer.losses(eight(), 0, 0.5)
    return float(losses["pose"]) if name == "pose2mesh" else float(sum(losses.values()))


@pytest.mark.parametrize("name", GOALS)
def test_method_overfits_eight_samples(name: str) -> None:
    steps, rate, left = GOALS[name]
    trainer = made(name)
    optimizer = torch.optim.Adam(trainer.net.parameters(), rate)
    before = supervised(trainer, name)
    first_vertex = last_vertex = 0.0
    for step in range(steps):
        losses = trainer.losses(eight(), 0, step / steps if name == "pose2mesh" else 0.5)
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimizer.step()
        if "vertex" in losses:
            last_vertex = losses["vertex"].item()
            first_vertex = first_vertex or last_vertex
    assert supervised(trainer, name) < left * before
    if name == "pose2mesh":
        assert last_vertex < 0.95 * first_vertex


@pytest.mark.parametrize("name", TINY)
def test_method_predicts_people_relative_to_their_pelvis(name: str) -> None:
    trainer = made(name)
    trainer.net.eval()
    with torch.no_grad():
        people = trainer.predict(eight())
    assert people.vertices.shape == (8, 6890, 3)
    assert people.points.shape == (8, 58, 3)
    assert people.points[:, 0].abs().max() < 1e-6
    assert torch.isfinite(people.vertices).all()


@pytest.mark.parametrize("name", TINY)
def test_method_without_any_annotation_has_finite_losses_and_gradients(name: str) -> None:
    image = rendered_people()[0].image
    batch = collate([Sample(image=image), Sample(image=image[::-1].copy())], len(BODY.v_template))
    trainer = made(name)
    total = torch.stack(list(trainer.losses(batch, 0, 0.9).values())).sum()
    total.backward()
    assert torch.isfinite(total)
    assert all(torch.isfinite(p.grad).all() for p in trainer.net.parameters() if p.grad is not None)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_method_weight_of_a_loss_is_taken_and_an_unknown_one_refused(name: str) -> None:
    key = {"pare": "joints_3d", "dct": "three", "decomr": "map", "imphmr": "joints_3d", "pose2mesh": "pose"}[name]
    loss = {"dct": "joints_3d"}.get(name, key)
    usual, none = made(name), made(name, weights={key: 0.0})
    assert usual.losses(eight(), 0, 0.1)[loss] > 0
    assert none.losses(eight(), 0, 0.1)[loss] == 0
    with pytest.raises(ModelError, match="has no loss 'nonsense'"):
        made(name, weights={"nonsense": 1.0})


def test_pare_part_supervision_ends_after_its_share() -> None:
    trainer = made("pare")
    assert trainer.losses(eight(), 0, 0.5)["parts"] > 0
    assert trainer.losses(eight(), 0, 0.7)["parts"] == 0


def test_imphmr_predicts_another_view() -> None:
    trainer = made("imphmr")
    trainer.net.eval()
    with torch.no_grad():
        front, back = trainer.predict(eight()), trainer.predict(eight(), np.pi)  # type: ignore[call-arg]
    assert (front.vertices - back.vertices).abs().max() > 1e-5


@pytest.mark.parametrize(("width", "side"), [(32, 16), (-64, 16), (64, 10), (96, 16)])
def test_decomr_of_a_size_that_does_not_divide_is_refused(width: int, side: int) -> None:
    with pytest.raises(ModelError, match="choose multiples of 64 and of 8"):
        made("decomr", width=width, map_side=side)


def test_method_of_another_name_has_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="pare"):
        method("paré", BODY, MethodConfig())
    with pytest.raises(UnknownNameError, match="resnet18"):
        method("pare", BODY, MethodConfig("resnet81"))
