"""Synthetic data and the training loop, on a small scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.body import kinematic_chain, open_body
from engines.errors import MeshcastError
from engines.training.synthetic import PointSkinner, SyntheticPeople, load_poses
from meshcast.rotations import rotmat


def random_poses(count: int = 200) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.2, (count, 24, 3)).astype(np.float32)


def make_people(seed: int = 0) -> SyntheticPeople:
    body, poses = open_body(), random_poses()
    return SyntheticPeople(body, poses, np.ones(len(poses)), body.feet_regressor, seed)


def test_points_are_skinned_as_the_mesh_is() -> None:
    body = open_body()
    rng = np.random.default_rng(1)
    rotations, shape = rotmat(rng.normal(0, 0.6, (4, 24, 3))), rng.normal(0, 1, (4, 10)).astype(np.float32)
    vertices, _ = body.skin(rotations, shape)
    _, rest = body.rest(shape)
    world, posed = kinematic_chain(rotations, rest, body.parents)
    offset = posed - np.einsum("njab,njb->nja", world, rest)
    points = PointSkinner(body, body.coco_regressor)(world, offset, shape)
    np.testing.assert_allclose(points, body.coco_regressor @ vertices, atol=2e-6)


def test_clean_samples_project_on_to_their_features() -> None:
    samples = make_people().batch(64, noise=False)
    assert samples.features.shape == (64, 54)
    assert samples.points.shape == (64, 47, 3)
    coco = samples.points[:, 24:41]
    seen = samples.features[:, :34].reshape(64, 17, 2)
    # Up to scale and place, a weak perspective of the points: the two must be strongly correlated.
    for axis in (0, 1):
        a, b = coco[..., axis] - coco[..., axis].mean(1, keepdims=True), seen[..., axis]
        correlation = (a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1))
        assert np.median(correlation) > 0.97


def test_noise_hides_and_moves_keypoints() -> None:
    features = make_people().batch(2000).features
    unseen = (features[:, 34:51] == 0).mean(0)
    assert (unseen > 0.01).all()
    assert (unseen < 0.5).all()
    assert np.isfinite(features).all()


def test_the_same_seed_draws_the_same_people() -> None:
    a, b, c = (make_people(seed).batch(16) for seed in (5, 5, 6))
    np.testing.assert_array_equal(a.features, b.features)
    assert not np.array_equal(a.features, c.features)


def test_a_file_that_holds_no_poses(tmp_path: Path) -> None:
    path = tmp_path / "poses.npz"
    path.write_text("no")
    with pytest.raises(MeshcastError, match="not a pose file"):
        load_poses(path)


def test_training_ships_a_model_that_the_runtime_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds of training, both stages, then the card is loaded and run by the live head; and resume goes on."""
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from engines.cards import load_card
    from engines.heads.head import People
    from engines.heads.pose2mesh_open import Pose2MeshOpenHead
    from engines.joint_sets import COCO17
    from engines.session import open_session
    from engines.training import lifter, mesh
    from engines.training.pose2mesh import Recipe, train_pose2mesh

    for module, name, value in (
        (lifter, "EVALUATION_SIZE", 64),
        (mesh, "EVALUATION_SIZE", 64),
        (mesh, "RIDGE_SAMPLES", 300),
        (mesh, "UPSAMPLING_SAMPLES", 24),
    ):
        monkeypatch.setattr(module, name, value)
    poses = random_poses(300)
    np.savez(
        tmp_path / "poses.npz",
        pose=poses.astype(np.float16),
        source=np.zeros(300, np.uint8),
        source_names=np.array(["procedural"]),
        clip=np.repeat(np.arange(3), 100),
        test=np.arange(300) % 5 == 0,
    )
    lines: list[str] = []
    recipe = Recipe(
        poses=tmp_path / "poses.npz",
        out=tmp_path / "out",
        lifter_minutes=0.03,
        mesh_minutes=0.02,
        width=64,
        stages=1,
        batch=64,
    )
    card_path, metrics = train_pose2mesh(recipe, lines.append)
    assert metrics["lifter"]["step"] > 0
    assert (tmp_path / "out" / "lifter.png").exists()
    import shutil

    from engines.cards import ZOO

    shutil.copy(ZOO / "open_smpl_body.npz", tmp_path / "out")
    card = load_card(card_path, "mesh")
    head = Pose2MeshOpenHead(open_session(card, precision="fp32"), card, COCO17.joint_names)
    rays = np.random.default_rng(0).normal(0, 0.1, (3, 17, 2)).astype(np.float32)
    made = head(People(rays * 1000, np.full((3, 17), 0.9, np.float32), rays))
    assert made.vertices.shape == (3, 6890, 3)
    assert np.isfinite(made.vertices).all()
    resumed = Recipe(**{**{f: getattr(recipe, f) for f in recipe.__slots__}, "resume": True})
    train_pose2mesh(resumed, lines.append)
    assert any("resumed" in line for line in lines)
