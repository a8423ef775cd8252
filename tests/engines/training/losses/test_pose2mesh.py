"""The losses of Pose2Mesh against loops in NumPy and against published values."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.training.losses.pose2mesh import edge_loss, normal_loss, point_loss
from tests.support import golden_fill
from tests.support.paths import DATA

FACES = np.array([[0, 1, 2], [2, 1, 3], [0, 3, 4]])


def meshes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(0, 1, (4, 5, 3)), rng.normal(0, 1, (4, 5, 3)), np.array([1.0, 0.0, 1.0, 1.0])


def reference(kind: str, predicted: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> float:
    errors = []
    for p, t, w in zip(predicted, truth, weight, strict=True):
        if not w:
            continue
        for face in FACES:
            normal = np.cross(t[face[1]] - t[face[0]], t[face[2]] - t[face[0]])
            normal /= np.linalg.norm(normal)
            for a, b in ((0, 1), (0, 2), (1, 2)):
                edge, true = p[face[b]] - p[face[a]], t[face[b]] - t[face[a]]
                if kind == "normal":
                    errors.append(abs(edge @ normal) / np.linalg.norm(edge))
                else:
                    errors.append(abs(np.linalg.norm(edge) - np.linalg.norm(true)))
    return float(np.mean(errors))


@pytest.mark.parametrize(("kind", "loss"), [("normal", normal_loss), ("edge", edge_loss)])
def test_face_losses_equal_loops(kind: str, loss) -> None:
    predicted, truth, weight = (torch.from_numpy(each) for each in meshes())
    made = loss(predicted, truth, torch.from_numpy(FACES), weight)
    assert made.item() == pytest.approx(reference(kind, *meshes()), rel=1e-9)
    assert torch.autograd.gradcheck(
        lambda p: loss(p, truth, torch.from_numpy(FACES), weight), predicted.requires_grad_()
    )


def test_point_loss_is_the_mean_over_valid_samples() -> None:
    predicted, truth, weight = meshes()
    made = point_loss(*(torch.from_numpy(each) for each in (predicted, truth, weight)))
    assert made.item() == pytest.approx(np.abs(predicted - truth)[weight > 0].mean(), rel=1e-12)


def test_losses_without_valid_samples_are_zero_with_a_gradient() -> None:
    predicted = torch.zeros(2, 5, 3, requires_grad=True)
    none = torch.zeros(2)
    total = edge_loss(predicted, predicted.detach(), torch.from_numpy(FACES), none) + point_loss(
        predicted, 1.0 + predicted.detach(), none
    )
    total.backward()
    assert total.item() == 0
    assert torch.isfinite(predicted.grad).all()


def test_losses_equal_published_values() -> None:
    stored = np.load(DATA / "golden" / "pose2mesh_full_coco_blob.npz")
    vertices, faces = stored["graph.vertices"], stored["graph.faces"]
    truth = np.repeat(vertices[None].astype(np.float32), 2, 0)
    noise = golden_fill.inputs("pipe.dv", truth.shape)
    predicted = torch.from_numpy((truth + 0.05 * noise).astype(np.float32))
    given = torch.from_numpy(truth), torch.from_numpy(faces.astype(np.int64)), torch.ones(2)
    assert normal_loss(predicted, *given).item() == pytest.approx(0.31364623, rel=1e-5)
    assert edge_loss(predicted, *given).item() == pytest.approx(0.0604414, rel=1e-5)
    # The published loss counts the second sample, which is not valid, as zero.
    valid = torch.tensor([1.0, 0.0])
    assert point_loss(predicted, given[0], valid).item() / 2 == pytest.approx(0.02145096, rel=1e-5)
