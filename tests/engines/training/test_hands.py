"""The hand variant on lists in FreiHAND's layout; a part of the open body stands for the hand's mesh."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from engines.body.body import ZOO
from engines.errors import ModelError
from engines.training import checkpoint
from engines.training.hands import NAME, train_hands
from engines.training.image_config import DataConfig, ImageTrainConfig
from engines.training.loop import Reports, TrainingStopped
from engines.training.methods.base import MethodConfig
from tests.support.rendered import rendered_people

QUIET = Reports(lambda line: None, first_s=1e9, every_s=1e9)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads of torch wait busily for each other on a machine that is shared; matplotlib takes seconds."""
    monkeypatch.setattr("engines.training.loop.can_draw", lambda: False)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def folder_of(folder: Path, count: int = 4) -> Path:
    """Rendered people as hands: 21 of their points and their whole mesh."""
    people = [rendered_people()[number] for number in range(count)]
    lists = {
        "xyz": [(sample.points_3d[:21, :3] + sample.root).tolist() for sample in people],
        "K": [sample.K.tolist() for sample in people],
        "verts": [(sample.vertices + sample.root).tolist() for sample in people],
    }
    for name, values in lists.items():
        (folder / f"training_{name}.json").write_text(json.dumps(values))
    return folder


def config(out: Path, data: Path, **changed: object) -> ImageTrainConfig:
    network = MethodConfig(width=32, divide=16, pose_share=0.5)
    small = ImageTrainConfig(
        NAME,
        out,
        (DataConfig(str(data)),),
        steps=4,
        batch=2,
        body=ZOO / "open_smpl_body.npz",
        tensorboard=False,
        network=network,
    )
    return replace(small, **changed)


def test_hand_training_uses_all_losses_and_resumes_bit_exactly(tmp_path: Path) -> None:
    data = folder_of(tmp_path)
    whole = train_hands(config(tmp_path / "whole", data), CPU, QUIET)
    losses = checkpoint.read(whole, NAME)["losses"]
    assert set(losses) >= {"pose", "vertex", "joint", "normal", "edge", "loss"}
    done: list[float] = []
    stopping = replace(QUIET, stopped=lambda: len(done) >= 2, on_part=done.append)
    with pytest.raises(TrainingStopped):
        train_hands(config(tmp_path / "parts", data), CPU, stopping)
    parts = train_hands(config(tmp_path / "parts", data, resume=True), CPU, QUIET)
    a, b = (checkpoint.read(path)["net"] for path in (whole, parts))
    assert all(torch.equal(value, b[name]) for name, value in a.items())
    assert (
        (tmp_path / "whole" / f"{NAME}.csv").read_text().startswith("minutes,step,loss,mpjpe_mm,pa_mpjpe_mm,pa_pve_mm")
    )


def test_hand_training_that_cannot_start_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"training_xyz\.json is missing"):
        train_hands(config(tmp_path / "out", tmp_path), CPU, QUIET)
    data = folder_of(tmp_path, 1)
    two = (DataConfig("a"), DataConfig("b"))
    with pytest.raises(ModelError, match="one folder of FreiHAND"):
        train_hands(replace(config(tmp_path / "out", data), data=two), CPU, QUIET)
    (data / "training_verts.json").write_text(json.dumps([[[0, 0, 1]] * 778]))
    with pytest.raises(ModelError, match=r"hands with 778 vertices; .* has 6890"):
        train_hands(config(tmp_path / "out", data), CPU, QUIET)
