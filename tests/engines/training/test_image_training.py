"""Training on images from a configuration: files, exact resume, evaluation, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.body.body import open_body
from engines.errors import ModelError
from engines.training import checkpoint
from engines.training.batch import collate
from engines.training.image_config import DataConfig, ImageTrainConfig
from engines.training.image_data import open_source
from engines.training.image_training import per_sample_metrics, train_images
from engines.training.loop import Reports, TrainingStopped
from engines.training.methods.base import MethodConfig, Prediction
from engines.training.rendered.shards import ShardPlan, write_shards
from tests.support.rendered import rendered_people

QUIET = Reports(lambda line: None, first_s=1e9, every_s=1e9)


@pytest.fixture(autouse=True)
def without_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.training.loop.can_draw", lambda: False)  # matplotlib takes seconds


def config(out: Path, **changed: object) -> ImageTrainConfig:
    small = ImageTrainConfig(
        "dct",
        out,
        (DataConfig("rendered"),),
        steps=4,
        batch=3,
        size=40,
        evaluation_samples=3,
        network=MethodConfig("tiny"),
    )
    return replace(small, **changed)


def test_training_resumed_on_shards_and_rendered_people_is_bit_exact(tmp_path: Path) -> None:
    plan = ShardPlan(5, 5, False, ("sample",))
    write_shards(rendered_people(size=40), plan, tmp_path / "people", lambda done: None, lambda: False)
    data = (DataConfig(str(tmp_path / "people"), ratio=2, supervision="dense+sparse"), DataConfig("rendered"))
    whole = train_images(config(tmp_path / "whole", data=data), QUIET)
    done: list[float] = []
    stopping = replace(QUIET, stopped=lambda: len(done) >= 2, on_part=done.append)
    with pytest.raises(TrainingStopped):
        train_images(config(tmp_path / "parts", data=data), stopping)
    parts = train_images(config(tmp_path / "parts", data=data, resume=True), QUIET)
    a, b = (checkpoint.read(trained.path)["net"] for trained in (whole, parts))
    assert all(torch.equal(value, b[name]) for name, value in a.items())
    assert {path.suffix for path in (tmp_path / "whole").iterdir()} >= {".pt", ".csv"}
    assert list((tmp_path / "whole").glob("events.out.tfevents.*"))
    assert whole.metrics["mpjpe_mm"] == parts.metrics["mpjpe_mm"] > 0


def test_source_of_rendered_people_has_the_yaw_of_the_data_set() -> None:
    say = [].append
    turned, usual = (
        open_source(DataConfig("rendered", yaw_deg=yaw), open_body(), 32, 0, held_out=False, on_progress=say)
        for yaw in (0.0, 180.0)
    )
    first, other = turned.samples[0], usual.samples[0]
    assert abs(first.rotations[0, 0, 2]) < 0.2  # faces the camera but for its roll
    np.testing.assert_array_equal(first.rotations[1:], other.rotations[1:])


NETWORKS = {
    "pare": MethodConfig("tiny"),
    "decomr": MethodConfig("tiny", width=64, map_side=8),
    "imphmr": MethodConfig("tiny"),
    "pose2mesh": MethodConfig(width=64, divide=16, pose_share=0.5),
}


@pytest.mark.parametrize("method", NETWORKS)
def test_training_of_other_methods_resumed_is_bit_exact(tmp_path: Path, method: str) -> None:
    short = config(tmp_path / "whole", method=method, network=NETWORKS[method], steps=2, batch=2, evaluation_samples=2)
    whole = train_images(short, QUIET)
    done: list[float] = []
    stopping = replace(QUIET, stopped=lambda: len(done) >= 1, on_part=done.append)
    with pytest.raises(TrainingStopped):
        train_images(replace(short, out=tmp_path / "parts"), stopping)
    parts = train_images(replace(short, out=tmp_path / "parts", resume=True), QUIET)
    a, b = (checkpoint.read(trained.path) for trained in (whole, parts))
    for kept in ("net", "latest"):
        assert all(torch.equal(value, b[kept][name]) for name, value in a[kept].items())


def test_training_into_a_used_folder_or_from_another_network_is_refused(tmp_path: Path) -> None:
    first = train_images(config(tmp_path / "a", steps=1), QUIET)
    with pytest.raises(ModelError, match="add --resume to continue it"):
        train_images(config(tmp_path / "a"), QUIET)
    with pytest.raises(ModelError, match="was trained with steps 1, not 4"):
        train_images(config(tmp_path / "a", resume=True), QUIET)
    with pytest.raises(ModelError, match="does not hold the network that is trained"):
        train_images(config(tmp_path / "b", method="pare", init=first.path), QUIET)
    fine = train_images(config(tmp_path / "c", steps=1, init=first.path, learning_rate=1e-12), QUIET)
    before, after = (checkpoint.read(trained.path)["net"]["regressor.0.weight"] for trained in (first, fine))
    torch.testing.assert_close(before, after)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"data": ()}, "no data set is given"),
        ({"data": (DataConfig("/nowhere"),)}, "not a data set"),
        ({"data": (DataConfig("rendered", supervision="3d"),)}, "none of"),
        ({"schedule": "linear"}, "none of cosine, step, constant"),
        ({"batch": 1}, "not from 2"),
    ],
)
def test_training_that_cannot_start_is_one_line(tmp_path: Path, changed: dict[str, object], wrong: str) -> None:
    with pytest.raises(ModelError, match=wrong):
        train_images(config(tmp_path / "out", **changed), QUIET)


def test_metrics_of_the_truth_are_zero_and_of_a_moved_person_too() -> None:
    batch = collate([rendered_people()[number] for number in range(3)], 6890)
    exact = per_sample_metrics(lambda b: Prediction(b.vertices, b.points_3d[..., :3]), [batch])
    assert all(np.allclose(values, 0, atol=1e-3) for values in exact.values())
    moved = per_sample_metrics(lambda b: Prediction(b.vertices, b.points_3d[..., :3] + 0.2), [batch])
    np.testing.assert_allclose(moved["mpjpe"], 0, atol=1e-3)
    larger = per_sample_metrics(lambda b: Prediction(1.1 * b.vertices, 1.1 * b.points_3d[..., :3]), [batch])
    assert (larger["mpjpe"] > 20).all()
    np.testing.assert_allclose(larger["pa_mpjpe"], 0, atol=1e-3)
    assert open_body().name
