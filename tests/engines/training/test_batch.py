"""Batches: masks of missing annotations, values that are not numbers, and dense keypoints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from engines.body.body import open_body
from engines.body.dense_correspondence import body_surface_index
from engines.training.batch import collate, dense_keypoints
from engines.training.losses.dct import dense_keypoints as project_dense
from engines.training.sample import SEEN, Sample
from tests.support.rendered import rendered_people

BODY = open_body()


def test_batch_of_mixed_annotations_has_masks_and_zeros() -> None:
    whole = rendered_people()[0]
    batch = collate([whole, Sample(image=whole.image)], len(BODY.v_template))
    assert all(mask.tolist() == [name != "dense", False] for name, mask in batch.has.items())
    assert batch.vertices[1].abs().max() == 0
    assert batch.size == (64, 64)
    np.testing.assert_array_equal(batch.image[0].permute(1, 2, 0).numpy(), whole.image)
    np.testing.assert_array_equal(batch.uv[0].permute(1, 2, 0).numpy(), whole.uv)


def test_batch_drops_values_that_are_not_finite() -> None:
    sample = rendered_people()[1]
    points, shape = sample.points_2d.copy(), sample.shape.copy()
    points[5, 0], shape[2] = np.nan, np.inf
    batch = collate([replace(sample, points_2d=points, shape=shape)], len(BODY.v_template))
    assert batch.points_2d[0, 5].tolist() == [0, 0, 0]
    assert (batch.points_2d[0, :5, 2] > 0).all()
    assert not batch.has["shape"][0]
    assert batch.shape.abs().max() == 0
    assert batch.has["rotations"][0]


def test_dense_keypoints_are_where_the_mesh_projects() -> None:
    samples = [rendered_people(occluded=0.0)[number] for number in range(3)]
    batch = collate([*samples, Sample(image=samples[0].image)], len(BODY.v_template))
    dense = dense_keypoints(batch, body_surface_index(BODY), seed=0, most=50)
    assert dense.valid[:3].float().mean() > 0.9
    assert not dense.valid[3].any()
    points = batch.vertices + batch.root[:, None]
    projected = torch.einsum("nab,nvb->nva", batch.K, points / points[..., 2:].clamp(min=1e-3))[..., :2]
    corners = torch.stack([each[which.flatten()] for each, which in zip(projected, dense.vertices, strict=True)])
    found = project_dense(corners, dense.weights)
    off = (found - dense.xy).norm(dim=-1)[dense.valid]
    assert off.median() < 0.1
    assert (off < 1.0).float().mean() > 0.97
    again = dense_keypoints(batch, body_surface_index(BODY), seed=0, most=50)
    assert torch.equal(again.xy, dense.xy)


def test_dense_keypoints_avoid_regions_that_keypoints_refute() -> None:
    sample = rendered_people(occluded=0.0)[2]
    points = sample.points_2d.copy()
    points[:, 2] = 0
    wrong = np.argwhere(sample.parts == 16)  # the head
    assert len(wrong)
    row, column = wrong[len(wrong) // 2]
    points[24 + 15] = column, row, SEEN  # the left ankle, as if it were on the head
    batch = collate([replace(sample, points_2d=points)], len(BODY.v_template))
    dense = dense_keypoints(batch, body_surface_index(BODY), seed=0, most=10_000)
    xy = dense.xy[0][dense.valid[0]].long()
    assert not (batch.parts[0][xy[:, 1], xy[:, 0]] == 16).any()
