"""The losses of DecoMR against NumPy, and the weight map against the supplement."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.body.body import open_body
from engines.body.select import body_map
from engines.training.losses.decomr import (
    consistency_loss,
    map_loss,
    mask_loss,
    sample_map,
    smoothness_loss,
    uv_loss,
    weight_map,
)

RNG = np.random.default_rng(0)
BODY = open_body()


def tensors(*arrays: np.ndarray) -> list:
    return [torch.from_numpy(np.asarray(each, np.float64)) for each in arrays]


def test_weight_map_has_the_ratio_of_the_supplement() -> None:
    texels = body_map(BODY, 64)
    weights = weight_map(BODY, texels)
    assert weights[texels.mask].mean() == pytest.approx(1, rel=1e-5)
    assert not weights[~texels.mask].any()
    levels = np.unique(np.round(weights[texels.mask] / weights[texels.mask].min(), 3))
    np.testing.assert_allclose(levels, [1, 2, 5, 25], rtol=1e-3)
    part = BODY.weights.argmax(1)
    strongest = texels.vertex_index.reshape(-1, 3)[np.arange(64 * 64), texels.vertex_weights.reshape(-1, 3).argmax(1)]
    hands = np.isin(part[strongest], (20, 21, 22, 23)).reshape(64, 64) & texels.mask
    assert (weights[hands] == weights.max()).all()


def test_mask_and_uv_losses_equal_numpy() -> None:
    mask, silhouette = RNG.uniform(0.1, 0.9, (3, 4, 4)), RNG.integers(0, 2, (3, 4, 4)).astype(float)
    weight = np.array([1.0, 0, 1])
    entropy = -(silhouette * np.log(mask) + (1 - silhouette) * np.log(1 - mask))
    assert mask_loss(*tensors(mask, silhouette, weight)).item() == pytest.approx(entropy[[0, 2]].mean())
    uv, true = RNG.random((2, 3, 2, 4, 4))
    errors = [
        np.abs(uv[n, :, r, c] - true[n, :, r, c]).mean()
        for n in (0, 2)
        for r in range(4)
        for c in range(4)
        if silhouette[n, r, c]
    ]
    assert uv_loss(*tensors(uv, true, silhouette, weight)).item() == pytest.approx(np.mean(errors))


def test_map_and_smoothness_losses_equal_numpy() -> None:
    location, truth, texels = RNG.normal(size=(2, 5, 6, 3)), RNG.normal(size=(2, 5, 6, 3)), RNG.random((5, 6))
    expected = (np.abs(location - truth)[1] * texels[..., None]).mean()
    assert map_loss(*tensors(location, truth, texels, np.array([0.0, 1]))).item() == pytest.approx(expected)
    rows, columns = np.abs(np.diff(location, axis=1)).mean(), np.abs(np.diff(location, axis=2)).mean()
    assert smoothness_loss(*tensors(location)).item() == pytest.approx(rows + columns)


def test_consistency_loss_equals_numpy_and_has_its_gradient() -> None:
    location, uv = RNG.normal(size=(2, 5, 6, 3)), RNG.uniform(0.05, 0.95, (2, 2, 3, 3))
    camera, silhouette = RNG.normal(size=(2, 3)), RNG.integers(0, 2, (2, 3, 3)).astype(float)
    places, weight = RNG.normal(size=(3, 3, 2)), np.ones(2)
    errors = []
    for n in range(2):
        for r in range(3):
            for c in range(3):
                if silhouette[n, r, c]:
                    x, y = uv[n, 0, r, c] * 5, uv[n, 1, r, c] * 4
                    i, j = int(y), int(x)
                    point = sum(
                        (1 - abs(y - a)) * (1 - abs(x - b)) * location[n, a, b] for a in (i, i + 1) for b in (j, j + 1)
                    )
                    errors.append((camera[n, 0] * (point[:2] + camera[n, 1:]) - places[r, c]) ** 2)
    given = tensors(location, camera, uv, silhouette, places, weight)
    assert consistency_loss(*given).item() == pytest.approx(np.mean(errors))
    assert torch.autograd.gradcheck(
        lambda a, b: consistency_loss(a, b, *given[2:]), (given[0].requires_grad_(), given[1].requires_grad_())
    )


def test_true_map_is_consistent_with_a_rendered_person() -> None:
    """The true location map, sampled at the texture coordinates of the pixels, gives their surface points."""
    from tests.support.rendered import rendered_people

    sample = rendered_people()[3]
    texels = body_map(BODY, 128)
    location = torch.from_numpy(texels.to_map(sample.vertices[None]))
    points = sample_map(location, torch.from_numpy(sample.uv[None]))[0].numpy()[sample.silhouette] + sample.root
    pixels = points / points[:, 2:] @ sample.K.T
    rows, columns = np.nonzero(sample.silhouette)
    assert np.median(np.hypot(pixels[:, 0] - columns, pixels[:, 1] - rows)) < 0.3
